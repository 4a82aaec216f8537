"""Pulse-width modulation in integers: a carrier that adds up its slope and restarts after its period."""

from __future__ import annotations

import numpy as np

from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.encoding.pulse_width import GRID, periods
from neurodeploy.step.value import (
    add,
    compare,
    constant,
    minimum,
    narrowed,
    select,
    shift_left,
    subtract,
)
from neurodeploy.streams.stream import State, Step, Stream, fixed, per_lane, sample

WORD = 30


def pulse_width(encoder: DeployedEncoder, features: int) -> Stream:
    """``place`` counts the samples since the carrier's restart; -1 stands for the first sample, compared with none."""
    fraction = WORD - encoder.bits
    top = encoder.top << fraction
    frequency = np.broadcast_to(np.asarray(encoder.coder.frequency, np.float64), (features,))
    slope = per_lane(fixed(np.fmod(frequency / (GRID.size - 1), 1), float(top), 0, top))
    lengths = periods(frequency.astype(np.float32))
    place, carrier = State("place", -1, int(lengths.max()) - 1, -1), State("carrier", 0, top)
    below_before, above_before = State("below", 0, 1), State("above", 0, 1)
    nothing = constant(0)
    x, wave = shift_left(sample(encoder.top), fraction), carrier.read()
    started = compare(False, place.read(), nothing)
    above = (
        select(started, compare(True, x, subtract(constant(top), wave)), nothing) if encoder.coder.bipolar else nothing
    )
    falls = select(started, compare(True, wave, x), nothing)
    below = select(above, nothing, falls)
    further = add(place.read(), constant(1))
    over = compare(False, further, per_lane(lengths))
    risen = minimum(add(wave, slope), constant(top))
    after = {
        "place": narrowed(select(over, nothing, further), 0, place.high),
        "carrier": select(started, select(over, nothing, risen), nothing),
        "below": below,
    }
    states = (place, carrier, below_before)
    outputs = (select(below_before.read(), nothing, below),)
    if encoder.coder.bipolar:
        after["above"] = above
        states = (*states, above_before)
        outputs = (*outputs, select(above_before.read(), nothing, above))
    formats = {"carrier, slope": f"samples with {fraction} bits of fraction", "place": "whole samples"}
    return Stream(encoder, features, tuple(range(features)), states, Step(after, outputs), formats=formats)
