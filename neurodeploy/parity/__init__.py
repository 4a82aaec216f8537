"""Judgement: do two rungs of the ladder agree, and where not, what differs first."""

from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import NodeResult, Rung

__all__ = ["NodeResult", "Report", "Rung"]
