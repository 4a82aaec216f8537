"""Whether a membrane can lie on, or just beside, its threshold at all, as far as the grain of its numbers tells.

Where a membrane forgets everything in a step, or nothing ever, it is a fixed offset plus a multiple of the greatest
common divisor of the weights. Where neither holds, truncated decays can leave anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.adequacy.node import Node
from neurodeploy.reference.integer import decay

IntArray = NDArray[np.int64]
Rule = tuple[str, str]


def unreachable(node: Node) -> tuple[Rule, ...]:
    """The wrong rules about the threshold that no input can show, as term and words.

    It holds where no width is left. Only rules that are certain are told.
    """
    population, n = node.population, node.numerics
    lattice = _lattice(node)
    if lattice is None or population.kind != "cuba-lif" or population.max_spikes_per_step != 1:
        return ()
    offset, step = lattice
    threshold, unit = np.asarray(population.threshold, np.int64) << n.state_shift, 1 << n.state_shift
    first = 0 if population.compare == ">" else -1
    spans = {("tie rule", ""): (threshold - 1, threshold)}
    if population.reset != "subtract":
        spans[("threshold", "one unit more")] = (threshold + first, threshold + first + unit)
        spans[("threshold", "one unit less")] = (threshold + first - unit, threshold + first)
    return tuple(rule for rule, (low, high) in spans.items() if not _meets(offset, step, low, high).any())


def idle(node: Node) -> tuple[Rule, ...]:
    """The wrong rules that change nothing, whatever the input and the widths: of states that are never remembered."""
    population, n = node.population, node.numerics
    if population.kind == "relay" or n.decay_rule != "product":
        return ()
    rules: list[Rule] = []
    forgets_membrane = bool(np.all(population.membrane_decay == n.decay_one))
    starts_at_zero = not np.any(population.initial_membrane) and not np.any(population.initial_current)
    if population.every_step and starts_at_zero:
        rules += [("current decay", ""), ("membrane decay", "")]
    if forgets_membrane:
        rules.append(("initial state", "membrane"))
    if forgets_membrane and bool(np.all(population.current_decay == n.decay_one)):
        rules.append(("kept state", ""))
    return tuple(rules)


def _meets(offset: IntArray, step: IntArray, low: IntArray, high: IntArray) -> NDArray[np.bool_]:
    """Whether offset plus a multiple of the step lies above ``low`` and not above ``high``."""
    return (high - offset) // step > (low - offset) // step


def _lattice(node: Node) -> tuple[IntArray, IntArray] | None:
    """Offset and step of every neuron's membranes before the threshold; None where they can be anything."""
    population, n = node.population, node.numerics
    shifts = [line.projection.shift for line in node.lines]
    if n.accumulation != "sum" or n.integration != "sum" or n.decay_rule != "product" or min(shifts, default=-1) < 0:
        return None
    rows = np.concatenate([line.rows << line.projection.shift for line in node.lines], axis=1)
    step = np.gcd.reduce(rows, axis=1) << n.state_shift
    forgets_current = population.every_step or np.all(population.current_decay == n.decay_one)
    if not forgets_current or np.any(population.initial_current) or not step.all():
        return None
    start = np.asarray(population.initial_membrane, np.int64)
    offset = np.broadcast_to(np.asarray(population.bias, np.int64), step.shape)
    if population.every_step:
        return offset + decay(start, population.membrane_decay, n), step
    clamps = [x << n.state_shift for x in (population.floor, population.ceiling) if x is not None]
    if np.all(population.membrane_decay == n.decay_one):
        return (offset, step) if not clamps else None
    fixed = {"zero": 0, "none": 0, "value": population.reset_value << n.state_shift}
    jump = fixed.get(population.reset, np.asarray(population.threshold, np.int64) << n.state_shift)
    parts = (population.bias, start, jump, *clamps)
    kept = np.all(population.membrane_decay == 0) and not any(np.any(np.asarray(part) % step) for part in parts)
    return (np.zeros_like(step), step) if kept else None
