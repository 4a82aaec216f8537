"""Compiled code does what the real xylosim does, and what the reference does beyond what xylosim can be given."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.engine.run import beyond, run_compiled, run_loaded
from neurodeploy.engine.sources import driven_messages
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference.program_runner import run_program
from tests.xylo.environment import unavailable
from tests.xylo.nets import net, strange
from tests.xylo.simulator import differing, simulate

from .support import QUICK, STATES, compiled_all, differences, needs_compiler, reference, run_one

pytestmark = needs_compiler
NETS = 3


@pytest.mark.skipif(unavailable() is not None, reason=unavailable() or "")
def test_it_does_what_xylosim_does() -> None:
    nets = [net(seed) for seed in range(NETS)]
    loaded = compiled_all([each.program for each in nets], (*QUICK, "-O3"))
    for seed, each, records, compiled in zip(range(NETS), nets, simulate(nets), loaded, strict=True):
        assert differing(records, run_one(compiled, each.program, each.stimulus)) == 0, seed


def test_what_runs_by_default_on_this_machine_does_it_too() -> None:
    for seed in (0, 4):
        each = net(seed)
        trace = run_compiled(each.program, each.stimulus, states=True)
        assert trace.meta["engine"] == "compiled"
        expected = reference(each.program, each.stimulus)
        for name in each.program.by_name:
            for key in STATES:
                assert np.array_equal(getattr(expected[name], key), getattr(trace[name], key)), (seed, name, key)


def test_any_shape_and_any_start() -> None:
    rng = np.random.default_rng(9)
    programs = [strange(seed) for seed in range(20, 25)]
    for program, compiled in zip(programs, compiled_all(programs), strict=True):
        given = {"in": rng.integers(0, 16, (3, 25, *program.inputs[0].shape)).astype(np.float64)}
        assert not differences(reference(program, given), run_one(compiled, program, given))


def test_an_isolated_run_may_be_fed_more_than_any_neuron_sends() -> None:
    rng = np.random.default_rng(10)
    made = net(3)
    drive = run_program(made.program, made.stimulus)
    drive["hidden"].output[:] = rng.integers(-300, 70000, drive["hidden"].output.shape)
    sent = quantize_inputs(made.program, made.stimulus)
    fed = driven_messages(made.program, drive, 1, made.spikes.shape[1])
    compiled = compiled_all([made.program], ranges=[beyond(made.program, fed)])[0]
    expected = run_program(made.program, made.stimulus, states=True, drive=drive)
    assert not differences(expected, run_loaded(compiled, made.program, sent, fed, states=True))


def test_a_current_that_decays_at_once_takes_no_memory_and_no_time() -> None:
    program = net(2).program
    forgetful = tuple(replace(p, current_decay=0) for p in program.populations)
    compiled, given = replace(program, populations=forgetful), net(2).stimulus
    assert not differences(reference(compiled, given), run_one(compiled_all([compiled])[0], compiled, given))
