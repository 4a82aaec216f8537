"""The choice between kernels at every step: at its threshold, across it in both directions, and from any memory."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import AVX2, AVX512, MACHINES, Machine
from neurodeploy.codegen.native.dispatch import native_stage
from neurodeploy.engine.library import Compiled
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.step.plan import plan

from .native_support import EVERY, check, native_all
from .support import needs_compiler

pytestmark = needs_compiler
SHAPE = (4, 9, 13)


@dataclass(frozen=True, eq=False)
class Dirty(Compiled):
    """Memory that holds anything but zeros before its first reset."""

    def new_contexts(self, samples: int) -> NDArray[np.uint8]:
        memory = super().new_contexts(samples)
        memory[:] = 0xA5
        return memory


def program(bits: int, channels: int = 36, weight: int = 60) -> Program:
    """A convolution whose activity its input sets, a second of its own activity, and a loop."""
    rng = np.random.default_rng(bits * channels)

    def window(name: str, source: str, target: str, out: int, come: int, delay: int = 0) -> Projection:
        weights = rng.integers(-weight, weight, (out, come, 3, 3))
        return Projection(name, source, target, "conv2d", weights, 0, delay, bits, padding=(1, 1))

    neurons = {"current_decay": 900, "membrane_decay": 400, "threshold": 150}
    populations = (
        Population("a", (channels, *SHAPE[1:]), **neurons),
        Population("b", (16, *SHAPE[1:]), **neurons),
    )
    joined = (
        window("1", "in", "a", channels, SHAPE[0]),
        window("2", "a", "b", 16, channels),
        window("3", "b", "b", 16, 16, 1),
    )
    return Program(LOIHI2, (Input("in", SHAPE, 0, bits),), populations, joined, ("b",))


def limit(made: Program, machine: Machine) -> int | None:
    """The number of events from which on the first convolution is done without looking at them."""
    drawn = plan(made)
    layouts = {name: Layout(sender.shape) for name, sender in drawn.senders.items()}
    stage = native_stage(drawn, drawn.stages[0], layouts, machine, None)
    assert stage is not None
    kernels = stage.dispatches[0].kernels
    return kernels[1][0] if len(kernels) > 1 else None


def events(made: Program, counts: list[int]) -> dict[str, np.ndarray]:
    """A stimulus of exactly so many events at each step, of any value."""
    given = made.inputs[0]
    values = np.zeros((2, len(counts), given.size))
    for sample in range(2):
        rng = np.random.default_rng((sample, 5))
        for t, count in enumerate(counts):
            places = rng.permutation(given.size)[:count]
            values[sample, t, places] = rng.integers(1, given.output.high, count, endpoint=True)
    return {"in": values.reshape(2, len(counts), *given.shape)}


@EVERY
@pytest.mark.parametrize(("bits", "weight"), [(1, 60), (5, 60), (1, 900), (7, 127)])
def test_the_result_does_not_depend_on_what_was_chosen(machine: Machine, bits: int, weight: int) -> None:
    made = program(bits, weight=weight)
    at, size = limit(made, machine), made.inputs[0].size
    assert (at is not None) == (bits == 1 or (machine in (AVX2, AVX512) and weight < 128))
    at = size // 4 if at is None else at
    assert 1 < at < size - 1, "the threshold cannot be crossed"
    counts = [0, 1, at - 1, at, at + 1, at, at - 1, 0, size, 0, size, size, 1, at + 1, at - 1, 0, 0]
    compiled = native_all([made], machine)[0]
    dirty = Dirty(compiled.about, compiled.reset, compiled.run, compiled.library)
    for each in (compiled, dirty):
        check(each, made, events(made, counts), (bits, weight))


@EVERY
@pytest.mark.parametrize("count", [0, SHAPE[0] * SHAPE[1] * SHAPE[2]], ids=["silence", "all"])
def test_the_same_activity_at_every_step(machine: Machine, count: int) -> None:
    made = program(1)
    check(native_all([made], machine)[0], made, events(made, [count] * 6), count)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_a_forced_kernel_leaves_nothing_to_choose(machine: Machine) -> None:
    made = plan(program(1))
    layouts = {name: Layout(sender.shape) for name, sender in made.senders.items()}
    for forced in ("scatter", "pairs", "table", "dense", "portable"):
        stage = native_stage(made, made.stages[0], layouts, machine, forced)
        assert stage is not None
        (choice,) = stage.dispatches
        able = forced not in ("pairs", "dense") or machine in (AVX2, AVX512)
        assert choice.names == (forced if able else "scatter",)


def kernels(made: Program, machine: Machine) -> set[str]:
    """All that a program's stages use."""
    drawn = plan(made)
    layouts = {name: Layout(sender.shape) for name, sender in drawn.senders.items()}
    found = [native_stage(drawn, each, layouts, machine, None) for each in drawn.stages]
    return {name for stage in found if stage is not None for choice in stage.dispatches for name in choice.names}


