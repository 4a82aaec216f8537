"""Limits of a Program on a machine that adds event by event: its arithmetic is undefined for numbers outside them.

Other machines define a result for every Program; what does not suit one of them is a finding of its target.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import CapabilityError
from neurodeploy.finding import Finding
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Input, Population
from neurodeploy.program.projection import Projection

Found = Iterator[Finding]
Number = int | NDArray[np.int64]


def check_events(
    numerics: Numerics,
    inputs: tuple[Input, ...],
    populations: tuple[Population, ...],
    projections: tuple[Projection, ...],
) -> None:
    """Raises CapabilityError with every violation at once; nothing where ``numerics`` accumulate sums."""
    if numerics.accumulation != "events":
        return
    sent = {node.name: node.output.high for node in inputs} | {p.name: p.max_spikes_per_step for p in populations}
    findings = [finding for node in inputs for finding in _input(node, numerics)]
    findings += [finding for node in populations for finding in _population(node, numerics)]
    findings += [finding for node in projections for finding in _projection(node, sent[node.source], numerics)]
    if findings:
        raise CapabilityError(
            f"cannot hold this program ({len(findings)} violation{'s' if len(findings) > 1 else ''})",
            f"numerics {numerics.name}",
            findings=tuple(findings),
        )


def _need(held: bool, node: str, problem: str, remedy: str) -> Found:
    if not held:
        yield Finding("numerics", "error", node, problem, remedy)


def _within(node: str, quantity: str, value: Number, low: int, high: int) -> Found:
    least, most = int(np.min(value, initial=low)), int(np.max(value, initial=high))
    outside = most if most > high else least
    remedy = f"keep {quantity} within {low}..{high}"
    yield from _need(low <= least and most <= high, node, f"{quantity} {outside} is outside {low}..{high}", remedy)


def _input(node: Input, n: Numerics) -> Found:
    yield from _need(not node.signed, node.name, "a signed input has no events", "send positive and negative apart")
    most = n.input_bits or node.bits
    yield from _need(node.bits <= most, node.name, f"an input of {node.bits} bits, at most {most}", "send fewer spikes")


def _population(p: Population, n: Numerics) -> Found:
    yield from _need(p.kind == "cuba-lif", p.name, f"population kind {p.kind}", "use spiking neurons: cuba-lif")
    yield from _need(p.compare == ">=", p.name, f"comparison {p.compare}", "compare by >=")
    yield from _need(p.reset == "subtract", p.name, f"reset {p.reset}", "reset by subtraction")
    plain = not p.every_step and p.floor is None and p.ceiling is None and not p.fire_once
    yield from _need(plain, p.name, "a stateless, clamped or fire-once neuron", "use plain neurons")
    kind = p.output.kind
    yield from _need(kind in ("binary", "count"), p.name, f"{kind} messages", "send spikes")
    counted = kind == "count" or p.max_spikes_per_step == 1
    yield from _need(counted, p.name, "several spikes per step in binary messages", "declare its output a count")
    half = 1 << (n.membrane_bits - 1)
    yield from _within(p.name, "max_spikes_per_step", p.max_spikes_per_step, 1, n.spikes_max or half)
    yield from _within(p.name, "threshold", p.threshold, 1, n.threshold_max)
    yield from _within(p.name, "bias", p.bias, -half, half - 1)
    for quantity in ("current_decay", "membrane_decay"):
        yield from _within(p.name, quantity, getattr(p, quantity), 0, n.decay_one - 1)
    for quantity in ("initial_current", "initial_membrane"):
        yield from _within(p.name, quantity, getattr(p, quantity), -half, half - 1)


def _projection(p: Projection, most: int, n: Numerics) -> Found:
    where = f"projection {p.name}"
    yield from _need(p.kind in ("dense", "sparse"), where, f"projection kind {p.kind}", "use dense or sparse weights")
    half = 1 << (n.weight_bits - 1)
    yield from _within(where, "weight", p.weights, -half, half - 1)
    yield from _within(where, "shift", p.shift, n.shift_min, n.shift_max)
    yield from _within(where, "delay", p.delay, 0, n.delay_max)
    carried = most if p.message_bits > 1 else 1
    fits = most <= carried < 1 << max(p.message_bits, 1)
    yield from _need(fits, where, f"messages of {p.message_bits} bits for {most} spikes", "widen message_bits")
    yield from _within(where, "message_bits", p.message_bits, 1, n.message_bits)
