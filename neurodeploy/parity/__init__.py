"""Do two rungs of the ladder agree, and where they do not, what differs first."""

from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import NodeResult, Rung

__all__ = ["NodeResult", "Report", "Rung"]
