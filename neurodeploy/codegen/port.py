"""A node of a rendered program as its host sees it."""

from __future__ import annotations

from dataclasses import dataclass

from neurodeploy.codegen.layout import Layout


@dataclass(frozen=True)
class Port:
    """Numpy type, range and layout of a node's messages; ``states``: the type of its recorded states, "" without."""

    name: str
    dtype: str
    low: int
    high: int
    layout: Layout
    is_input: bool
    states: str
