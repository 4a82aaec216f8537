"""Blocks: neurons of one population that stay together on one core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

Part = tuple[slice, ...]


@dataclass(frozen=True)
class Block:
    """The neurons of ``population`` from ``starts`` up to ``stops`` along each axis of its shape."""

    population: str
    starts: tuple[int, ...]
    stops: tuple[int, ...]

    @staticmethod
    def whole(population: str, shape: tuple[int, ...]) -> Block:
        """All neurons of a population."""
        return Block(population, (0,) * len(shape), shape)

    @property
    def part(self) -> Part:
        """The neurons as an index into an array of the population's shape."""
        return tuple(slice(start, stop) for start, stop in zip(self.starts, self.stops, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Neurons along each axis."""
        return tuple(stop - start for start, stop in zip(self.starts, self.stops, strict=True))

    @property
    def size(self) -> int:
        """Number of neurons."""
        return prod(self.shape)

    @property
    def first(self) -> Block:
        """Its first neuron alone."""
        return Block(self.population, self.starts, tuple(start + 1 for start in self.starts))

    def cut(self, axis: int, parts: int) -> Iterator[Block]:
        """The block cut along an axis into as many parts, as even as can be, the larger ones first."""
        length, start = self.shape[axis], self.starts[axis]
        for number in range(parts):
            size = length // parts + (number < length % parts)
            starts, stops = list(self.starts), list(self.stops)
            starts[axis], stops[axis] = start, start + size
            start += size
            yield Block(self.population, tuple(starts), tuple(stops))

    def to_json(self) -> list[object]:
        """Plain data."""
        return [self.population, list(self.starts), list(self.stops)]

    def __str__(self) -> str:
        spans = ", ".join(f"{start}:{stop}" for start, stop in zip(self.starts, self.stops, strict=True))
        return f"{self.population}[{spans}]"
