"""A node of a rendered program as its host sees it."""

from __future__ import annotations

from dataclasses import dataclass

from neurodeploy.codegen.layout import Layout


@dataclass(frozen=True)
class Port:
    """Numpy type, range and layout of a node's messages, and whether it has states."""

    name: str
    dtype: str
    low: int
    high: int
    layout: Layout
    is_input: bool
    has_states: bool
