"""A seeded search for the samples that together exercise most of a program.

Candidates are drawn from families of inputs and by changing samples that were worth keeping. Families that reach new
things are drawn more often. At the end the samples are chosen that together reach most, one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.run import run_compiled
from neurodeploy.guided.families import FAMILIES, FloatArray, mutated, scaled
from neurodeploy.guided.reached import Reached, nothing, reached
from neurodeploy.network.network import InputRange, Network
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Origin, Stimulus
from neurodeploy.trace import Trace

Array = NDArray[np.float32]
MUTATED = "mutated"
SAMPLES = 12
"""Samples that are kept, unless asked otherwise."""
WORK = 1_500_000_000
"""Neurons times steps times candidates that are run at most: less than half a minute of one core."""
MOST, LEAST = 2000, 24
"""Candidates of a small network, and of one however large."""
CELLS = 1 << 23
"""Neurons times steps times candidates that are run at once."""
TOGETHER = 16
PATIENCE = 0.25
"""Share of all candidates after which a search ends that reached nothing new in so many."""
ENOUGH = 1e-4
"""What a candidate must add to be kept: shares of nodes."""


@dataclass(frozen=True)
class Effort:
    """How hard is searched: ``candidates`` that are run, ``samples`` that are kept."""

    candidates: int
    samples: int = SAMPLES

    @staticmethod
    def of(program: Program, steps: int, samples: int = SAMPLES) -> Effort:
        """What half a minute of one core allows."""
        width = sum(node.size for node in (*program.inputs, *program.populations))
        return Effort(min(MOST, max(LEAST, WORK // max(width * steps, 1))), samples)


@dataclass(frozen=True, eq=False)
class _Kept:
    """A sample worth keeping: its inputs before they were scaled, and what it reached."""

    inputs: Mapping[str, FloatArray]
    reached: Reached


def guided_stimulus(
    program: Program,
    network: Network,
    steps: int,
    seed: int = 0,
    effort: Effort | None = None,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Stimulus:
    """The samples that exercise most of ``program`` among those that a seeded search tried.

    Args:
        program: the integers that are searched.
        network: the float network that they were made from; it says which values its inputs take.
        steps: of every sample.
        seed: of all draws; the same seed gives the same stimulus.
        effort: how many candidates are run and kept; by default what half a minute of one core allows.
        told: is called with the candidates that were run, and how many there are.

    Raises EnvironmentFailureError where the compiler fails. Without a compiler the reference runs the candidates.
    """
    chosen = Effort.of(program, steps) if effort is None else effort
    search = _Search(program, {name: network.input_range(name) for name in network.input_names}, steps, seed)
    together = max(1, min(TOGETHER, CELLS // max(sum(p.size for p in program.populations) * steps, 1)))
    while search.tried < chosen.candidates and search.idle < PATIENCE * chosen.candidates:
        search.round(min(together, chosen.candidates - search.tried))
        told(search.tried, chosen.candidates)
    return search.best(chosen.samples, seed)


class _Search:
    """A search under way."""

    def __init__(self, program: Program, ranges: Mapping[str, InputRange], steps: int, seed: int) -> None:
        self._program, self._ranges, self._steps = program, ranges, steps
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._kept: list[_Kept] = []
        self._known = nothing(program)
        self._worth = dict.fromkeys((*FAMILIES, MUTATED), 1.0)
        self.tried = self.idle = 0

    def round(self, count: int) -> None:
        """Draw so many candidates, run them together, and keep those that reach something new."""
        drawn = [self._draw() for _ in range(count)]
        trace = self._run([inputs for _, inputs in drawn])
        for (family, inputs), mine in zip(drawn, reached(self._program, trace), strict=True):
            gain = self._known.gain(mine)
            self._worth[family] = 0.8 * self._worth[family] + gain
            self.idle = 0 if gain > ENOUGH else self.idle + 1
            if gain > ENOUGH or not self._kept:
                self._kept.append(_Kept(inputs, mine))
                self._known |= mine
        self.tried += count

    def best(self, samples: int, seed: int) -> Stimulus:
        """The samples that reach most together, the richest first."""
        left, chosen, known = list(self._kept), list[_Kept](), nothing(self._program)
        while left and len(chosen) < samples:
            gains = [known.gain(kept.reached) for kept in left]
            most = int(np.argmax(gains))
            if gains[most] <= 0 and chosen:
                break
            chosen.append(left.pop(most))
            known |= chosen[-1].reached
        return Stimulus(self._arrays([kept.inputs for kept in chosen]), origin=Origin("search", seed=seed))

    def _draw(self) -> tuple[str, Mapping[str, FloatArray]]:
        names = [name for name in self._worth if name != MUTATED or self._kept]
        floor = 0.05 * max(self._worth.values())
        weights = np.array([self._worth[name] + floor + 1e-9 for name in names])
        family = names[int(self._rng.choice(len(names), p=weights / weights.sum()))]
        if family != MUTATED:
            shapes = {name: self._program.input_by_name[name].shape for name in self._ranges}
            return family, {name: FAMILIES[family](self._rng, self._steps, shape) for name, shape in shapes.items()}
        parent, mate = (self._kept[int(self._rng.integers(len(self._kept)))].inputs for _ in range(2))
        return family, {name: mutated(self._rng, parent[name], mate[name]) for name in self._ranges}

    def _arrays(self, inputs: list[Mapping[str, FloatArray]]) -> dict[str, Array]:
        return {
            name: np.stack([scaled(sample[name], r.low, r.high, r.grid) for sample in inputs]).astype(np.float32)
            for name, r in self._ranges.items()
        }

    def _run(self, inputs: list[Mapping[str, FloatArray]]) -> Trace:
        shown = self._arrays(inputs)
        if find_compiler() is None:
            return run_program(self._program, shown, states=True)
        return run_compiled(self._program, shown, states=True, threads=1)
