"""What every population of a Program can do, for every input in a range and for runs of any length.

Messages are found from below: at first no population sends anything, then each sends what its largest and smallest
inputs make of it, round by round, until no message leaves what is known. What holds then in one step holds in the next.
A feed-forward program needs one round. Around loops, what still grows after ``PATIENCE`` rounds is taken for all that
it may ever send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurodeploy.analysis.checks import Check, sum_checks, width
from neurodeploy.analysis.interval import LARGE, Interval, added, constant, hull, limited, rounded
from neurodeploy.analysis.ranges import message_range, product_range, sent_in_fact
from neurodeploy.analysis.reach import Reached, reach
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Input, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

PATIENCE = 6
"""Rounds after which a message that still grows is widened to its declared range."""
EXACT = float(1 << 52)
InputRanges = Mapping[str, tuple[float, float]]
"""The least and greatest real value of inputs, by name."""


def reachable(program: Program, ranges: InputRanges | None = None) -> dict[str, Reached]:
    """What every population can do. Inputs without a range may hold all that their quantizer gives."""
    n = program.numerics
    ends = {node: input_ends(node, (ranges or {}).get(node.name)) for node in program.inputs}
    sent = {node.name: (constant(low, node.shape), constant(high, node.shape)) for node, (low, high) in ends.items()}
    sent |= {p.name: _silence(p) for p in program.populations}
    reached: dict[str, Reached] = {}
    used: dict[str, tuple[Interval, ...]] = {}
    settled, rounds = False, 0
    while not settled:
        settled, rounds = True, rounds + 1
        for name in program.order:
            population, projections = program.by_name[name], program.into(name)
            feeding = tuple(sent[projection.source] for projection in projections)
            if name in reached and all(a is b for a, b in zip(feeding, used[name], strict=True)):
                continue
            arrived, checks = arriving(population, projections, feeding, n)
            result = reach(population, arrived, n)
            reached[name] = Reached(result.sent, (*checks, *result.checks), result.current, result.kept, result.before)
            used[name] = feeding
            wider = hull(sent[name], result.sent)
            if not all(np.array_equal(a, b) for a, b in zip(wider, sent[name], strict=True)):
                sent[name] = wider if rounds <= PATIENCE else hull(wider, _anything(population, n))
                settled = False
    return reached


def input_ends(node: Input, values: tuple[float, float] | None) -> tuple[int, int]:
    """The least and greatest message of an input whose real values lie in a range; all of its width without one."""
    if values is None:
        return node.output.low, node.output.high
    low, high = (int(end) for end in node.quantize(np.array(values)))
    return low, high


def _silence(population: Population) -> Interval:
    return constant(0, population.shape), constant(0, population.shape)


def _anything(population: Population, n: Numerics) -> Interval:
    output = sent_in_fact(population, n)
    _, low, high = message_range(population.shape, output, population.max_spikes_per_step)
    return constant(low, population.shape), constant(high, population.shape)


def arriving(
    population: Population, projections: Sequence[Projection], feeding: Sequence[Interval], n: Numerics
) -> tuple[Interval, list[Check]]:
    """What can arrive at a population in a step, and the widths it meets on the way."""
    total: Interval = _silence(population)
    checks: list[Check] = []
    for projection, sent in zip(projections, feeding, strict=True):
        messages = _delivered(projection, sent)
        if n.accumulation == "events":
            total = added(total, _events(projection, messages, population.shape))
            continue
        raw, shifted = summed(projection, messages, population.shape)
        widths = sum_checks(projection, raw, shifted, n)
        checks += widths
        bits = n.wide_bits if projection.kind in ("dense", "sparse") else n.conv_bits
        after = limited(shifted, bits, n.wide_overflow)
        clear = widths[0].holds | (n.wide_overflow == "saturate")
        if np.all(clear):
            total = added(total, after)
            continue
        anything = limited((np.full_like(raw[0], -LARGE), np.full_like(raw[1], LARGE)), bits, n.wide_overflow)
        total = added(total, (np.where(clear, after[0], anything[0]), np.where(clear, after[1], anything[1])))
    if n.accumulation == "events":
        return total, checks
    checks.append(width("accumulator", total, n.wide_bits, n.wide_overflow))
    return limited(total, n.wide_bits, n.wide_overflow), checks


def _delivered(projection: Projection, sent: Interval) -> Interval:
    """What a projection makes of its messages; nothing has arrived yet where they are late."""
    low, high = sent
    if projection.message_bits == 1:
        low, high = ((low > 0) | (high < 0)).astype(np.int64), ((low != 0) | (high != 0)).astype(np.int64)
    return (np.minimum(low, 0), np.maximum(high, 0)) if projection.delay else (low, high)


def summed(projection: Projection, messages: Interval, shape: tuple[int, ...]) -> tuple[Interval, Interval]:
    """The weighted sum of messages before and after its shift, before any width."""
    weights = projection.weights.astype(np.float64)
    values = messages[0].astype(np.float64), messages[1].astype(np.float64)
    low, high = product_range(projection.kind, weights, values, shape, projection)
    if not _exact(projection, values):
        low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
    return rounded(low, high), rounded(low, high, projection.shift)


def _exact(projection: Projection, values: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether every partial sum is a whole number that float64 holds."""
    fan_in = projection.weights.size // max(1, projection.weights.shape[0])
    if projection.kind == "sum-pool":
        fan_in = projection.weights.size
    largest = max(float(np.abs(end).max(initial=0)) for end in values)
    return 2 * float(np.abs(projection.weights).max(initial=0)) * largest * fan_in < EXACT


def _events(projection: Projection, messages: Interval, shape: tuple[int, ...]) -> Interval:
    """The least and greatest partial sum of events, in any order; each weight is shifted by itself."""
    silent = np.minimum(messages[0], 0), np.maximum(messages[1], 0)
    weights = projection.weights.astype(np.float64) * 2.0**projection.shift
    values = silent[0].astype(np.float64), silent[1].astype(np.float64)
    low, high = product_range(projection.kind, np.floor(weights), values, shape, projection)
    return rounded(low, high)
