"""A target's own code that misbehaves is an error that names the target (exit code 4), never one of ours."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.capabilities import Capabilities
from neurodeploy.errors import EnvironmentFailureError, InputError, UnavailableError
from neurodeploy.flow.exporting import lower_program
from neurodeploy.flow.foreign import run_target
from neurodeploy.numerics import LOIHI2
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Entry, Trace
from tests.parity.networks import chain, noise

PROGRAM, STIMULUS = chain([[80]], [[80]]), Stimulus(noise(1))
GOOD = run_program(PROGRAM, STIMULUS, states=True)


def chip(
    run: Callable[..., object] = lambda *_, **__: GOOD, lower=lambda program, options: Artifact(program)
) -> Target:
    return Target("chip", "under test", LOIHI2, Capabilities(), lower, run)  # type: ignore[arg-type]


def with_l1(**fields: object) -> Trace:
    return Trace({**GOOD.entries, "l1": replace(GOOD["l1"], **fields)})


def raising(error: Exception) -> Callable[..., object]:
    def run(*_: object, **__: object) -> object:
        raise error

    return run


def test_a_trace_in_order_is_passed_on() -> None:
    assert run_target(chip(), Artifact(PROGRAM), STIMULUS) is GOOD


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        (None, "its run returned None, not an instance of Trace"),
        ({"l1": 1}, "its run returned a dict, not an instance of Trace"),
        (Trace({"l1": GOOD["l1"]}), "its trace has no record of node l2"),
        (Trace({"l1": GOOD["l1"].output, "l2": GOOD["l2"]}), "its record of l1 is no Entry"),  # type: ignore[dict-item]
        (with_l1(output=None), "its record l1.output is a NoneType, not of real numbers"),
        (with_l1(output=GOOD["l1"].output.tolist()), "its record l1.output is a list, not of real numbers"),
        (with_l1(output=GOOD["l1"].output.astype(object)), "its record l1.output is an array of object"),
        (with_l1(output=GOOD["l1"].output.astype(str)), "its record l1.output is an array of <U"),
        (with_l1(output=GOOD["l1"].output[:, :5]), r"its record l1.output has shape \(1, 5, 1\), not \(1, 40, 1\)"),
        (with_l1(output=GOOD["l1"].output[0]), r"its record l1.output has shape \(40, 1\)"),
        (with_l1(v=GOOD["l1"].output[..., 0]), r"its record l1.v has shape \(1, 40\)"),
        (with_l1(u=GOOD["l1"].output.astype(complex)), "its record l1.u is an array of complex128"),
        (Trace({**GOOD.entries, "input": Entry(np.zeros((1, 2, 1)))}, encoded=("input",)), "its record input.output"),
    ],
)
def test_anything_but_a_whole_trace_is_told(returned: object, problem: str) -> None:
    with pytest.raises(UnavailableError, match=f"target chip: {problem}") as error:
        run_target(chip(lambda *_, **__: returned), Artifact(PROGRAM), STIMULUS)
    assert error.value.remedy


@pytest.mark.parametrize("error", [ValueError("no board"), KeyError("l1"), ZeroDivisionError(), OSError("bus")])
def test_an_error_of_its_own_is_told_with_the_targets_name(error: Exception) -> None:
    with pytest.raises(UnavailableError, match=f"target chip: its run failed with {type(error).__name__}") as told:
        run_target(chip(raising(error)), Artifact(PROGRAM), STIMULUS)
    assert told.value.__cause__ is error
    with pytest.raises(UnavailableError, match=f"target chip: its lower failed with {type(error).__name__}"):
        lower_program(PROGRAM, chip(lower=raising(error)))


def test_a_runner_without_the_arguments_of_one_is_told() -> None:
    with pytest.raises(UnavailableError, match=r"its run failed with TypeError: .*states"):
        run_target(chip(lambda artifact, stimulus: GOOD), Artifact(PROGRAM), STIMULUS)


def test_an_error_of_the_hierarchy_keeps_its_code_and_memory_is_the_machines() -> None:
    with pytest.raises(InputError, match="no such board"):
        run_target(chip(raising(InputError("no such board"))), Artifact(PROGRAM), STIMULUS)
    with pytest.raises(EnvironmentFailureError, match="target chip: its run ran out of memory"):
        run_target(chip(raising(MemoryError())), Artifact(PROGRAM), STIMULUS)


def test_a_lowering_that_gives_no_artifact_is_told() -> None:
    with pytest.raises(UnavailableError, match="target chip: its lower returned None, not an instance of Artifact"):
        lower_program(PROGRAM, chip(lower=lambda program, options: None))
