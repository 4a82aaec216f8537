"""Branches that are counted block by block, as cells lie in memory, are those of the whole run."""

from functools import cache

import numpy as np
import pytest

from neurodeploy.analysis.branches import count_decisions, previous
from neurodeploy.conformance.generator import generate
from neurodeploy.counting.kernels import Kernels, kernels
from neurodeploy.numerics import LOIHI2
from neurodeploy.parity.branching import Branching
from neurodeploy.program import Population, Program
from neurodeploy.reference.integer import clamp, initial_state, integrate
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace
from tests.engine.support import needs_compiler
from tests.xylo.nets import net


def channels_last(entry: Entry) -> Entry:
    """The same record, lying in memory as compiled code writes it."""

    def turned(array: np.ndarray) -> np.ndarray:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 2, -1)), -1, 2)

    return Entry(turned(entry.output), v=turned(entry.v), u=turned(entry.u), v_before=turned(entry.v_before))


def counted(branching: Branching, trace: Trace, name: str, steps: int) -> dict[str, int]:
    total: dict[str, int] = {}
    for first in range(0, trace.steps, steps):
        block = channels_last(trace[name]).part(slice(None), slice(first, first + steps))
        for branch, count in branching.add(block, first == 0).items():
            total[branch] = total.get(branch, 0) + count
    return total


@pytest.mark.parametrize(("family", "limit"), [("stock", "saturated"), ("held", "clamped")])
def test_blocks_as_they_lie_count_what_the_whole_run_counts(family, limit) -> None:
    taken: dict[str, int] = {}
    for seed in range(5, 8):
        case = generate(seed, family, samples=2)
        trace = run_program(case.program, case.stimulus, states=True)
        for population in case.program.populations:
            if population.kind != "cuba-lif":
                continue
            found = counted(Branching(case.program.numerics, population), trace, population.name, 5)
            entry = trace[population.name]
            expected = count_decisions(case.program.numerics, population, trace)
            distance = entry.v_before - (np.asarray(population.threshold) << case.program.numerics.state_shift)
            below = (distance < 0) & (distance >= -(1 << case.program.numerics.state_shift))
            assert found == {
                "fired": expected.fired,
                "quiet": int(np.count_nonzero((entry.output == 0) & (entry.v_before != 0))),
                "just_below": int(np.count_nonzero(below)),
                "at_threshold": expected.ties,
                "reset": int(np.count_nonzero((entry.output != 0) & (entry.v != entry.v_before))),
                "saturated": expected.saturations,
                "clamped": expected.floors + expected.ceilings,
            }
            taken = {branch: taken.get(branch, 0) + count for branch, count in found.items()}
    assert all(taken[branch] for branch in ("fired", "quiet", "just_below", "at_threshold", "reset", limit)), taken


def library() -> Kernels:
    built = kernels()
    assert built is not None
    return built


@cache
def runs() -> list[tuple[Program, Trace]]:
    """Programs of every rule of a membrane, and what they do."""
    cases = [generate(seed, family, samples=2) for seed in range(5) for family in ("stock", "held")]
    cases += [net(seed) for seed in range(3)]
    return [(case.program, run_program(case.program, case.stimulus, states=True)) for case in cases]


def typed(entry: Entry, dtype: type) -> Entry:
    """The same record, its states of another type."""
    assert entry.u is not None and entry.v is not None and entry.v_before is not None
    states = (array.astype(dtype) for array in (entry.v, entry.u, entry.v_before))
    return Entry(entry.output, False, 0, *states)


@needs_compiler
@pytest.mark.parametrize("lies", [lambda entry: entry, channels_last])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_the_kernels_count_what_numpy_counts(dtype, lies) -> None:
    """In blocks that begin and go on, states of either type."""
    taken: dict[str, int] = {}
    for program, trace in runs():
        n = program.numerics
        for population in program.populations:
            if population.kind != "cuba-lif":
                continue
            plain, compiled = Branching(n, population), Branching(n, population, library())
            for first in range(0, trace.steps, 7):
                block = typed(lies(trace[population.name]).part(slice(None), slice(first, first + 7)), dtype)
                counts = plain.add(block, first == 0)
                assert compiled.add(block, first == 0) == counts
                taken = {branch: taken.get(branch, 0) + count for branch, count in counts.items()}
    assert all(taken.values())


def wide(unlike: bool, threshold: list[int]) -> Population:
    """More neurons than the kernel goes through at once, that differ by channel or one from all others."""
    shape, bias = (3, 9, 40), np.array([-500, 0, -80])[:, None, None]
    values = -np.arange(1080).reshape(shape) if unlike else np.broadcast_to(bias, shape)
    thresholds = np.broadcast_to(np.array(threshold)[:, None, None], shape)
    return Population("wide", shape, membrane_decay=100, floor=0, bias=values, threshold=thresholds)


def ran(population: Population, start: np.ndarray, rng: np.random.Generator) -> Entry:
    """States that begin differently in most cells, and the membranes that follow from them."""
    v, u = (rng.integers(0, 3000, (2, 5, *population.shape)) * rng.integers(0, 2, (2, 1, 1, 1, 1)) for _ in range(2))
    u = u - 900 * (u > 0)
    before = clamp(population, integrate(population, previous(start, v, population), u, LOIHI2), LOIHI2)
    return Entry(rng.integers(0, 2, v.shape).astype(np.uint8), v=v, u=u, v_before=before)


@needs_compiler
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("unlike", [False, True])
@pytest.mark.parametrize("threshold", [[9, 10, 11], [1 << 25, -(1 << 25), 1 << 26]])
def test_cells_that_began_differently_are_counted_all_the_same(dtype, unlike, threshold) -> None:
    """Also where a threshold is wider than the type of the states."""
    population, rng = wide(unlike, threshold), np.random.default_rng(0)
    plain, compiled = (Branching(LOIHI2, population, built) for built in (None, library()))
    start = initial_state(population, 2).v
    for begins in (True, False):
        entry = ran(population, start, rng)
        counts = plain.add(channels_last(typed(entry, dtype)), begins)
        assert compiled.add(channels_last(typed(entry, dtype)), begins) == counts and counts["clamped"]
        assert entry.v is not None
        start = entry.v[:, -1]


@needs_compiler
@pytest.mark.parametrize("ends", [{"floor": 0}, {"ceiling": 50}, {"floor": -70, "ceiling": 70}, {}])
@pytest.mark.parametrize("size", [100, 1 << 13, 1 << 22, (1 << 23) + 4000])
@pytest.mark.parametrize("decay", [0, 1000])
def test_what_the_kernel_decides_itself_is_what_the_reference_does(ends: dict[str, int], size: int, decay: int) -> None:
    """Membranes that floor and ceiling alone limit, some of which end right on them, and those that the machine's
    widths may."""
    rng, shape = np.random.default_rng(size), (6, 7, 30)
    bias = np.broadcast_to(np.arange(-6, 6, 2)[:, None, None], shape)
    population = Population("near", shape, membrane_decay=decay, bias=bias, threshold=40, **ends)
    start = initial_state(population, 2).v
    v, u = rng.integers(-size, size, (2, 2, 5, *shape))
    before = clamp(population, integrate(population, previous(start, v, population), u, LOIHI2), LOIHI2)
    entry = Entry(rng.integers(0, 2, v.shape).astype(np.uint8), v=v, u=u, v_before=before)
    counts = Branching(LOIHI2, population).add(entry, True)
    assert Branching(LOIHI2, population, library()).add(typed(entry, np.int32), True) == counts
    assert counts["clamped"] if ends and size > 100 else counts["saturated"] or size < 1 << 23
