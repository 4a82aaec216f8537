"""A long check runs in groups of samples and chunks of steps, on compiled code, and finds what a short one finds."""

import importlib
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.contract import Terms
from neurodeploy.flow import check
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.parity import feeds, plan, recorder
from neurodeploy.parity import target_side as side
from neurodeploy.parity.plan import Plan
from neurodeploy.parity.report import Report
from neurodeploy.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.target import find_target
from neurodeploy.trace import Trace
from tests.engine.support import needs_compiler

FIXED = importlib.import_module("neurodeploy.targets.fixed")
pytestmark = needs_compiler


def network() -> Network:
    """Three layers with a delay, a loop, and weights that eight bits do not hold."""
    rng = np.random.default_rng(3)
    build = NetworkBuilder(Terms(dt=1e-3))
    first = build.integrate("first", build.linear("a", build.input("input", (6,)), rng.normal(0.3, 0.5, (8, 6))), 1.0)
    late = build.delay("late", first, 2e-3)
    second = build.integrate("second", build.linear("b", late, rng.normal(0.2, 0.4, (7, 8))), 1.0)
    third = build.integrate("third", build.linear("c", second, rng.normal(0.2, 0.4, (5, 7))), 1.0)
    build.connect(build.linear("loop", third, rng.normal(-0.1, 0.2, (8, 5))), "first")
    build.output("output", third)
    return build.build()


def stimulus(samples: int = 5) -> dict[str, np.ndarray]:
    return {"input": (np.random.default_rng(1).random((samples, 60, 6)) < 0.4).astype(float)}


def lengthen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of a few thousand cells counts as long: two samples in a call, one in a group, seven steps in a chunk."""
    for name, value in (("WHOLE", 4000), ("RUN", 2400), ("BLOCK", 140), ("LARGEST", 140)):
        monkeypatch.setattr(plan, name, value)
    monkeypatch.setattr(side, "RUN", 2400)


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    lengthen(monkeypatch)


def checked(**how: object) -> Report:
    return check(network(), stimulus(), targets=["fixed"], budget=0.5, **how)  # type: ignore[arg-type]


def test_the_plan_cuts_what_is_long_and_covers_every_cell() -> None:
    small, long = Plan.of(3, 10, 20), Plan.of(16, 200, 267_000)
    assert (small.together, small.group, small.chunk) == (3, 3, 10) and small.small
    assert (long.together, long.group) == (1, 1) and long.chunk == 10 and not long.small
    for cut in (small, long):
        groups = [group for run in cut.runs() for group in cut.groups(run)]
        assert [s for group in groups for s in range(group.start, group.stop)] == list(range(cut.samples))
        assert [t for steps in cut.chunks() for t in range(steps.start, steps.stop)] == list(range(cut.steps))
    part = long.reference_part()
    assert 0 in part[0] and sum(map(len, part.values())) >= 2
    assert all(step % long.chunk == 0 and step < 200 for steps in part.values() for step in steps)


def test_less_is_looked_at_again_of_a_long_check() -> None:
    small, long = Plan.of(3, 10, 20), Plan.of(16, 200, 267_000)
    assert small.recordable == (3, 10) and small.looked == (3, (slice(0, 10),))
    assert long.recordable == (1, 15) and long.looked == (1, (slice(0, 1), slice(9, 10)))
    assert Plan.of(16, 200, 20_000).looked == (1, (slice(0, 13), slice(91, 104)))
    assert Plan.of(16, 200, 9_000_000).looked == (1, (slice(0, 1),))
    assert Plan.of(16, 30, 20_000).looked == (1, (slice(0, 13), slice(17, 30)))
    assert small.alone == (3, 10) and long.alone == (1, 40) and Plan.of(16, 200, 20_000).alone == (2, 200)
    assert long.judged == 2 and small.judged == small.chunk
    cells = sum(len(steps) for steps in long.reference_part().values()) * long.judged * long.neurons
    assert cells <= plan.PART < 2 * cells


def test_a_short_check_counts_the_same_however_its_samples_are_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    together = checked()
    monkeypatch.setattr(plan, "BLOCK", 140)
    apart = checked()
    assert (apart.rungs, apart.coverage, apart.adequacy) == (together.rungs, together.coverage, together.adequacy)


def test_a_long_check_counts_what_a_short_one_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    short = checked()
    lengthen(monkeypatch)
    streamed = checked()
    assert streamed.verdict == short.verdict == "agree"
    assert [rung.nodes for rung in streamed.rungs] == [rung.nodes for rung in short.rungs]
    assert streamed.coverage == short.coverage
    assert any(node.mismatches for node in streamed.rungs[0].nodes.values())


def test_what_rounding_can_make_is_asked_of_first_steps_and_of_later_ones(
    long: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "LOOK", 40)
    assert any("was asked of steps 0 and 6, samples: 1" in note for note in checked().rungs[0].notes)
    monkeypatch.setattr(plan, "LOOK", 80)
    assert any("was asked of steps 0 to 1 and 5 to 6, samples: 1" in note for note in checked().rungs[0].notes)
    monkeypatch.setattr(plan, "LOOK", 140)
    assert any("was asked of the first 7 steps, samples: 1" in note for note in checked().rungs[0].notes)


def test_the_report_says_which_part_the_reference_judged(long: None) -> None:
    report = checked()
    note, target = report.rungs[0].notes[-1], report.rungs[1]
    assert "ran as compiled code, equal to the reference in" in note and "--reference full" in note
    assert target.verdict == "agree" and "against the reference in" in target.verdict_words and target.claim == ""
    assert target.to_json()["compared"]["part"] in note
    full = checked(reference="full")
    assert not any("compiled" in note for note in full.rungs[0].notes) and full.rungs[1].verdict_words == "agree"


def damaged(program: Program, name: str) -> Program:
    """The program with one synapse changed."""

    def change(projection: Projection) -> Projection:
        if projection.target != name or projection.source == "third":
            return projection
        weights = projection.weights.copy()
        weights.flat[0] += 32
        return replace(projection, weights=weights)

    return replace(program, projections=tuple(map(change, program.projections)))


def test_a_defect_of_the_engine_is_found_where_the_reference_looks(long: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Target and program both run the sick engine, so that nothing but the reference can tell."""

    def sick(program: Program, batch: int, states: bool = False, **more: Any) -> object:
        return _open(damaged(program, "second"), batch, states, **more)

    _open = feeds.open_stream
    monkeypatch.setattr(feeds, "open_stream", sick)
    monkeypatch.setattr(FIXED, "open_stream", sick)
    report = checked()
    assert report.verdict == "diverged"
    defect = next(rung for rung in report.rungs if rung.target == "engine")
    assert defect.first_divergence is not None and defect.first_divergence.node == "second"
    assert not defect.nodes["first"].mismatches and not defect.nodes["first"].state_mismatches
    assert defect.causes is not None
    (culprit,) = defect.causes.culprits
    assert culprit.node == "second" and "weights" in {cause.term for cause in culprit.causes}


