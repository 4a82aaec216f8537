"""Judgement: do two rungs of the ladder agree, and where not, what differs first."""

from neurodeploy.parity.report import NodeResult, Report, Rung

__all__ = ["NodeResult", "Report", "Rung"]
