"""Ben's spiker algorithm in integers: a line of as many samples as the filter has taps, decided at its oldest."""

from __future__ import annotations

import numpy as np

from neurodeploy.encoding.bens_spiker import low_pass
from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.step.value import (
    Value,
    add,
    compare,
    constant,
    maximum,
    minimum,
    narrowed,
    read,
    select,
    shift_left,
    subtract,
)
from neurodeploy.streams.stream import Places, State, Step, Stream, fixed, per_lane, per_place, sample

WORD = 28
MOST = 1 << 62


def bens_spiker(encoder: DeployedEncoder, features: int) -> Stream:
    """Sums ``|s| - |s - h|`` over the line; a spike where that reaches the threshold, and then ``s -= h``.

    The filters of several orders are filled up with zeros to the longest, whose order is the latency of all.
    """
    fraction = WORD - encoder.bits
    top = encoder.top << fraction
    orders = np.broadcast_to(np.asarray(encoder.coder.filter_order), (features,)).astype(np.int64)
    cutoffs = np.broadcast_to(np.asarray(encoder.coder.filter_cutoff, np.float64), (features,))
    latency = int(orders.max())
    taps = np.zeros((features, latency + 1), np.int64)
    for n, (order, cutoff) in enumerate(zip(orders, cutoffs, strict=True)):
        taps[n, : order + 1] = fixed(low_pass(int(order), float(cutoff)).astype(np.float64), float(top), -MOST, MOST)
    most = int(np.abs(taps).sum(axis=1).max())
    line = State("line", -top - most, top + most)
    rest, tap = line.read(), per_place(taps)
    left = subtract(rest, tap)
    limits = np.broadcast_to(np.asarray(encoder.coder.threshold, np.float64), (features,))
    threshold = per_lane(fixed(limits, float(top), -most, most + 1))
    filled = State("seen", 0, latency)
    after = narrowed(select(read("message", "fired", 0, 1), left, rest), line.low, line.high)
    gain = subtract(_magnitude(rest), _magnitude(left))
    places = Places(latency + 1, shift_left(sample(encoder.top), fraction), gain, -most, most, line, after)
    enough = compare(False, places.total, threshold)
    fires = select(compare(False, filled.read(), constant(latency)), enough, constant(0))
    take = Step({"seen": minimum(add(filled.read(), constant(1)), constant(latency))}, (fires,))
    formats = {"line, taps, threshold": f"samples with {fraction} bits of fraction"}
    return Stream(
        encoder, features, tuple(range(features)), (filled,), take, places=places, latency=latency,
        formats=formats,
    )  # fmt: skip


def _magnitude(x: Value) -> Value:
    return maximum(x, subtract(constant(0), x))
