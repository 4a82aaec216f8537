"""The networks of the benchmarks: integer Programs with random weights, whose thresholds set how active they are.

- W1: the shape of SpikeSEG: three convolutions with OR-pooling between them.
- W2: like SpikingRx: six SEW blocks on 32x32 with graded additions, 14 convolutions.
- W3: every neuron drives every neuron one step later. W3X is the same under the ``xylo-v2`` numerics.

All neurons are current-based LIF with memory in both states. Weights of both signs are even and within 8 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import LOIHI2, NUMERICS
from neurodeploy.program import Input, Output, Population, Program, Projection

CURRENT_DECAY, MEMBRANE_DECAY = 1024, 512
"""In 4096ths: a current lasts four steps, a membrane eight."""
SPREAD = 32.0
"""Standard deviation of the weights."""
W2_CHANNELS = (16, 32, 32, 64, 64, 64)
XYLO_OUTPUTS = 8
Thresholds = Mapping[str, int]
IntArray = NDArray[np.int64]


@dataclass
class NetworkBuilder:
    """A Program under construction: parts in order, weights from one seed, thresholds by population."""

    rng: np.random.Generator
    thresholds: Thresholds
    populations: list[Population] = field(default_factory=list[Population])
    projections: list[Projection] = field(default_factory=list[Projection])
    channels: dict[str, int] = field(default_factory=dict[str, int])

    def lif(self, name: str, shape: tuple[int, ...]) -> str:
        """A LIF population; its threshold is 1000 where none is set for it."""
        self.channels[name] = shape[0]
        self.populations.append(
            Population(
                name,
                shape,
                current_decay=CURRENT_DECAY,
                membrane_decay=MEMBRANE_DECAY,
                threshold=self.thresholds.get(name, 1000),
            )
        )
        return name

    def conv(self, source: str, name: str, space: tuple[int, int], channels: int, kernel: int, bits: int = 1) -> str:
        """A LIF population behind a convolution that keeps the image's size; ``bits``: of its source's messages."""
        target = self.lif(name, (channels, *space))
        weights = even_weights(self.rng, (channels, self.channels[source], kernel, kernel))
        edge = Projection(
            f"{source}-{name}",
            source,
            target,
            "conv2d",
            weights,
            message_bits=bits,
            padding=(kernel // 2, kernel // 2),
        )
        self.projections.append(edge)
        return target

    def pool(self, source: str, name: str, space: tuple[int, int]) -> str:
        """OR over 2x2: a sum, then a neuron without memory that fires above 0."""
        shape = (self.channels[source], *space)
        self.channels[name] = shape[0]
        self.populations.append(Population(name, shape))
        window = np.ones((2, 2), dtype=np.int64)
        self.projections.append(Projection(f"{source}-{name}", source, name, "sum-pool", window, stride=(2, 2)))
        return name

    def add(self, sources: tuple[str, str], name: str, space: tuple[int, int], width: int) -> str:
        """The sum of two populations as a graded message."""
        shape = (self.channels[sources[0]], *space)
        self.channels[name] = shape[0]
        output = Output("graded", width)
        self.populations.append(Population(name, shape, "relay", output=output))
        identity = np.ones((1, 1), dtype=np.int64)
        self.projections += [Projection(f"{s}-{name}", s, name, "sum-pool", identity, message_bits=8) for s in sources]
        return name

    def program(self, inputs: Input, output: str) -> Program:
        """The network under ``loihi2`` numerics."""
        return Program(LOIHI2, (inputs,), tuple(self.populations), tuple(self.projections), (output,))


def even_weights(rng: np.random.Generator, shape: tuple[int, ...], drift: float = 0.5) -> IntArray:
    """Normally distributed even weights within -254 .. 254.

    The weights of one target sum to ``drift`` times the standard deviation of such a sum.
    """
    drawn = rng.normal(0.0, SPREAD, shape)
    taps = tuple(range(1, len(shape)))
    mean = drift * SPREAD / np.sqrt(np.prod(shape[1:]))
    centered = drawn - drawn.mean(axis=taps, keepdims=True) + mean
    return 2 * np.clip(np.rint(centered / 2).astype(np.int64), -127, 127)


def empty(seed: int, thresholds: Thresholds, inputs: Input) -> NetworkBuilder:
    """An empty network behind one input."""
    return NetworkBuilder(np.random.default_rng(seed), thresholds, channels={inputs.name: inputs.shape[0]})


def spikeseg(size: int, thresholds: Thresholds) -> Program:
    """W1 on ``size`` x ``size`` pixels of two polarities."""
    image = Input("input", (2, size, size))
    builder = empty(1, thresholds, image)
    spaces = [(size // n, size // n) for n in (1, 2, 4)]
    first = builder.pool(builder.conv("input", "conv1", spaces[0], 4, 5), "pool1", spaces[1])
    second = builder.pool(builder.conv(first, "conv2", spaces[1], 36, 5), "pool2", spaces[2])
    return builder.program(image, builder.conv(second, "conv3", spaces[2], 1, 7))


def spikingrx(size: int, thresholds: Thresholds, blocks: tuple[int, ...] = W2_CHANNELS) -> Program:
    """W2 on ``size`` x ``size``: a block's two convolutions of 3x3 beside a shortcut, a 1x1 where channels change.

    ``blocks``: the channels of each.
    """
    grid = Input("input", (blocks[0], size, size))
    builder = empty(2, thresholds, grid)
    space, source, largest = (size, size), "input", 1
    for number, channels in enumerate(blocks, 1):
        bits = 1 if largest == 1 else 8
        inner = builder.conv(source, f"block{number}a", space, channels, 3, bits)
        outer = builder.conv(inner, f"block{number}b", space, channels, 3)
        if builder.channels[source] != channels:
            source, largest = builder.conv(source, f"block{number}s", space, channels, 1, bits), 1
        largest += 1
        source = builder.add((source, outer), f"add{number}", space, largest.bit_length())
    return builder.program(grid, source)


def input_lines(neurons: int) -> int:
    """16 for a thousand neurons; in proportion, so that thresholds grow with the root of their number."""
    return max(4, 16 * neurons // 1000)


def recurrent(neurons: int, thresholds: Thresholds) -> Program:
    """W3 under ``loihi2``: ``neurons`` driven by a few input lines, and by one another one step later."""
    lines = Input("input", (input_lines(neurons),))
    builder = empty(3, thresholds, lines)
    name = builder.lif("hidden", (neurons,))
    drive = even_weights(builder.rng, (neurons, input_lines(neurons)), 2.0)
    loop = even_weights(builder.rng, (neurons, neurons), -1.0)  # inhibition keeps the loop from running away
    builder.projections += [
        Projection("input-hidden", "input", name, "dense", drive),
        Projection("hidden-hidden", name, name, "dense", loop, delay=1),
    ]
    return builder.program(lines, name)


def xylo_recurrent(neurons: int, thresholds: Thresholds) -> Program:
    """W3 under ``xylo-v2``, with the eight output neurons that the chip has behind the recurrent ones."""
    rng = np.random.default_rng(4)
    counts = Output("count", 5)
    rule: dict[str, Any] = {"current_decay": 2, "membrane_decay": 3, "compare": ">=", "reset": "subtract"}
    hidden = Population(
        "hidden", (neurons,), threshold=thresholds.get("hidden", 500), max_spikes_per_step=31, output=counts, **rule
    )
    out = Population("out", (XYLO_OUTPUTS,), threshold=200, **rule)
    shapes = {"in": (neurons, input_lines(neurons)), "hidden": (neurons, neurons), "out": (XYLO_OUTPUTS, neurons)}
    drifts = {"in": 2.0, "hidden": -1.0, "out": 1.0}
    enter, loop, leave = (even_weights(rng, shape, drifts[name]) // 2 for name, shape in shapes.items())
    return Program(
        NUMERICS["xylo-v2"],
        (Input("input", (input_lines(neurons),), bits=4),),
        (hidden, out),
        (
            Projection("input-hidden", "input", "hidden", "dense", enter, 1, message_bits=4),
            Projection("hidden-hidden", "hidden", "hidden", "dense", loop, delay=1, message_bits=5),
            Projection("hidden-out", "hidden", "out", "dense", leave, delay=1, message_bits=5),
        ),
        ("out",),
    )
