"""Encoder -> its integers: what samples and fixed-point arithmetic change, against a budget."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from numpy.typing import NDArray

from neurodeploy.parity.compare import first_cell
from neurodeploy.parity.rung import Divergence, Rung, Scope, below_budget, judge
from neurodeploy.parity.tally import Tally
from neurodeploy.trace import Entry

ENCODER, INTEGERS = "encoder", "integer-encoder"
"""The name of the node and of the rung below, and that of the rung."""


def encoder_rung(
    expected: NDArray[Any], actual: NDArray[Any], latency: int, budget: float, allow_silent: Collection[str]
) -> Rung:
    """Compare spikes ``(B, T, channels)`` of a coder with those of its integer form: Jaccard at least ``budget``.

    The integer form is ``latency`` steps late; what it has not decided when the signal ends is not compared.
    """
    steps = max(expected.shape[1] - latency, 0)
    coder, integers = expected[:, :steps], actual[:, latency : latency + steps]
    different = coder != integers
    cell, first = first_cell(different), None
    if cell is not None:
        step, sample, channel = cell
        values = float(coder[sample, step, channel]), float(integers[sample, step, channel])
        first = Divergence(ENCODER, sample, step, (channel,), *values)
    tally = Tally()
    tally.add(Entry(coder), Entry(integers), different)
    nodes = {ENCODER: tally.result(first=first)}
    below = below_budget(nodes, budget)
    verdict, reasons = judge(nodes, bool(below), allow_silent, below)
    scope = Scope(expected.shape[0], steps)
    late = {ENCODER: latency} if latency else {}
    return Rung(ENCODER, INTEGERS, "budget", verdict, nodes, first if below else None, late, reasons, scope=scope)
