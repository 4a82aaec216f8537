"""Coders that give every sample a window of steps: rate, population, latency and Gymnasium's rate and step coders.

How many spikes a sample gets is a whole-numbered function of a whole number, the sample or its change, that rises to
one peak at most: it counts the intervals around that number, and these are a table.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.encoding.gymnasium import excite_inhibit
from neurodeploy.encoding.population import fields
from neurodeploy.errors import InputError
from neurodeploy.step.value import (
    Value,
    add,
    compare,
    constant,
    maximum,
    multiply,
    narrowed,
    read,
    select,
    subtract,
)
from neurodeploy.streams.stream import IntArray, Places, State, Step, Stream, per_lane, per_place, sample

Float = NDArray[np.float64]


def rate(encoder: DeployedEncoder, features: int) -> Stream:
    """One channel per signal."""
    counts = _counts(encoder, _heights(encoder)[:, None])
    return _trains(encoder, features, tuple(range(features)), _intervals(counts, 0), None)


def population(encoder: DeployedEncoder, features: int) -> Stream:
    """A channel per signal and bin."""
    coder = encoder.coder
    counts = _counts(encoder, fields(_heights(encoder), coder.bins, coder.sigma, coder.normalized))
    source = tuple(np.repeat(np.arange(features), coder.bins).tolist())
    return _trains(encoder, features, source, _intervals(counts, 0), None)


def gymnasium(encoder: DeployedEncoder, features: int) -> Stream:
    """Changes before heights, excitatory before inhibitory channels, inverted channels last."""
    coder = encoder.coder
    threshold = np.atleast_1d(np.asarray(coder.threshold, np.float64))
    changes = np.arange(-encoder.top, encoder.top + 1) / encoder.top
    parts: list[Float] = []
    if coder.step:
        parts.append(np.clip(changes[:, None] / threshold / 2 + 0.5, 0, 1))
    if coder.rate:
        parts.append(np.repeat(np.clip(changes, 0, 1)[:, None], threshold.size, axis=1))
    driven = np.concatenate(parts, axis=1)
    by_change = np.repeat([1, 0], [threshold.size * int(coder.step), threshold.size * int(coder.rate)])
    for on, more in ((coder.split, _split), (coder.inverted, _inverted)):
        if on:
            driven, by_change = more(driven), np.tile(by_change, 2)
    alike = features // threshold.size
    first = 0 if coder.step else encoder.top  # without changes no number is below 0
    low, high = _intervals(_counts(encoder, driven)[first:], first - encoder.top)
    intervals = np.repeat(low, alike, axis=0), np.repeat(high, alike, axis=0)
    source = tuple((np.arange(len(intervals[0])) % features).tolist())
    return _trains(encoder, features, source, intervals, np.repeat(by_change, alike) if coder.step else None)


def latency(encoder: DeployedEncoder, features: int) -> Stream:
    """One spike per sample, the earlier the higher it is: steps to wait are counted down, -1 stands for none."""
    steps = encoder.coder.steps
    wait = np.rint((1 - _heights(encoder)[:, None]) * (steps - 1)).astype(np.int64)
    left = State("left", -1, steps - 1, -1)
    places = _counting(_intervals(wait, 0), sample(encoder.top))
    now = select(compare(False, left.read(), constant(0)), compare(False, constant(0), left.read()), constant(0))
    after = maximum(subtract(left.read(), constant(1)), constant(-1))
    return Stream(
        encoder, features, tuple(range(features)), (left,), Step({"left": places.total}),
        Step({"left": after}, (now,)), places, steps, formats={"left": "whole steps"},
    )  # fmt: skip


def _heights(encoder: DeployedEncoder) -> Float:
    """What every sample stands for, in 0..1."""
    return np.arange(encoder.top + 1) / encoder.top


def _split(driven: Float) -> Float:
    return np.asarray(excite_inhibit(driven, 1), np.float64)


def _inverted(driven: Float) -> Float:
    return np.concatenate((driven, 1 - driven), axis=1)


def _counts(encoder: DeployedEncoder, rates: Float) -> IntArray:
    """Spikes in a window by number and channel."""
    return np.rint(rates * encoder.coder.max_rate * encoder.coder.steps).astype(np.int64)


def _intervals(counts: IntArray, first: int) -> tuple[IntArray, IntArray]:
    """Where each channel's count ``(numbers, channels)`` is 1 or more, 2 or more, ...: both ends ``(channels, K)``.

    The numbers begin with ``first``. Raises InputError for a count with two peaks, which no known coder has.
    """
    most = max(int(counts.max()), 1)
    low, high = np.ones((2, counts.shape[1], most), np.int64)
    high[:] = 0
    for place in range(most):
        reached = counts > place
        begins, ends = reached.argmax(axis=0), len(reached) - 1 - reached[::-1].argmax(axis=0)
        some = reached.any(axis=0)
        if (reached.sum(axis=0) != np.where(some, ends - begins + 1, 0)).any():
            raise InputError("its rate rises, falls and rises again", "coder", "choose other parameters")
        low[some, place], high[some, place] = begins[some] + first, ends[some] + first
    return low, high


def _counting(intervals: tuple[IntArray, IntArray], operand: Value) -> Places:
    """The sum over all intervals that hold ``given``."""
    low, high = intervals
    inside = read("message", "given", operand.low, operand.high)
    term = multiply(compare(False, inside, per_place(low)), compare(False, per_place(high), inside))
    return Places(low.shape[1], operand, term, 0, low.shape[1])


def _trains(
    encoder: DeployedEncoder, features: int, source: tuple[int, ...], intervals: tuple[IntArray, IntArray],
    by_change: IntArray | None,
) -> Stream:  # fmt: skip
    """Evenly spread trains: ``rest`` is how far the share of spikes due lags behind, in parts of a spike.

    ``by_change``: 1 for lanes that count by the change of the sample rather than by the sample.
    """
    steps, top = encoder.coder.steps, encoder.top
    count, rest = State("count", 0, steps), State("rest", 0, max(steps - 1, 1))
    states, after = (count, rest), {}
    operand = x = sample(top)
    if by_change is not None:
        before = State("before", -1, top, -1)
        last = select(compare(False, before.read(), constant(0)), before.read(), x)
        operand = subtract(x, multiply(last, per_lane(by_change)))
        states, after = (*states, before), {"before": x}
    places = _counting(intervals, operand)
    total = places.total
    due = narrowed(subtract(constant(steps), total), 0, steps)
    lag = select(compare(True, total, constant(0)), due, constant(0))
    fires = compare(True, count.read(), rest.read())
    left = add(subtract(rest.read(), count.read()), select(fires, constant(steps), constant(0)))
    take = Step({**after, "count": total, "rest": narrowed(lag, 0, rest.high)})
    tick = Step({"rest": narrowed(left, 0, rest.high)}, (fires,))
    formats = {"count": "spikes in a window", "rest": f"parts of a spike, {steps} to one"}
    return Stream(encoder, features, source, states, take, tick, places, steps, formats=formats)
