"""Seeded networks and stimuli that every framework builds in its own terms; needs numpy alone.

Two kinds of numbers: ``grid``, weights on multiples of 1/16, so that membranes often meet thresholds exactly, and
``random`` float32 ones. Biases are there in both. Topologies:

- ``dense``: 12 -> 16 -> 8. ``conv``: 2x8x8, 4 channels of 3x3, then 3 channels of 3x3 at stride 2.
- ``flatten``: 2x8x8, 4 channels of 3x3 at stride 2, flattened, 8 neurons. ``pool``: as ``conv``, 2x2 pooled in between.
- ``recurrent``: 12 -> 16 that hear each other's last spikes -> 8.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

STEPS = 120
SHAPES = {"dense": (12,), "recurrent": (12,), "conv": (2, 8, 8), "flatten": (2, 8, 8), "pool": (2, 8, 8)}
SAMPLES = {"dense": 2, "recurrent": 2, "conv": 1, "flatten": 1, "pool": 1}


@dataclass(frozen=True)
class Layer:
    """Weights and bias, ``stride`` of a 3x3 convolution with padding 1; ``shape`` of the neurons behind it."""

    weight: Any
    bias: Any
    shape: tuple[int, ...]
    stride: int = 1
    flatten: bool = False
    pool: bool = False
    recurrent: Any = None
    recurrent_bias: Any = None

    @property
    def conv(self) -> bool:
        return self.weight.ndim == 4


@dataclass(frozen=True)
class Net:
    """``name`` tells the neuron, the topology and the numbers, and seeds them all."""

    neuron: str
    topology: str
    numbers: str

    @property
    def name(self) -> str:
        return f"{self.neuron}-{self.topology}-{self.numbers}"

    @property
    def seed(self) -> int:
        return zlib.crc32(self.name.encode())

    @property
    def grid(self) -> bool:
        return self.numbers == "grid"

    @property
    def layers(self) -> list[Layer]:
        """Every layer with its neurons' shape."""
        make = _Maker(np.random.default_rng(self.seed), self.grid)
        if self.topology in ("dense", "recurrent"):
            first = make.layer((16, 12), (16,), recurrent=self.topology == "recurrent")
            return [first, make.layer((8, 16), (8,))]
        if self.topology == "flatten":
            return [make.layer((4, 2, 3, 3), (4, 4, 4), 2), make.layer((8, 64), (8,), flatten=True)]
        if self.topology == "pool":
            return [make.layer((4, 2, 3, 3), (4, 8, 8)), make.layer((3, 4, 3, 3), (3, 4, 4), pool=True)]
        return [make.layer((4, 2, 3, 3), (4, 8, 8)), make.layer((3, 4, 3, 3), (3, 4, 4), 2)]

    @property
    def stimulus(self) -> Any:
        """Bernoulli spikes, float32 ``(B, T, *shape)``; the same for all nets of a topology."""
        shape = (SAMPLES[self.topology], STEPS, *SHAPES[self.topology])
        rng = np.random.default_rng(zlib.crc32(self.topology.encode()))
        return (rng.random(shape) < 0.35).astype(np.float32)

    def decays(self, shape: tuple[int, ...], dyadic: float, index: int = 0, low: float = 0.5) -> Any:
        """One decay per neuron: ``dyadic`` for all on the grid, else drawn between ``low`` and 0.97."""
        if self.grid:
            return np.full(shape, dyadic, np.float32)
        return np.random.default_rng(self.seed + 2 + index).uniform(low, 0.97, shape).astype(np.float32)


@dataclass
class _Maker:
    rng: Any
    grid: bool

    def layer(self, weight: tuple[int, ...], shape: tuple[int, ...], stride: int = 1, **more: Any) -> Layer:
        """Mostly excitatory, so that all layers fire; of larger fan-in weaker."""
        scale = min(1.0, 16 / int(np.prod(weight[1:])) ** 0.75)
        drawn = self._numbers(weight, scale), self._numbers(weight[:1], 0.5)
        if more.pop("recurrent", False):
            more |= {"recurrent": self._numbers((*shape, *shape), 0.5), "recurrent_bias": self._numbers(shape, 0.25)}
        return Layer(*drawn, shape, stride, **more)

    def _numbers(self, shape: tuple[int, ...], scale: float) -> Any:
        if self.grid:
            return (np.rint(self.rng.integers(-3, 8, shape) * scale) / 16).astype(np.float32)
        return (self.rng.uniform(-3, 8, shape) * scale / 16).astype(np.float32)


def nets(neuron: str, *topologies: str) -> list[Net]:
    """The nets of a neuron: each topology with both kinds of numbers."""
    return [Net(neuron, topology, numbers) for topology in topologies for numbers in ("grid", "random")]
