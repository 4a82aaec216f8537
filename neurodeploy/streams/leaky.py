"""The leaky integrate-and-fire coder in integers: the membrane in half samples, decayed toward zero."""

from __future__ import annotations

import numpy as np

from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.step.value import (
    add,
    compare,
    constant,
    decay,
    maximum,
    narrowed,
    select,
    shift_left,
    subtract,
)
from neurodeploy.streams.stream import State, Step, Stream, fixed, per_lane, sample

WORD = 28
DECAY_BITS = 15
MOST = 1 << 62


def leaky(encoder: DeployedEncoder, features: int) -> Stream:
    """``v += 2 x - top``; fires beyond the threshold, then ``v = 0``; ``v = v * keep / 2**15``, toward zero."""
    fraction = WORD - encoder.bits
    top = encoder.top << fraction
    threshold = np.broadcast_to(np.asarray(encoder.coder.threshold, np.float64), (features,))
    limits = fixed(threshold, float(top), 1, MOST)
    limit, most = per_lane(limits), int(limits.max())
    constants = np.broadcast_to(np.asarray(encoder.coder.constant, np.float64), (features,))
    keep = per_lane(fixed(constants, float(1 << DECAY_BITS), 0, 1 << DECAY_BITS))
    state = State("membrane", -most, most)
    drive = shift_left(subtract(shift_left(sample(encoder.top), 1), constant(encoder.top)), fraction)
    charged = add(state.read(), drive)
    up = compare(True, charged, limit)
    down = compare(True, subtract(constant(0), charged), limit)
    left = select(maximum(up, down), constant(0), charged)
    after = narrowed(decay(narrowed(left, -most, most), keep, DECAY_BITS), -most, most)
    outputs = (up, down) if encoder.coder.bipolar else (up,)
    formats = {
        "membrane, threshold": f"half samples with {fraction} bits of fraction",
        "constant": f"{DECAY_BITS} bits of fraction, products toward zero",
    }
    return Stream(
        encoder, features, tuple(range(features)), (state,),
        Step({"membrane": after}, outputs), formats=formats,
    )  # fmt: skip
