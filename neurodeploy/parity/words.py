"""A divergence in words, the same on a terminal and on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurodeploy.table import number

if TYPE_CHECKING:
    from neurodeploy.parity.report import Divergence, Rung


def unit_of(rung: Rung) -> str:
    """The unit of a rung's membranes: last bits of the program's, or on float rungs the network's own, unnamed."""
    return "" if rung.policy == "ties" else " LSB"


def explanation(first: Divergence, unit: str) -> list[str]:
    """What led to a divergence, a line each: membranes, threshold and distance, messages that reached the neuron."""
    lines: list[str] = []
    if first.expected_membrane is not None:
        lines.append(f"membrane before threshold: {number(first.expected_membrane)}{unit} expected")
    if first.actual_membrane is not None:
        lines.append(f"membrane from the inputs that arrived: {number(first.actual_membrane)}{unit}")
    if first.threshold is not None and first.margin_lsb is not None:
        sign = "" if first.margin_lsb < 0 else "+"
        lines.append(f"threshold {number(first.threshold)}{unit}, distance {sign}{number(first.margin_lsb)}{unit}")
    arrived = (f"from {name}: {one} messages expected, {other} arrived" for name, (one, other) in first.inputs.items())
    return [*lines, *arrived]
