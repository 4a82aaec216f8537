"""SANA-FE replays a run and counts the events that the run has; every figure bears its label."""

import re
from pathlib import Path

import numpy as np
import pytest

import neurodeploy as nd
import neurodeploy.sanafe.environment as environment
from neurodeploy.conformance import generate
from neurodeploy.errors import CapabilityError, EnvironmentFailureError, UnavailableError
from neurodeploy.reference.program_runner import run_program
from neurodeploy.sanafe import replay
from neurodeploy.sanafe.pairs import pairs
from tests.cli.support import call, small_network
from tests.proof.cases.placing import written_out

installed = pytest.mark.skipif(
    environment.unavailable() is not None, reason=f"SANA-FE is not installed: {environment.INSTALL}"
)


@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_the_synapses_written_out(seed: int) -> None:
    program = generate(seed, "held" if seed % 2 else "stock").program
    for projection in program.projections:
        matrix = np.zeros_like(written_out(program, projection))
        np.add.at(matrix, tuple(pairs(program, projection).T), True)
        assert np.array_equal(matrix, written_out(program, projection))
        assert len(pairs(program, projection)) == matrix.sum()


def test_a_message_to_every_core_and_an_event_to_every_synapse() -> None:
    case = generate(0, "stock")
    trace = run_program(case.program, case.stimulus.first(steps=10))
    task, events = replay.job(case.program, nd.place(case.program, "loihi1", options={"chips": 4}), trace)
    assert events["fired"] == sum(int(np.count_nonzero(entry.output)) for entry in trace.entries.values())
    assert events["synaptic"] == sum(
        int(
            trace[p.source].output[0].reshape(10, -1).astype(bool).astype(int).sum(axis=0)
            @ written_out(case.program, p).sum(axis=1)
        )
        for p in case.program.projections
    )
    assert {core for group in task["groups"] if group["host"] for core in group["cores"]}.isdisjoint(
        core for group in task["groups"] if not group["host"] for core in group["cores"]
    )


@installed
def test_its_events_are_those_of_the_run() -> None:
    case = generate(1, "held")
    trace = run_program(case.program, case.stimulus.first(steps=8))
    placement = nd.place(case.program, "loihi1", options={"chips": 4})
    found = replay.estimate(case.program, placement, trace)
    _, expected = replay.job(case.program, placement, trace)
    assert {name: found.events[name] for name in expected} == expected and expected["synaptic"] > 0
    assert sum(of["synaptic"] for of in found.layers.values()) == expected["synaptic"]
    assert found.energy["total"] == pytest.approx(sum(v for k, v in found.energy.items() if k != "total"))
    assert len(found.seconds) == 8 and min(found.seconds) > 0
    assert re.fullmatch(r"estimate \(SANA-FE 2\.2\.9, loihi\.yaml, [0-9a-f]{12}\)", found.label)


@installed
def test_cost_shows_the_estimate_beside_counts_under_its_label(tmp_path: Path) -> None:
    bundle = nd.export(small_network(), "loihi-sim", tmp_path / "b").path
    told = call("cost", bundle, "--steps", 5, "--no-measure", "--json").data
    assert told["estimate"]["label"].startswith("estimate (SANA-FE 2.2.9, loihi.yaml, ")
    assert told["estimate"]["energy"]["total"] > 0


def test_without_it_cost_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path / "empty"))
    report = nd.cost(small_network(), steps=5, measure=False)
    (finding,) = [finding for finding in report.findings if finding.slug == "estimate"]
    assert report.estimate is None and finding.remedy == "neurodeploy targets install sana-fe"
    with pytest.raises(UnavailableError):
        environment.interpreter()


def test_a_network_with_too_many_synapses_is_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    case = generate(0, "stock")
    trace = run_program(case.program, case.stimulus.first(steps=2))
    monkeypatch.setattr(replay, "MOST_SYNAPSES", 10)
    with pytest.raises(CapabilityError, match="at most 10"):
        replay.job(case.program, nd.place(case.program, "loihi1", options={"chips": 4}), trace)


@installed
def test_other_events_than_the_run_has_are_an_error_not_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    program = nd.quantize(small_network(), "loihi2").program
    trace = nd.run(small_network(), on="program", steps=3, samples=1)
    placement = nd.place(program, "loihi1")
    task, expected = replay.job(program, placement, trace)
    monkeypatch.setattr(replay, "job", lambda *_: (task, {**expected, "fired": expected["fired"] + 1}))
    with pytest.raises(EnvironmentFailureError, match="other events than the run has"):
        replay.estimate(program, placement, trace)
