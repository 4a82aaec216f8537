"""The suite tells what a target cannot do, as it declares, from what it does wrongly."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.capabilities import Capabilities
from neurodeploy.conformance.ideas import kit_for, make_ideas
from neurodeploy.conformance.report import Conformance, Outcome
from neurodeploy.errors import CapabilityError, EnvironmentFailureError, InputError, UnavailableError
from neurodeploy.finding import Finding
from neurodeploy.flow import conform
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2, Numerics
from neurodeploy.program import Population, Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Trace
from tests.conformance.probe import PLAIN, as_if_independent, probe


def by_status(report: Conformance, status: str) -> dict[str, Outcome]:
    return {outcome.name: outcome for outcome in report.outcomes if outcome.status == status}


@pytest.fixture(scope="module")
def sound() -> Conformance:
    return conform(probe(), 2)


def test_a_sound_target_passes_all_that_it_declares(sound: Conformance) -> None:
    assert sound.verdict == "agree"
    assert by_status(sound, "failed") == {}
    assert len(by_status(sound, "passed")) > 40
    assert {"random/0", "random/1", "dense/delay/12-steps", "network/loop/three-steps"} <= by_status(
        sound, "passed"
    ).keys()
    assert set(sound.modes) == {"states", "outputs", "again", "samples apart", "isolated"}


def test_what_it_does_not_declare_is_unsupported_with_its_reason(sound: Conformance) -> None:
    unsupported = by_status(sound, "unsupported")
    assert {name.split("/")[0] for name in unsupported} >= {"li", "relay", "sparse", "conv1d", "conv2d", "sum-pool"}
    assert unsupported["cuba-lif/fire-once/in-every-sample"].reason == "firing once is not supported"
    assert unsupported["cuba-lif/reset/subtract"].reason == "reset subtract is not supported"


def test_the_table_has_every_attribute_of_every_operator(sound: Conformance) -> None:
    rows = {row[:2]: row[2:] for row in sound.table().rows}
    assert rows["cuba-lif", "membrane decay"] == (8, "", "")
    assert rows["cuba-lif", "reset"] == (1, 7, "")
    assert rows["random", "network"] == (2, "", "")
    assert sum(cell for cells in rows.values() for cell in cells if cell) == len(sound.outcomes)


def test_a_rule_of_the_target_is_a_declaration_too() -> None:
    def small(program: Program) -> list[Finding]:
        late = [p for p in program.projections if p.delay > 2]
        return [Finding("late", "error", p.name, "a delay beyond two steps", "use less") for p in late]

    report = conform(probe(rules=(small,)), 0)
    assert by_status(report, "unsupported")["dense/delay/12-steps"].reason == "a delay beyond two steps"
    assert by_status(report, "failed") == {}


def _populations(change: Callable[[Population], dict[str, Any]]) -> Callable[[Program], Program]:
    return lambda p: replace(p, populations=tuple(replace(q, **change(q)) for q in p.populations))


def _later(p: Program) -> Program:
    return replace(p, projections=tuple(replace(q, delay=q.delay + (q.delay > 1)) for q in p.projections))


def _wrapping(p: Program) -> Program:
    return replace(p, numerics=replace(p.numerics, membrane_overflow="wrap", wide_overflow="wrap"))


BUGS: dict[str, tuple[Target, str, str]] = {
    "ties fire": (probe(_populations(lambda p: {"compare": ">="})), "cuba-lif", "compare >"),
    "a bias is lost": (probe(_populations(lambda p: {"bias": 0})), "cuba-lif", "bias"),
    "currents are forgotten": (probe(_populations(lambda p: {"current_decay": 4096})), "cuba-lif", "current decay"),
    "delays are one step longer": (probe(_later), "dense", "delay"),
    "membranes wrap": (probe(_wrapping, replace(PLAIN, graded_messages=True)), "cuba-lif", "membrane overflow"),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_fails_the_cases_of_its_attribute_and_leaves_the_plain_ones(name: str) -> None:
    target, operator, attribute = BUGS[name]
    report = conform(target, 0)
    failed = by_status(report, "failed")
    assert report.verdict == "diverged"
    assert (operator, attribute) in {(outcome.operator, outcome.attribute) for outcome in failed.values()}
    assert by_status(report, "passed").keys() >= {"cuba-lif/plain/one-layer", "dense/weights/positive"}
    assert len(failed) < 12


def test_the_smallest_failing_program_is_small_saved_and_fails_again(tmp_path: Path) -> None:
    target, *_ = BUGS["currents are forgotten"]
    report = conform(target, 0, out=tmp_path / "case")
    smallest = report.smallest
    assert smallest is not None
    program = smallest.case.program
    assert [p.size for p in program.populations] == [1]
    assert smallest.case.stimulus.batch == 1
    assert smallest.case.steps <= 3
    assert smallest.first is not None
    again = conform(target, again=tmp_path / "case")
    assert (again.verdict, again.outcomes[0].reason) == ("diverged", smallest.reason)
    assert conform(probe(), again=tmp_path / "case").verdict == "agree"
    assert repr(conform(target, 0)) == repr(replace(report, saved=""))


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="is no saved case"):
        conform(probe(), 0, out=tmp_path)
    with pytest.raises(InputError, match="holds no saved case"):
        conform(probe(), again=tmp_path)


def raising(error: Exception, when: Callable[[Program], bool], name: str = "lower") -> Target:
    """A target that raises where a program is such; as ``lower`` or as ``run``."""

    def lower(program: Program, options: Any) -> Artifact:
        if name == "lower" and when(program):
            raise error
        return Artifact(program)

    def run(artifact: Artifact, stimulus: Any, *, states: bool = False, drive: Trace | None = None) -> Trace:
        if name == "run" and when(artifact.program):
            raise error
        return as_if_independent(artifact.program, stimulus, states, drive)

    return probe(lower=lower, run=run)


@pytest.mark.parametrize("name", ["lower", "run"])
@pytest.mark.parametrize("error", [CapabilityError("no room"), ZeroDivisionError("oh")])
def test_a_target_that_refuses_what_it_declares_fails_in_that_case_alone(name: str, error: Exception) -> None:
    def twice(program: Program) -> bool:
        return any(p.name.endswith("again") for p in program.projections)

    report = conform(raising(error, twice, name), 0)
    assert by_status(report, "failed").keys() == {"dense/pairs/two-projections"}
    assert ("no room" if isinstance(error, CapabilityError) else "ZeroDivisionError: oh") in report.outcomes[
        [o.status for o in report.outcomes].index("failed")
    ].reason


def test_a_target_that_runs_nothing_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="its run failed with ZeroDivisionError"):
        conform(raising(ZeroDivisionError(), lambda _: True, "run"), 0)
    with pytest.raises(EnvironmentFailureError):
        conform(raising(EnvironmentFailureError("no disk"), lambda _: True), 0)
    with pytest.raises(UnavailableError, match="not today"):
        conform(probe(available=lambda: "not today"), 0)


def run_with(change: Callable[[Trace, dict[str, Any]], Trace]) -> Target:
    """A target whose traces are changed; the function also gets a memory that lasts from run to run."""
    memory: dict[str, Any] = {}

    def run(artifact: Artifact, stimulus: Any, *, states: bool = False, drive: Trace | None = None) -> Trace:
        memory["asked"] = states, drive
        return change(as_if_independent(artifact.program, stimulus, states, drive), memory)

    return probe(run=run)


def _outputs(trace: Trace, change: Callable[[np.ndarray], np.ndarray]) -> Trace:
    return replace(trace, entries={name: replace(e, output=change(e.output)) for name, e in trace.entries.items()})


MODES: dict[str, Callable[[Trace, dict[str, Any]], Trace]] = {
    "outputs": lambda trace, memory: trace if memory["asked"][0] else _outputs(trace, lambda a: 0 * a),
    "samples apart": lambda trace, memory: trace if trace.batch > 1 else _outputs(trace, lambda a: a[:, ::-1]),
    "isolated": lambda trace, memory: trace if memory["asked"][1] is None else _outputs(trace, lambda a: 1 - a),
}


@pytest.mark.parametrize("mode", MODES)
def test_what_is_wrong_in_one_mode_alone_fails_there(mode: str) -> None:
    failed = by_status(conform(run_with(MODES[mode]), 0), "failed")
    assert failed
    assert mode in {outcome.modes[0] for outcome in failed.values()}
    assert "states" not in {outcome.modes[0] for outcome in failed.values()}


def test_what_a_target_may_leave_out_is_a_note() -> None:
    def run(artifact: Artifact, stimulus: Any, *, states: bool = False, drive: Trace | None = None) -> Trace:
        return as_if_independent(artifact.program, stimulus)

    report = conform(probe(run=run), 0)
    assert report.verdict == "agree"
    assert set(report.notes) == {"it records no states", "it does not run nodes isolated"}


def test_the_references_own_code_and_nothing_at_all_prove_nothing() -> None:
    def run(artifact: Artifact, stimulus: Any, *, states: bool = False, drive: Trace | None = None) -> Trace:
        return run_program(artifact.program, stimulus, states, drive)

    assert conform(probe(run=run), 0).verdict == "inconclusive"
    nothing = conform(probe(can=Capabilities(populations=frozenset())), 3)
    assert nothing.verdict == "inconclusive"
    assert {outcome.status for outcome in nothing.outcomes} == {"unsupported"}


SILENT = {"dense/delay/past-the-end", "sparse/delay/past-the-end", "cuba-lif/current-decay/all"}
"""Nothing arrives in time, or, where events enter a current before it decays, nothing is left of it."""


@pytest.mark.parametrize("numerics", [LOIHI2, INT32, XYLO_V2])
def test_every_idea_is_a_sound_program_in_which_something_arrives(numerics: Numerics) -> None:
    made = make_ideas(kit_for(numerics, Capabilities()))
    assert len({each.idea.name for each in made}) == len(made)
    within = [each.case for each in made if each.case is not None]
    assert len(within) > (60 if numerics.accumulation == "events" else 140)
    for case in within:
        case.program.ensure_sound()
        entry = run_program(case.program, case.stimulus, states=True)["n"]
        assert np.any(entry.output) or np.any(entry.v) or case.name in SILENT, case.name
