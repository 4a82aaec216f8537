"""A finding: one thing a check noticed about a model, a program or a target."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from neurodeploy.html import fragment, html_table

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One observation: a stable ``slug``, its ``severity``, the ``node``, the ``message`` and the ``remedy``."""

    slug: str
    severity: Severity
    node: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" (remedy: {self.remedy})" if self.remedy else ""
        return f"{self.severity}[{self.slug}] {self.node}: {self.message}{remedy}"

    def _repr_html_(self) -> str:
        return fragment(html_table("finding", ("severity", "node", "message", "remedy"), [self.cells()]))

    def cells(self) -> tuple[str, str, str, str]:
        """The cells of its row in a table of findings: severity with slug, node, message and remedy."""
        return f"{self.severity}[{self.slug}]", self.node, self.message, self.remedy

    def to_json(self) -> dict[str, str]:
        """The finding as plain data."""
        return asdict(self)
