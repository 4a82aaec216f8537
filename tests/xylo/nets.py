"""Random recurrent networks for Xylo: lively, and at every bound of its integers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import XYLO_V2
from neurodeploy.program.population import Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.program_runner import accumulated
from neurodeploy.reference.synapse import weighted_sum
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace

IntArray = NDArray[np.int64]
STEPS = 120
BOTTOM, TOP = -(1 << 15), (1 << 15) - 1


@dataclass(frozen=True)
class Net:
    """A Program of one input, a recurrent hidden and an output population, and input spikes (1, STEPS, size)."""

    program: Program
    spikes: IntArray

    @property
    def stimulus(self) -> Stimulus:
        """The spikes as runners take them."""
        return Stimulus({"in": self.spikes.astype(np.float64)})


def net(seed: int) -> Net:
    """The network of a seed: loud ones saturate, small ones meet their thresholds, forgetful ones lose all at once."""
    rng = np.random.default_rng((seed, 7))
    size_in, size, size_out = int(rng.integers(3, 17)), int(rng.integers(10, 65)), int(rng.integers(2, 9))
    small, loud = seed % 5 == 1, seed % 3 == 0
    shapes = {"hidden": (size, size_in), "recur": (size, size), "out": (size_out, size)}
    shifts = {name: int(rng.integers(4, 9) if loud else rng.integers(0, 4)) * (not small) for name in shapes}
    weights = {name: _weights(rng, shape, 3 if small else 128) for name, shape in shapes.items()}
    projections = (
        _projection(rng, "in", "hidden", weights["hidden"], shifts["hidden"], 4),
        _projection(rng, "hidden", "hidden", weights["recur"], shifts["recur"], 5),
        _projection(rng, "hidden", "out", weights["out"], shifts["out"], 5),
    )
    populations = (
        _population(rng, "hidden", size, 31, small, seed % 4 == 0),
        _population(rng, "out", size_out, 1, small, seed % 4 == 0),
    )
    program = Program(XYLO_V2, (Input("in", (size_in,), bits=4),), populations, projections, ("out",))
    spikes = rng.integers(0, 16, (1, STEPS, size_in)) * (rng.random((1, STEPS, size_in)) < rng.uniform(0.05, 0.6))
    return Net(program, spikes)


def _population(rng: np.random.Generator, name: str, size: int, most: int, small: bool, forgetful: bool) -> Population:
    membrane_decay = rng.integers(1, 16 if forgetful else 7, size) * (rng.random(size) > 0.4 * forgetful)
    return Population(
        name,
        (size,),
        current_decay=rng.integers(0 if forgetful else 1, 6, size),
        membrane_decay=membrane_decay,
        threshold=rng.integers(1, 9 if small else int(rng.choice([30, 900, 32767])), size, endpoint=True),
        bias=rng.integers(-300, 300, size) * int(0 if small else rng.choice([0, 1, 100])),
        compare=">=",
        reset="subtract",
        max_spikes_per_step=most,
        output=Output("count", 5) if most > 1 else Output(),
    )


def _weights(rng: np.random.Generator, shape: tuple[int, int], largest: int) -> IntArray:
    return rng.integers(-largest, largest, shape) * (rng.random(shape) < rng.uniform(0.1, 1.0))


def _projection(
    rng: np.random.Generator, source: str, target: str, weights: IntArray, shift: int, bits: int
) -> Projection:
    """What hidden neurons send arrives a step later."""
    kind = "dense" if rng.random() < 0.7 else "sparse"
    name, delay = f"{source}-{target}", int(source == "hidden")
    return Projection(name, source, target, kind, weights, shift, delay, bits)


def counts(made: Net, trace: Trace) -> Counter[str]:
    """What a run with states exercised: spikes, every bound of every integer, ties, and where order mattered."""
    tallies: Counter[str] = Counter()
    for p in made.program.populations:
        entry = trace[p.name]
        u, v, before = entry.u, entry.v, entry.v_before
        assert u is not None
        assert v is not None
        assert before is not None
        tallies["spikes"] += int(entry.output.sum())
        tallies["several spikes in a step"] += int((entry.output > 1).sum())
        tallies["as many spikes as can be"] += int((entry.output == p.max_spikes_per_step).sum())
        ties = (entry.output > 0) & (before == entry.output * p.threshold) & (np.asarray(p.threshold) > 1)
        tallies["ties: membrane at a multiple of its threshold"] += int(ties.sum())
        tallies["membrane at its top"] += int((before == TOP).sum())
        tallies["membrane at its bottom"] += int((before == BOTTOM).sum())
        forgotten = (v[:, :-1] == BOTTOM) & (np.broadcast_to(p.membrane_decay, p.shape) == 0)
        tallies["bottom forgotten at once"] += int(forgotten.sum())
        tallies += _count_currents(made.program, p, trace, u)
    return tallies


def _count_currents(program: Program, p: Population, trace: Trace, u: IntArray) -> Counter[str]:
    """Currents that met a bound while events entered them, and those that end elsewhere than their clipped sum."""
    sent = {name: entry.output for name, entry in trace.entries.items()}
    last = np.concatenate([np.zeros_like(u[:, :1]), u[:, :-1]], axis=1)
    tallies: Counter[str] = Counter()
    for t in range(u.shape[1]):
        total = last[:, t].copy()
        for each in program.into(p.name):
            if t >= each.delay:
                total += weighted_sum(each, sent[each.source][:, t - each.delay]) << each.shift
        now = accumulated(program.numerics, p, program.into(p.name), sent, t, last[:, t])
        tallies["currents at a bound"] += int((now != total).sum())
        tallies["currents that depend on order"] += int((now != np.clip(total, BOTTOM, TOP)).sum())
    return tallies


def strange(seed: int) -> Program:
    """The network of a seed with neurons and inputs in planes and states that start at random."""
    rng = np.random.default_rng((seed, 8))
    program = net(seed).program
    shapes = {each.name: (each.size // 2, 2, 1) for each in (*program.inputs, *program.populations)}

    def start(shape: tuple[int, ...]) -> np.ndarray:
        return rng.integers(-(1 << 15), 1 << 15, shape)

    def cut(p: Population) -> Population:
        half = shapes[p.name]
        size = int(np.prod(half))
        arrays = ("current_decay", "membrane_decay", "threshold", "bias")
        cuts = {key: np.broadcast_to(getattr(p, key), p.shape)[:size].reshape(half) for key in arrays}
        return replace(p, shape=half, initial_current=start(half), initial_membrane=start(half), **cuts)

    projections = tuple(
        replace(p, weights=p.weights[: np.prod(shapes[p.target]), : np.prod(shapes[p.source])], delay=p.delay)
        for p in program.projections
    )
    inputs = (Input("in", shapes["in"], bits=4),)
    return Program(program.numerics, inputs, tuple(map(cut, program.populations)), projections, ("out",))
