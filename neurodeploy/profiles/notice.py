"""What lint says of one thing: the finding, what it means for the spikes, and the repair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from neurodeploy.finding import Finding, Severity
from neurodeploy.network.raw import Raw

Repair = Callable[[Raw], Raw]


@dataclass(frozen=True, eq=False)
class Notice:
    """A finding, its effect on the spikes, and a repair of the graph where there is one."""

    finding: Finding
    spikes: str
    repair: Repair | None = None

    def to_json(self) -> dict[str, object]:
        """The finding as plain data, with ``spikes`` and whether it can be repaired."""
        return {**self.finding.to_json(), "spikes": self.spikes, "repairable": self.repair is not None}


def notice(
    slug: str, severity: Severity, node: str, message: str, spikes: str, remedy: str, repair: Repair | None = None
) -> Notice:
    """A Notice from its parts."""
    return Notice(Finding(slug, severity, node, message, remedy), spikes, repair)
