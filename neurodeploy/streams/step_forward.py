"""Step-forward and delta coding in integers: samples and thresholds with a fraction of bits."""

from __future__ import annotations

import numpy as np

from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.step.value import Value, add, compare, constant, narrowed, select, shift_left, subtract
from neurodeploy.streams.stream import State, Step, Stream, fixed, per_lane, sample

WORD = 30
"""Bits of a sample with its fraction: sums of two fit 32 bits."""


def step_forward(encoder: DeployedEncoder, features: int) -> Stream:
    """The baseline follows the samples by steps; -1 stands for a baseline that saw none."""
    x, step, top, fraction = _operands(encoder, features)
    state = State("base", -1, top, -1)
    baseline = state.read()
    base = select(compare(False, baseline, constant(0)), baseline, x)
    higher = add(base, step)
    up = compare(True, x, higher)
    risen = select(up, higher, base)
    lower = subtract(risen, step)
    down = compare(True, lower, x)
    after = narrowed(select(down, lower, risen), 0, top)
    outputs = (up, down) if encoder.coder.bipolar else (up,)
    formats = {"base, threshold": f"samples with {fraction} bits of fraction"}
    return Stream(
        encoder, features, tuple(range(features)), (state,), Step({"base": after}, outputs),
        formats=formats,
    )  # fmt: skip


def delta(encoder: DeployedEncoder, features: int) -> Stream:
    """The sample before, with the fraction; -1 stands for none."""
    x, step, top, fraction = _operands(encoder, features)
    state = State("before", -1, top, -1)
    previous = state.read()
    before = select(compare(False, previous, constant(0)), previous, x)
    change = subtract(x, before)
    up = compare(False, change, step)
    down = compare(False, subtract(before, x), step)
    outputs = (up, down) if encoder.coder.bipolar else (up,)
    formats = {"before, threshold": f"samples with {fraction} bits of fraction"}
    return Stream(encoder, features, tuple(range(features)), (state,), Step({"before": x}, outputs), formats=formats)


def _operands(encoder: DeployedEncoder, features: int) -> tuple[Value, Value, int, int]:
    """The sample and the threshold with their fraction, the top of the samples, and the bits of the fraction."""
    fraction = WORD - encoder.bits
    top = encoder.top << fraction
    low, high = encoder.ends(features)
    threshold = np.broadcast_to(np.asarray(encoder.coder.threshold, np.float64), (features,)) / (high - low)
    step = per_lane(fixed(threshold, float(top), 1, top + 1))
    return shift_left(sample(encoder.top), fraction), step, top, fraction
