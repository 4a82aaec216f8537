"""Native code that adds events to currents in turn equals the reference, at every bound and in every order."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.codegen import render
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import AVX2, MACHINES, Machine
from neurodeploy.codegen.module import unit
from neurodeploy.codegen.native.dispatch import native_stage
from neurodeploy.codegen.native.matrix_saturating import NativeDelivery, native_delivery
from neurodeploy.engine.build import compile_library
from neurodeploy.engine.compiler import Compiler, find_compiler
from neurodeploy.engine.library import load
from neurodeploy.engine.run import beyond, run_loaded
from neurodeploy.engine.sources import driven_messages
from neurodeploy.numerics import LOIHI2, XYLO_V2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference.program_runner import run_program
from neurodeploy.step.plan import plan
from tests.xylo.nets import BOTTOM, TOP, Net, counts, net, strange

from .native_support import EVERY, architecture, check, flags, native_all
from .sanitized import build, equals_reference, everything_out, needs_gcc
from .support import differences, needs_compiler, reference

pytestmark = needs_compiler
SIZES = (1, 2, 7, 8, 9, 15, 17, 31, 33, 63, 64, 100, 127, 129, 200, 255, 257, 300)
STEPS = 12


def usual() -> Compiler:
    compiler = find_compiler()
    assert compiler is not None
    return compiler


def neurons(rng: np.random.Generator, name: str, size: int, most: int) -> Population:
    """Neurons that fire often, some of them at every threshold the chip has."""
    return Population(
        name,
        (size,),
        current_decay=rng.integers(1, 8, size),
        membrane_decay=rng.integers(0, 8, size),
        threshold=rng.integers(1, int(rng.choice([20, 900, 32767])), size, endpoint=True),
        bias=rng.integers(-300, 300, size) * int(rng.integers(0, 2)),
        compare=">=",
        reset="subtract",
        max_spikes_per_step=most,
        output=Output("count", 5) if most > 1 else Output(),
        initial_current=rng.integers(BOTTOM, TOP, size, endpoint=True),
        initial_membrane=rng.integers(BOTTOM, TOP, size, endpoint=True),
    )


def loop(seed: int) -> Net:
    """An all-to-all network of the seed's size: counts from 1 to 31, every shift, sparse matrices among dense ones."""
    rng = np.random.default_rng((seed, 13))
    size, given, out = SIZES[seed % len(SIZES)], int(rng.integers(1, 40)), int(rng.integers(1, 20))
    most = int(rng.choice([1, 3, 31]))

    def joined(source: str, target: str, shape: tuple[int, int], bits: int) -> Projection:
        weights = rng.integers(-128, 128, shape)
        weights[:, rng.random(shape[1]) < 0.5] //= 16
        kind = "sparse" if rng.random() < 0.15 else "dense"
        delay, shift = int(source == "hidden"), int(rng.integers(0, 9))
        return Projection(f"{source}-{target}", source, target, kind, weights, shift, delay, bits)

    projections = (
        joined("in", "hidden", (size, given), 4),
        joined("hidden", "hidden", (size, size), 1 if most == 1 else 5),
        joined("hidden", "out", (out, size), 5),
    )
    populations = neurons(rng, "hidden", size, most), neurons(rng, "out", out, 1)
    spikes = rng.integers(0, 16, (1, STEPS, given)) * (rng.random((1, STEPS, given)) < rng.uniform(0.05, 0.6))
    return Net(Program(XYLO_V2, (Input("in", (given,), bits=4),), populations, projections, ("out",)), spikes)


@EVERY
def test_all_to_all_networks(machine: Machine) -> None:
    loops = [loop(seed) for seed in range(len(SIZES))]
    compiled = native_all([each.program for each in loops], machine)
    met: Counter[str] = Counter()
    for seed, each in enumerate(loops):
        check(compiled[seed], each.program, each.stimulus, seed)
        met += counts(each, reference(each.program, each.stimulus))
    for what in ("currents at a bound", "currents that depend on order", "several spikes in a step"):
        assert met[what] > 100, met


@EVERY
def test_the_networks_that_xylosim_judges(machine: Machine) -> None:
    nets = [net(seed) for seed in range(6)]
    for seed, (each, compiled) in enumerate(zip(nets, native_all([n.program for n in nets], machine), strict=True)):
        check(compiled, each.program, each.stimulus, seed)


@EVERY
def test_what_native_kernels_do_not_deliver_is_left_to_portable_ones(machine: Machine) -> None:
    rng = np.random.default_rng(14)
    programs = [strange(seed) for seed in range(40, 46)]
    for seed, (program, compiled) in enumerate(zip(programs, native_all(programs, machine), strict=True)):
        check(compiled, program, {"in": rng.integers(0, 16, (2, 9, *program.inputs[0].shape)).astype(float)}, seed)


def bounds(shift: int) -> Program:
    """One source that meets every extreme weight at every extreme current; what it adds shows as it is."""
    near = [0, 1, -1, 2, -2, 32, 63, -64, 100, -100, 126, 127, -127, -128]
    far = [0, 1, -1, 255, -256, 9999, -9999, TOP - 1, TOP, BOTTOM + 1, BOTTOM]
    weights, start = (each.reshape(-1) for each in np.meshgrid(near, far))
    rule: Any = {"compare": ">=", "reset": "subtract", "threshold": TOP}
    held = Population("n", weights.shape, current_decay=15, membrane_decay=15, initial_current=start, **rule)
    projection = Projection("p", "in", "n", "dense", weights[:, None], shift, message_bits=4)
    return Program(XYLO_V2, (Input("in", (1,), bits=4),), (held,), (projection,), ("n",))


