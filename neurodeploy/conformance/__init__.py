"""Judging a target against the reference: random networks under a machine's numerics, and what they exercise."""

from neurodeploy.conformance.case import Case, Family
from neurodeploy.conformance.census import Census, case_census, census, full_census
from neurodeploy.conformance.generator import generate
from neurodeploy.parity.compare import differing_cells

__all__ = ["Case", "Census", "Family", "case_census", "census", "differing_cells", "full_census", "generate"]
