"""Random programs of the shapes that vectors are written for: maps of odd sizes, wide and narrow, and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.stimulus import Stimulus

from .extremes import Rng, pick

WIDTHS = (1, 2, 3, 4, 7, 8, 16, 17, 33, 36, 64, 70)
LARGE = 1 << 13
"""Most weights of a large kernel."""
ACTIVITIES = (0.0, 0.02, 0.1, 0.4, 1.0)


def neurons(rng: Rng, name: str, shape: tuple[int, ...]) -> Population:
    """Ordinary neurons; one in five does not rest at zero."""
    if rng.random() < 0.2:
        output = Output("graded", int(pick(rng, 2, 4, 7, 8, 12)), signed=bool(rng.random() < 0.4))
        return Population(name, shape, "relay", shift=int(pick(rng, 0, 2, 5)), output=output)
    bias = rng.integers(-200, 400, shape) if rng.random() < 0.2 else 0
    return Population(
        name,
        shape,
        current_decay=pick(rng, 4096, 0, 700, 4095),
        membrane_decay=pick(rng, 4096, 300, 128),
        threshold=pick(rng, 5, 60, 900, 1 << 13),
        bias=bias,
        reset=pick(rng, "zero", "zero", "subtract", "none", "value"),
        reset_value=-3,
        compare=pick(rng, ">", ">="),
        floor=pick(rng, None, None, -5),
        fire_once=bool(rng.random() < 0.1),
    )


def weights(rng: Rng, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Bytes, doubled ones, few small ones, or ones beyond 16 bits."""
    size = pick(rng, 127, 127, 3, 20000)
    return rng.integers(-size, size, shape, endpoint=True) * pick(rng, 1, 2)


def window(rng: Rng, name: str, a: str, b: str, source: tuple[int, ...], out: int, delay: int) -> Projection:
    """A convolution that keeps the space; sometimes dilated or in groups."""
    kernel = int(pick(rng, 1, 3, 3, 5, 7))
    kernel = 3 if kernel * kernel * out * source[0] > LARGE else kernel
    dilation = int(pick(rng, 1, 1, 1, 2))
    groups = source[0] if out == source[0] and rng.random() < 0.15 else 1
    own = weights(rng, (out, source[0] // groups, kernel, kernel))
    pad = dilation * (kernel // 2)
    bits, shift = int(pick(rng, 1, 8)), int(pick(rng, 0, 0, 1))
    return Projection(name, a, b, "conv2d", own, shift, delay, bits, (1, 1), (pad, pad), (dilation, dilation), groups)


def spatial(seed: int) -> Program:
    """Convolutions, with a loop, a shortcut or a second path, then a pooling or an unpadded or strided window."""
    rng = np.random.default_rng((seed, 7))
    height, width = int(rng.integers(3, 14)), int(rng.integers(3, 24))
    first, second = (int(pick(rng, *WIDTHS)) for _ in range(2))
    source = (int(pick(rng, 1, 2, 4, 5, 16)), height, width)
    bits = int(pick(rng, 1, 1, 2, 7, 8, 10))
    given = Input("in", source, 0, bits, signed=bool(bits > 1 and rng.random() < 0.3))
    populations = [neurons(rng, "a", (first, height, width)), neurons(rng, "b", (second, height, width))]
    joined = [
        window(rng, "1", "in", "a", source, first, 0),
        window(rng, "2", "a", "b", (first, height, width), second, int(pick(rng, 0, 0, 2))),
    ]
    if rng.random() < 0.3:
        joined.append(window(rng, "3", "b", "b", (second, height, width), second, 1))
    if rng.random() < 0.3:
        joined.append(window(rng, "4", "in", "b", source, second, 0))
    if first == second:
        joined.append(Projection("5", "a", "b", "sum-pool", np.ones((1, 1)), message_bits=8))
    kind = pick(rng, "pool", "pool", "strided", "valid", "flat")
    if kind == "pool":
        size = int(pick(rng, 2, 3))
        shape = second, height // size, width // size
        last = Projection("6", "b", "c", "sum-pool", np.ones((size, size)), 0, 0, 8, (size, size))
    elif kind == "flat":
        shape = (int(pick(rng, 10, 33, 70)),)
        last = Projection("6", "b", "c", "dense", weights(rng, (shape[0], second * height * width)), message_bits=8)
    else:
        step = 2 if kind == "strided" else 1
        out = int(pick(rng, 1, 5, 32))
        shape = out, (height - 3) // step + 1, (width - 3) // step + 1
        last = Projection("6", "b", "c", "conv2d", weights(rng, (out, second, 3, 3)), 0, 0, 8, (step, step))
    populations.append(neurons(rng, "c", shape))
    return Program(pick(rng, LOIHI2, LOIHI2, INT32), (given,), tuple(populations), (*joined, last), ("c",))


def recurrent(seed: int) -> Program:
    """All-to-all loops of a hundred or more neurons, with a second population."""
    rng = np.random.default_rng((seed, 8))
    count, other, given = (int(rng.integers(20, 300)) for _ in range(3))
    bits = int(pick(rng, 1, 1, 4, 8))
    joined = (
        Projection("1", "in", "a", "dense", weights(rng, (count, given)), message_bits=8),
        Projection("2", "a", "a", "dense", weights(rng, (count, count)), 0, int(pick(rng, 1, 3)), int(pick(rng, 1, 8))),
        Projection("3", "a", "b", "dense", weights(rng, (other, count)), int(pick(rng, 0, 2)), 0, 8),
    )
    populations = neurons(rng, "a", (count,)), neurons(rng, "b", (other,))
    return Program(LOIHI2, (Input("in", (given,), 0, bits),), populations, joined, ("b",))


def stimulus(seed: int, made: Program, samples: int = 2, steps: int = 8) -> Stimulus:
    """Every step at an activity of its own, silence and fullness included."""
    rng: Any = np.random.default_rng((seed, 9))
    each = made.inputs[0]
    rates = rng.choice(ACTIVITIES, (samples, steps, *[1] * len(each.shape)))
    values = rng.integers(each.output.low, each.output.high, (samples, steps, *each.shape), endpoint=True)
    values = np.where(values == 0, each.output.high, values)
    return Stimulus({each.name: (values * (rng.random(values.shape) < rates)).astype(np.float64)})
