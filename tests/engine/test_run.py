"""What the engine accepts and refuses, and what runs where there is no compiler."""

import numpy as np
import pytest

from neurodeploy.conformance import generate
from neurodeploy.engine import run as running
from neurodeploy.engine import run_compiled
from neurodeploy.engine.batch import thread_count
from neurodeploy.engine.fingerprint import fingerprint
from neurodeploy.engine.run import EngineWarning
from neurodeploy.errors import InputError
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace

from .one_neuron import SPIKES, program
from .support import differences, needs_compiler


def test_without_a_compiler_the_reference_runs_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.warns(EngineWarning, match="no C compiler"):
        trace = run_compiled(program(), SPIKES, states=True)
    assert trace.meta["engine"] == "reference"
    assert not differences(run_program(program(), SPIKES, states=True), trace)


@needs_compiler
def test_the_trace_says_what_ran() -> None:
    trace = run_compiled(program(), SPIKES, states=True, compact=False)
    assert trace.meta == {"rung": "program", "numerics": "loihi2", "engine": "compiled"}
    assert not differences(run_program(program(), SPIKES, states=True), trace)
    assert run_compiled(program(), SPIKES)["n"].v is None


@needs_compiler
def test_a_compact_trace_holds_the_same_numbers_in_narrow_types() -> None:
    case = generate(35, "held", 2)
    wide, narrow = (run_compiled(case.program, case.stimulus, compact=compact) for compact in (False, True))
    for name in case.program.by_name:
        assert wide[name].output.dtype == np.int64
        assert narrow[name].output.dtype.itemsize < 8
        assert np.array_equal(wide[name].output, narrow[name].output)


@needs_compiler
def test_a_run_of_no_step() -> None:
    given = {"input": np.zeros((3, 0, 1))}
    assert not differences(
        run_program(program(), given, states=True), run_compiled(program(), given, True, compact=False)
    )


@needs_compiler
def test_a_stimulus_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="give it the shape"):
        run_compiled(program(), {"input": np.zeros((1, 5, 2))})


@needs_compiler
def test_a_drive_that_does_not_fit_is_refused() -> None:
    short = run_program(program(), {"input": SPIKES["input"][:, :3]})
    with pytest.raises(InputError, match="record it again"):
        run_compiled(program(), SPIKES, drive=Trace(short.entries))


@pytest.mark.parametrize("given", ["0", "many", "-1"])
def test_a_number_of_threads_is_at_least_one(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODEPLOY_THREADS", given)
    with pytest.raises(InputError, match="is no number of threads"):
        thread_count()


def test_changed_weights_make_another_program() -> None:
    one, other = program(), program()
    assert fingerprint(one) == fingerprint(other)
    other.projections[0].weights[0, 0] = 1
    assert fingerprint(one) != fingerprint(other)


@needs_compiler
@pytest.mark.parametrize("threads", [1, 2])
def test_after_a_failure_no_further_sample_is_begun(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    def source(sample: int, steps: slice) -> np.ndarray:
        begun.append(sample)
        raise InputError("no such sample")

    monkeypatch.setattr(running, "input_sources", lambda made, stimulus: ({"input": source}, 1000, 5))
    with pytest.raises(InputError, match="no such sample"):
        run_compiled(program(), SPIKES, threads=threads)
    assert len(begun) <= threads
