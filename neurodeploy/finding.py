"""A finding: one thing a check noticed about a model, a program or a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from neurodeploy.foreign import shown
from neurodeploy.html import fragment, html_table

Severity = Literal["error", "warning", "info"]
ORDER: tuple[Severity, ...] = ("error", "warning", "info")
OUT_OF_RANGE, RANGE_ASSUMED = "stimulus-range", "input-range-assumed"
"""Slugs of what is told first: a stimulus outside of the declared range of an input, and a range that nobody gave."""


@dataclass(frozen=True)
class Finding:
    """One observation.

    - ``slug``: its stable name. ``severity``: an error stops the work, a warning may change results.
    - ``node``: where it was noticed. ``message``: what was noticed. ``remedy``: what to do about it.
    - ``effect``: what it means for the spikes, where the check knows.
    - ``repair``: turns the checked graph into one without it, where that can be done.
    """

    slug: str
    severity: Severity
    node: str
    message: str
    remedy: str = ""
    effect: str = ""
    repair: Callable[[Any], Any] | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        remedy = f" (remedy: {self.remedy})" if self.remedy else ""
        return shown(f"{self.severity}[{self.slug}] {self.node}: {self.message}{remedy}", lines=True)

    def _repr_html_(self) -> str:
        return fragment(html_table("finding", ("severity", "node", "message", "remedy"), [self.cells()]))

    def cells(self) -> tuple[str, str, str, str]:
        """The cells of its row in a table of findings: severity with slug, node, message and remedy."""
        return f"{self.severity}[{self.slug}]", self.node, self.message, self.remedy

    def to_json(self) -> dict[str, str]:
        """The finding as plain data."""
        return {key: getattr(self, key) for key in ("slug", "severity", "node", "message", "remedy")}


def errors_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """The findings sorted by severity; those of the same severity stay in their order."""
    return tuple(sorted(findings, key=lambda finding: ORDER.index(finding.severity)))


def of_ranges(findings: Iterable[Finding]) -> list[Finding]:
    """The findings about ranges of inputs, which are told first: what exceeds one, then what was assumed."""
    order = (OUT_OF_RANGE, RANGE_ASSUMED)
    return sorted((f for f in findings if f.slug in order), key=lambda finding: order.index(finding.slug))