@EVERY
def test_any_count_at_every_bound(machine: Machine) -> None:
    programs = [bounds(shift) for shift in range(9)]
    given = {"in": np.arange(16.0).reshape(16, 1, 1) * np.ones((1, 3, 1))}
    for shift, (program, compiled) in enumerate(zip(programs, native_all(programs, machine), strict=True)):
        check(compiled, program, given, shift)


def parts(u: int, w: int, message: int, largest: int) -> int:
    """What the kernel makes of one event."""
    while message > 0:
        now = min(message, largest)
        assert BOTTOM <= now * w <= TOP
        u, message = clipped(u + now * w), message - now
    return u


def clipped(x: int) -> int:
    return max(BOTTOM, min(TOP, x))


def test_a_count_in_parts_of_one_sign_is_so_many_events() -> None:
    rng = np.random.default_rng(15)
    ends = [0, 1, -1, TOP, BOTTOM, *(int(x) for x in rng.integers(BOTTOM, TOP, 20))]
    for w in (0, 1, -1, 127 << 8, -128 << 8, 30000, *(int(x) for x in rng.integers(BOTTOM, TOP, 40))):
        largest = TOP // w if w > 0 else BOTTOM // w if w < 0 else 31
        for u in ends:
            one_by_one = u
            for message in range(1, 32):
                one_by_one = clipped(one_by_one + w)
                assert one_by_one == clipped(u + message * w) == parts(u, w, message, largest)
    assert clipped(BOTTOM + 2 * 30000) != clipped(BOTTOM + clipped(2 * 30000))


@pytest.mark.parametrize(("shift", "largest"), [(0, 256), (3, 32), (8, 1)])
def test_a_message_is_cut_where_its_products_would_leave_16_bits(shift: int, largest: int) -> None:
    made = plan(bounds(shift))
    found = native_delivery(made.stages[0].arrival.deliveries[0], made, Layout((1,)))
    assert isinstance(found, NativeDelivery)
    assert found.largest == largest
    text = render(made, machine=AVX2).body
    assert "nd_clipped16x16" in text
    assert ("left" in text) == (largest < 15)


@EVERY
def test_an_isolated_run_may_be_fed_more_than_any_neuron_sends(machine: Machine) -> None:
    for seed, low in ((3, 0), (5, -300)):
        rng = np.random.default_rng(seed)
        made = net(seed)
        drive = run_program(made.program, made.stimulus)
        drive["hidden"].output[:] = rng.integers(low, 70000, drive["hidden"].output.shape)
        fed = driven_messages(made.program, drive, 1, made.spikes.shape[1])
        text = render(plan(made.program, beyond(made.program, fed)), "p", machine)
        compiled = load([text], usual(), flags(machine))[0]
        expected = run_program(made.program, made.stimulus, states=True, drive=drive)
        sent = quantize_inputs(made.program, made.stimulus)
        assert not differences(expected, run_loaded(compiled, made.program, sent, fed, states=True)), (seed, low)


@EVERY
def test_quotients_on_both_sides_of_every_whole_number(machine: Machine) -> None:
    """Membranes one below a multiple of their threshold, and at it, at all magnitudes of 24-bit states."""
    rng = np.random.default_rng(16)
    size, most = 8192, 31
    threshold = np.minimum(2 ** rng.uniform(0, 17, size), (1 << 17) - 1).astype(np.int64)
    times = np.minimum(rng.integers(1, most, size, endpoint=True), ((1 << 23) - 1) // (threshold << 6))
    start = times * (threshold << 6) - rng.integers(0, 2, size)
    held = Population(
        "n", (size,), membrane_decay=0, threshold=threshold, initial_membrane=start, compare=">=", reset="subtract",
        max_spikes_per_step=most, output=Output("count", 5),
    )  # fmt: skip
    still = Projection("p", "in", "n", "dense", np.zeros((size, 1)))
    program = Program(LOIHI2, (Input("in", (1,)),), (held,), (still,), ("n",))
    assert "nd_quotient(" in render(plan(program), machine=machine).body
    check(native_all([program], machine)[0], program, {"in": np.zeros((1, 2, 1))}, machine.name)


def spikes_most(each: Net) -> int:
    return each.program.populations[0].max_spikes_per_step


def test_updates_and_deliveries_of_the_chip_are_native() -> None:
    made = plan(next(each.program for each in map(loop, range(9, 30)) if spikes_most(each) == 31))
    layouts = {name: Layout(sender.shape) for name, sender in made.senders.items()}
    for stage in made.stages:
        assert native_stage(made, stage, layouts, AVX2, None) is not None
    text = render(made, machine=AVX2).body
    assert text.count("nd_clipped16x") > 0
    assert "nd_quotient(" in text


@EVERY
@needs_gcc
def test_step_by_step_under_all_sanitizers(machine: Machine, tmp_path: Path) -> None:
    made = [loop(seed) for seed in (0, 4, 11)] + [net(0), net(1)]
    pairs = [(everything_out(each.program), each.stimulus) for each in made]
    renderings = [render(plan(program), f"p{k}", machine) for k, (program, _) in enumerate(pairs)]
    equals_reference(build(tmp_path, renderings, architecture(machine)), pairs)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_every_machine_compiles_without_a_warning(machine: Machine) -> None:
    texts = [render(plan(loop(seed).program), f"p{seed}", machine) for seed in (3, 9, 17)]
    assert any('"\n"\\' in each.body for each in texts)  # a long table is a string
    assert compile_library(unit(texts), usual(), flags(machine))
