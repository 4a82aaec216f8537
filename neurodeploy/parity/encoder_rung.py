"""Encoder -> its integers: what samples and fixed-point arithmetic change, against a budget."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from numpy.typing import NDArray

from neurodeploy.parity.measure import first_cell, node_result
from neurodeploy.parity.report import Divergence, Rung
from neurodeploy.parity.verdict import rung_verdict
from neurodeploy.trace import Entry

ENCODER, INTEGERS = "encoder", "integer-encoder"
"""The name of the node and of the rung below, and that of the rung."""


def encoder_rung(
    expected: NDArray[Any], actual: NDArray[Any], latency: int, budget: float, allow: Collection[str]
) -> Rung:
    """Compare spikes ``(B, T, channels)`` of a coder with those of its integer form: Jaccard at least ``budget``.

    The integer form is ``latency`` steps late; what it has not decided when the signal ends is not compared.
    """
    steps = max(expected.shape[1] - latency, 0)
    one, other = expected[:, :steps], actual[:, latency : latency + steps]
    different = one != other
    cell, first = first_cell(different), None
    if cell is not None:
        step, sample, channel = cell
        values = float(one[sample, step, channel]), float(other[sample, step, channel])
        first = Divergence(ENCODER, sample, step, (channel,), *values)
    node = node_result(Entry(one), Entry(other), different, first=first)
    over = node.jaccard is not None and node.jaccard < budget
    reasons = (f"{ENCODER}: Jaccard {node.jaccard:.4f} is below the budget {budget:g}",) if over else ()
    verdict, reasons = rung_verdict({ENCODER: node}, over, allow, reasons)
    late = {ENCODER: latency} if latency else {}
    shown = first if over else None
    return Rung(ENCODER, INTEGERS, "budget", verdict, {ENCODER: node}, shown, late, reasons)
