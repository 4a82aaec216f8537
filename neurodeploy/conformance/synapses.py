"""Random projections with numbers, on the machine's grids."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from neurodeploy.conformance.draw import Draw
from neurodeploy.conformance.scope import Scope
from neurodeploy.conformance.topology import Link
from neurodeploy.conformance.weights import Sign, draw_weights, largest_weight, one_to_one
from neurodeploy.conformance.windows import Shape
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Output
from neurodeploy.program.projection import Projection

CONV_SUM = 1 << 31
"""A convolution's sum stays below this, where float to integer conversion is defined on every machine."""


@dataclass(frozen=True)
class Push:
    """How the drive of a population is bent when no threshold makes it lively: ``gain`` in powers of two."""

    gain: int = 0
    excite: bool = False
    tame: bool = False


def draw_projection(
    draw: Draw,
    link: Link,
    name: str,
    second: bool,
    source: Shape,
    target: Shape,
    sent: Output,
    push: Push,
    scope: Scope,
) -> Projection:
    """Weights, shift and message width of one link; ``second``: another projection joins the same two nodes."""
    n, graded = scope.numerics, scope.graded
    sign: Sign = draw.weighted({"mixed": 5, "excitatory": 3, "inhibitory": 1 if link.back else 0})
    if push.excite and not link.back:
        sign = "excitatory"
    if second:
        sign = "inhibitory"
    bits = 1 if sent.kind == "binary" or not graded or draw.chance(0.12) else max(2, sent.width)
    size, shift = draw_size(draw, link, push, n)
    density = draw.pick((0.1, 0.3, 0.5)) if link.kind == "sparse" else draw.pick((1.0, 1.0, 0.6))
    if link.window is None:
        if source == target and draw.chance(0.15):
            weights = one_to_one(prod(source), min(size, largest_weight(n) - 1))
        else:
            weights = draw_weights(draw, (prod(target), prod(source)), sign, size, density, n)
        return Projection(name, link.source, link.target, link.kind, weights, shift, link.delay, bits)
    window = link.window
    shape = window.kernel if link.kind == "sum-pool" else (target[0], source[0] // window.groups, *window.kernel)
    weights = draw_weights(draw, shape, sign, size, density, n)
    if link.kind == "sum-pool":
        weights = np.full(shape, draw.pick((1, 1, 2, 16)), dtype=np.int64)
    largest = int(np.abs(weights).max(initial=1)) * prod(shape[-1 - len(window.kernel) :])
    message = 1 if bits == 1 else max(-sent.low, sent.high)
    while shift > 0 and largest * message << shift >= CONV_SUM:
        shift -= 1
    geometry = window.stride, window.padding, window.dilation, window.groups
    return Projection(name, link.source, link.target, link.kind, weights, shift, link.delay, bits, *geometry)


def draw_size(draw: Draw, link: Link, push: Push, n: Numerics) -> tuple[int, int]:
    """Largest magnitude of a weight, and the shift of the sum (never negative for windows)."""
    top = largest_weight(n)
    size = draw.weighted({top: 8, 100: 3, 16: 3, 3: 1})
    low, high = (0, n.shift_max if n.conv_shift else 0) if link.window else (n.shift_min, n.shift_max)
    shift = {"none": 0, "down": draw.between(-8, -1), "up": draw.between(1, 3), "high": draw.between(4, 7)}[
        draw.weighted({"none": 8, "down": 3, "up": 4, "high": 5})
    ]
    scale = max(shift, low) + push.gain
    shift = min(max(scale, low), high)
    rest = scale - shift
    return min(top, max(2, size << rest if rest >= 0 else size >> -rest)), shift