@EVERY
@pytest.mark.parametrize("channels_out", [1, 2, 8, 36])
@pytest.mark.parametrize("kernel", [(7, 4), (3, 1), (1, 5)], ids=str)
def test_tables_of_four_messages(machine: Machine, channels_out: int, kernel: tuple[int, int]) -> None:
    """Every shape of kernel row, at margins and in the middle."""
    rng = np.random.default_rng(channels_out * kernel[0])
    weights = 2 * rng.integers(-127, 128, (channels_out, SHAPE[0], *kernel))
    padding = (kernel[0] // 2, kernel[1] // 2)
    space = tuple(n + 2 * p - k + 1 for n, p, k in zip(SHAPE[1:], padding, kernel, strict=True))
    target = Population("a", (channels_out, *space), current_decay=900, membrane_decay=400, threshold=150)
    edge = Projection("1", "in", "a", "conv2d", weights, padding=padding)
    made = Program(LOIHI2, (Input("in", SHAPE),), (target,), (edge,), ("a",))
    used = kernels(made, machine)
    assert used & ({"columns"} if channels_out * kernel[1] <= 8 else {"table", "scatter"}), used
    size = made.inputs[0].size
    check(native_all([made], machine)[0], made, events(made, [0, 1, size, size // 2, 7, 0, size, 3]), used)


def convolution(channels: int, out: int, kernel: tuple[int, int], bits: int, weights: NDArray[np.int64]) -> Program:
    """A convolution of those weights over a small map, from an input of so many bits."""
    shape, padding = (channels, 5, 7), (kernel[0] // 2, kernel[1] // 2)
    space = tuple(n + 2 * p - k + 1 for n, p, k in zip(shape[1:], padding, kernel, strict=True))
    target = Population("a", (out, *space), current_decay=900, membrane_decay=400, threshold=150)
    edge = Projection("1", "in", "a", "conv2d", weights, message_bits=bits, padding=padding)
    return Program(LOIHI2, (Input("in", shape, 0, bits),), (target,), (edge,), ("a",))


@EVERY
@pytest.mark.parametrize(
    ("channels", "out", "kernel", "bits"),
    [
        (16, 36, (3, 3), 1),
        (34, 8, (1, 1), 3),
        (48, 5, (5, 2), 1),
        (2, 130, (3, 3), 4),
        (6, 260, (2, 1), 2),
        (32, 64, (1, 7), 1),
    ],
    ids=str,
)
def test_pairs_of_messages(machine: Machine, channels: int, out: int, kernel: tuple[int, int], bits: int) -> None:
    """Every length of list, of runs and of what registers hold, at margins and in the middle."""
    rng = np.random.default_rng((channels, out))
    most = min(127, 32767 // ((1 << bits) - 1) // channels // (kernel[0] * kernel[1]) // 2 * 2)
    made = convolution(channels, out, kernel, bits, rng.integers(-most, most + 1, (out, channels, *kernel)))
    drawn = plan(made)
    stage = native_stage(
        drawn, drawn.stages[0], {n: Layout(s.shape) for n, s in drawn.senders.items()}, machine, "pairs"
    )
    assert stage is not None
    assert stage.dispatches[0].names == (("pairs",) if machine in (AVX2, AVX512) else ("scatter",))
    size = made.inputs[0].size
    check(native_all([made], machine, "pairs")[0], made, events(made, [0, 1, size, size // 2, 7, 0, 3]), machine.name)


@EVERY
def test_the_largest_products_of_a_pair(machine: Machine) -> None:
    weights = np.array([[127, 127], [-128, -128], [127, -128], [-128, 0]]).reshape(4, 2, 1, 1)
    made = convolution(2, 4, (1, 1), 7, weights)
    full = {"in": np.full((1, 3, 2, 5, 7), 127.0)}
    for forced in ("pairs", "dense"):
        check(native_all([made], machine, forced)[0], made, full, forced)