def test_a_long_check_names_the_first_divergence_and_the_guilty_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is fed in chunks, and as a target that has whole runs only."""
    _open, _run = FIXED.open_stream, FIXED.run_compiled

    def opened(artifact, batch: int, states: bool):
        return _open(damaged(artifact.program, "second"), batch, states)

    def run(artifact, shown, *, states: bool = False, drive: Trace | None = None) -> Trace:
        return _run(damaged(artifact.program, "second"), shown, states, drive)

    def report_of(opens: object) -> Report:
        target = replace(find_target("fixed"), opens=opens, run=run)
        monkeypatch.setattr("neurodeploy.flow.ladder.find_target", lambda name: target)
        return checked()

    short = report_of(None).rungs[-1]
    lengthen(monkeypatch)
    reports = [report_of(opens) for opens in (opened, None)]
    for report in reports:
        rung = report.rungs[-1]
        assert rung.verdict == "diverged"
        assert rung.first_divergence == short.first_divergence
        assert [node.mismatches for node in rung.nodes.values()] == [node.mismatches for node in short.nodes.values()]
        isolated = {name: node.isolated_mismatches for name, node in rung.nodes.items()}
        assert isolated["first"] == isolated["third"] == 0 and isolated["second"]
        assert any("counts of nodes by themselves" in note for note in rung.notes)


def test_nodes_stand_alone_in_the_first_steps_of_a_long_check(long: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def isolated(report: Report) -> tuple[dict[str, float | None], bool]:
        rung = next(rung for rung in report.rungs if (rung.source, rung.target) == ("network", "program"))
        told = any("first 21 steps of 2 samples" in note for note in rung.notes)
        return {name: node.isolated_jaccard for name, node in rung.nodes.items()}, told

    everything, _ = isolated(checked())
    monkeypatch.setattr(plan, "ALONE", 20 * 20)
    first, told = isolated(checked())
    alone = {"input": stimulus()["input"][:2, :21]}
    expected, _ = isolated(check(network(), alone, targets=["fixed"], budget=0.5))
    assert told and first == expected != everything
    assert isolated(checked(reference="full")) == (everything, False)


def test_progress_is_told_in_words(long: None) -> None:
    told: list[str] = []
    checked(progress=told.append)
    assert told[-1].startswith("network, program, fixed: 100 % of 5 samples of 60 steps")
    assert len(told) > 5


def test_memory_does_not_grow_with_steps_or_samples(long: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what the stimulus itself takes; what ``adequacy`` keeps ends after 256 steps (tests/adequacy)."""
    monkeypatch.setattr(plan, "BLOCK", 4000)
    monkeypatch.setattr(plan, "LOOK", 4000)
    monkeypatch.setattr(recorder, "KEPT", 1000)
    monkeypatch.setattr(recorder, "STEPS", 30)

    def peak(samples: int, steps: int) -> int:
        build = NetworkBuilder(Terms(dt=1e-3))
        at = build.linear("fc", build.input("input", (2,)), np.full((400, 2), 0.25))
        build.output("output", build.integrate("cells", at, 1.0))
        made = build.build()
        shown = {"input": np.ones((samples, steps, 2), np.int8)}
        tracemalloc.start()
        assert nd.check(made, shown, targets=["fixed"], adequacy=False).verdict == "agree"
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1, 30)
    assert peak(2, 200) < 1.5 * peak(1, 40)
