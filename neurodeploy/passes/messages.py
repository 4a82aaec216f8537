"""How wide a graded message is: its bits are traded against the bits of the weights it meets.

With a graded source, weight bits plus message bits of a projection are bounded by the accumulator. The rule: the
width for which the smaller of the two is largest, wider messages first, weights not below four bits where possible.
What no projection carries on goes to the host and may be wider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor, log2

import numpy as np

from neurodeploy.numerics import Numerics
from neurodeploy.passes.grid import LARGEST_SCALE, largest_scale
from neurodeploy.passes.synapses import Synapse
from neurodeploy.passes.values import Values
from neurodeploy.program.population import Output

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


def choose_messages(
    values: Mapping[str, Values],
    graded: Sequence[str],
    paths: Sequence[Synapse],
    ceilings: Mapping[str, int],
    numerics: Numerics,
    most_bits: int,
) -> dict[str, Output]:
    """An output for every graded node. ``ceilings``: the largest scale each target's bounds allow."""
    chosen: dict[str, Output] = {}
    for name in graded:
        leaving = [path for path in paths if path.source == name]
        widest = min(most_bits if leaving else max(most_bits, HOST_BITS), numerics.message_bits)
        widths = range(widest, 1, -1)
        outputs = [message_output(values[name], bits) for bits in widths]
        chosen[name] = max(outputs, key=lambda output: _score(output, leaving, ceilings, numerics))
    return chosen


def _score(
    output: Output, leaving: Sequence[Synapse], ceilings: Mapping[str, int], numerics: Numerics
) -> tuple[bool, int, int]:
    weight_bits = min(
        (_weight_bits(path, output, ceilings, numerics) for path in leaving), default=numerics.weight_bits
    )
    return weight_bits >= FEWEST_WEIGHT_BITS, min(weight_bits, output.width), output.width


def _weight_bits(path: Synapse, output: Output, ceilings: Mapping[str, int], numerics: Numerics) -> int:
    largest = float(np.abs(path.weights).max(initial=0))
    if largest == 0:
        return numerics.weight_bits
    free = floor(log2(largest) + ceilings[path.target] - output.scale) + 1
    return min(numerics.weight_bits, free)
