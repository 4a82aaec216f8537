"""Bounds that are proved of a program, against what its reference does in runs on random and extreme inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.branches import count_branches
from neurodeploy.analysis.reach import Reached
from neurodeploy.analysis.reachability import reachable
from neurodeploy.analysis.witness import observed
from neurodeploy.conformance import generate
from neurodeploy.numerics import INT32, LOIHI2, Numerics
from neurodeploy.program.population import Input, Population
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace
from tests.proof.case import Counts, ProofCase
from tests.xylo.nets import net

NARROW = replace(INT32, name="narrow", current_bits=14, membrane_bits=15, wide_bits=18, conv_bits=16, state_shift=1)
SHORT = replace(LOIHI2, name="short", current_bits=17, membrane_bits=17, wide_bits=20, conv_bits=15)
TIGHT = replace(LOIHI2, name="tight", current_bits=18, membrane_bits=19, wide_bits=18, conv_bits=18)
MACHINES: tuple[Numerics | None, ...] = (LOIHI2, INT32, NARROW, SHORT, TIGHT, None)
"""Two real machines, three whose widths are left often, and None: a network for Xylo."""


@dataclass(frozen=True)
class Drawn:
    """A program with a stimulus of several samples."""

    program: Program
    stimulus: Stimulus


def draw(seed: int) -> Drawn:
    """The program of a seed, with its own stimulus, constant extremes, and noise over all that its inputs can send."""
    machine = MACHINES[seed % len(MACHINES)]
    if machine is None:
        drawn = net(seed)
        program, stimulus = drawn.program, drawn.stimulus
    else:
        case = generate(seed, "held" if seed % 4 else "stock")
        program, stimulus = replace(case.program, numerics=machine), case.stimulus
    rng = np.random.default_rng((seed, 11))
    return Drawn(program, Stimulus({node.name: _samples(node, stimulus[node.name], rng) for node in program.inputs}))


def _samples(node: Input, values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    steps, (low, high) = values.shape[1], (node.output.low, node.output.high)
    shape = (steps, *node.shape)
    held = np.broadcast_to(rng.integers(low, high, node.shape, endpoint=True), shape)
    more = [np.full(shape, low), np.full(shape, high), rng.integers(low, high, shape, endpoint=True), held]
    return np.concatenate([values[:1], np.stack(more) * 2.0**-node.scale])


def wrong(
    program: Program, population: Population, reached: Reached, trace: Trace, neurons: NDArray[np.int64]
) -> list[str]:
    """What of a population's bounds does not hold in a run."""
    entry = trace[population.name]
    pairs = [
        ("sent", reached.sent, entry.output),
        ("current", reached.current, entry.u),
        ("before", reached.before, entry.v_before),
    ]
    broken = [
        name
        for name, bound, values in pairs
        if bound is not None and values is not None and not np.all((bound[0] <= values) & (values <= bound[1]))
    ]
    counted = count_branches(program, population, trace)
    counts = {
        "accumulator": counted.sum_wraps + counted.conv_wraps,
        "current": counted.current_wraps,
        "membrane": counted.saturations,
        "message": counted.relay_clips,
    }
    claims = {check.quantity for check in reached.checks}
    proved = {name for name in claims if all(check.holds.all() for check in reached.checks if check.quantity == name)}
    broken += [f"{name} proved" for name in proved if counts[name]]
    return broken + [name for flat in neurons for name in _outside(program, population, reached, trace, int(flat))]


def _outside(program: Program, population: Population, reached: Reached, trace: Trace, flat: int) -> Iterator[str]:
    """Quantities of a neuron that leave a width, or a bound that is said to hold."""
    neuron = tuple(int(i) for i in np.unravel_index(flat, population.shape))
    checks = list(observed(program, population.name, neuron, trace))
    assert len(checks) == len(reached.checks)
    for bound, check in zip(reached.checks, checks, strict=True):
        if bound.holds[neuron]:
            inside = (bound.low[neuron] <= check.low) & (check.high <= bound.high[neuron]) & check.holds
            if not inside.all():
                yield f"{bound.quantity} of neuron {neuron}"
        else:
            return


def count(seeds: range) -> Counts:
    """A seed fails where any bound of its program is left in any of its runs."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    pairs = 0
    for seed in seeds:
        drawn = draw(seed)
        reached = reachable(drawn.program)
        trace = run_program(drawn.program, drawn.stimulus, states=True)
        pairs += trace.batch
        rng = np.random.default_rng((seed, 12))
        for population in drawn.program.populations:
            bound = reached[population.name]
            neurons = rng.integers(0, population.size, 2)
            if wrong(drawn.program, population, bound, trace, neurons):
                failed.append(seed)
            tallies["nodes"] += 1
            tallies["proved nodes"] += all(check.holds.all() for check in bound.checks)
            if population.kind == "cuba-lif":
                tallies["never fire"] += int(np.count_nonzero(bound.sent[1] == 0))
                tallies["always fire"] += int(np.count_nonzero(bound.sent[0] > 0))
                tallies["neurons"] += population.size
    return Counts(pairs, tuple(dict.fromkeys(failed)), dict(tallies))


CASES = (
    ProofCase(
        "bounds",
        "random networks (loihi2, int32, xylo-v2, three machines of narrow widths), five inputs each: every output, "
        "current and membrane lies in its proved interval, and no width is left of which that is proved",
        seeds=2000,
        batch=50,
        run=count,
    ),
)
