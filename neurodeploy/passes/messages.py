"""How wide a graded message is: its bits are traded against the bits of the weights it meets.

The accumulator bounds the sum of weight bits and message bits of a projection with a graded source. The width is chosen
for which the smaller of the two is largest; among equals the wider message. Weights keep at least four bits where that
is possible. A message that no projection carries on goes to the host, and may be wider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import floor, log2

import numpy as np

from neurodeploy.passes.draft import Draft
from neurodeploy.passes.grid import LARGEST_SCALE, largest_scale
from neurodeploy.passes.paths import Synapse
from neurodeploy.passes.values import Values
from neurodeploy.program.population import Input, Output

FEWEST_WEIGHT_BITS = 4
HOST_BITS = 16


def message_output(values: Values, bits: int) -> Output:
    """The output of ``bits`` bits with the finest power-of-two scale that holds every value; no finer than its grid.

    A signed one has at least two bits: one bit is a spike, whose value is 1.
    """
    full = Output("graded", bits, values.signed)
    lowest, highest = max(0.0, -float(values.low.min())), max(0.0, float(values.high.max()))
    scale = min(largest_scale(highest, full.high), largest_scale(lowest, -full.low) if values.signed else LARGEST_SCALE)
    if values.grid is None or values.grid > scale:
        return replace(full, scale=scale)
    fewest = 2 if values.signed else 1
    exact = (replace(full, width=width, scale=values.grid) for width in range(fewest, bits + 1))
    return next(o for o in exact if o.high >= highest * 2.0**o.scale and -o.low >= lowest * 2.0**o.scale)


def choose_messages(draft: Draft, graded: Sequence[str], most_bits: int) -> dict[str, Output]:
    """An output for every graded node, of at most ``most_bits`` bits where it goes to another population."""
    chosen: dict[str, Output] = {}
    for name in graded:
        leaving = [path for path in draft.paths if path.source == name]
        widest = min(most_bits if leaving else max(most_bits, HOST_BITS), draft.numerics.message_bits)
        outputs = [message_output(draft.values[name], bits) for bits in range(widest, 1, -1)]
        chosen[name] = max(outputs, key=lambda output: _score(draft, output, leaving))
    return chosen


def input_quantizer(draft: Draft, name: str, most_bits: int) -> Input:
    """An input with its quantizer: spikes need none; other values get the width of their grid, or the best width."""
    shape = draft.network.shapes[name]
    if draft.network.input_range(name).binary:
        return Input(name, shape)
    most_bits = min(most_bits, draft.numerics.input_bits or most_bits)
    output = message_output(draft.values[name], most_bits)
    if draft.values[name].grid != output.scale:
        output = choose_messages(draft, [name], most_bits)[name]
    return Input(name, shape, output.scale, output.width, output.signed)


def _score(draft: Draft, output: Output, leaving: Sequence[Synapse]) -> tuple[bool, int, int]:
    left = (_weight_bits(draft, path, output) for path in leaving)
    weight_bits = min(left, default=draft.numerics.weight_bits)
    return weight_bits >= FEWEST_WEIGHT_BITS, min(weight_bits, output.width), output.width


def _weight_bits(draft: Draft, path: Synapse, output: Output) -> int:
    """Bits that the path's weights keep beside messages of that output."""
    largest = float(np.abs(path.weights).max(initial=0))
    if largest == 0:
        return draft.numerics.weight_bits
    free = floor(log2(largest) + draft.ceilings[path.target] - output.scale) + 1
    return min(draft.numerics.weight_bits, free)
