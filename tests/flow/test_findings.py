"""What quantization did to the neurons, and where the stimulus came from, reaches whoever reads."""

import json
from dataclasses import replace

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.flow import check, export, lower, run
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.network.network import Source
from neurodeploy.stimulus import Stimulus
from tests.cli.support import call, small_network

STEPS = {"input": np.ones((5, 3))}


def slow(tau_syn: float = 4.0) -> Network:
    """A current that loses 1/4000 per step, less than the quantizer leaves room for."""
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (3,)), np.full((1, 3), 0.5))
    build.output("output", build.cuba_lif("cell", at, tau_syn, 0.01, 0.1))
    return build.build()


def test_a_current_that_can_overflow_is_a_warning_on_every_way(tmp_path) -> None:
    lowered = lower(slow(), "fixed")
    (finding,) = lowered.findings
    assert (finding.slug, finding.severity, finding.node) == ("current-overflow", "warning", "cell")
    assert "% of its width" in finding.message
    bundle = export(slow(), "fixed", tmp_path / "b")
    assert bundle.artifact.findings == (finding,)
    assert check(slow(), STEPS, targets=["fixed"]).findings == (finding,)
    assert finding in check(slow(), STEPS).findings
    assert check(bundle, STEPS).findings == (finding,)
    assert lower(slow(0.01), "fixed").findings == ()


def test_a_bundle_says_what_rounding_did_to_every_population(tmp_path) -> None:
    bundle = export(slow(), "fixed", tmp_path / "b")
    (neuron,) = bundle.report["neurons"]
    assert neuron.keys() == {
        *("population", "scale", "threshold_error", "bias_error", "current_decay_error", "membrane_decay_error"),
        *("largest_current", "can_overflow"),
    }
    assert (neuron["population"], neuron["can_overflow"]) == ("cell", True)
    assert neuron["membrane_decay_error"] == pytest.approx(abs(0.1 - 410 / 4096))
    assert "rounding of neurons" in bundle._repr_html_()


def test_a_current_that_nothing_bounds_is_null_in_json(tmp_path) -> None:
    report = export(slow(1e9), "fixed", tmp_path / "b").path / "report.json"
    data = json.loads(report.read_text(), parse_constant=pytest.fail)
    assert data["neurons"][0]["largest_current"] is None
    assert "never decays" in data["findings"][0]["message"]


def test_inspect_shows_the_same_of_a_source_and_of_a_bundle(tmp_path) -> None:
    write_network(slow(), tmp_path / "slow.nir")
    export(slow(), "fixed", tmp_path / "b")
    source = call("inspect", tmp_path / "slow.nir", "--target", "fixed")
    bundle = call("inspect", tmp_path / "b")
    for shown in (source, bundle):
        assert "rounding of neurons" in shown.out and "% of its width" in shown.out
    assert (
        call("inspect", tmp_path / "slow.nir", "--target", "fixed", "--json").data["neurons"]
        == call("inspect", tmp_path / "b", "--json").data["report"]["neurons"]
    )


def test_a_report_says_where_the_stimulus_came_from() -> None:
    own = replace(small_network(), source=Source("own", stimulus=lambda *_: Stimulus.of(STEPS["input"])))
    assert nd.check(small_network(), STEPS, targets=["fixed"]).about["stimulus"] == "given"
    assert nd.check(small_network(), targets=["fixed"]).about["stimulus"] == "seeded noise (10 %)"
    assert nd.check(own, targets=["fixed"]).about["stimulus"] == "the model's own"


def test_a_check_shows_what_the_model_has_for_checks_and_a_run_its_task(tmp_path) -> None:
    task, dense = (Stimulus({"input": np.ones((1, count, 3))}) for count in (3, 5))
    both = replace(small_network(), source=Source("own", stimulus=lambda *_: task, check_stimulus=lambda *_: dense))
    report = nd.check(both, targets=["fixed"], coverage=0)
    assert (report.about["stimulus"], report.about["steps"]) == ("the model's own for checks", 5)
    assert nd.run(both, on="program").steps == 3
    assert nd.check(both, task, targets=["fixed"], coverage=0).about["stimulus"] == "given"


def test_the_command_line_says_so_too(tmp_path) -> None:
    export(small_network(), "fixed", tmp_path / "b")
    np.savez(tmp_path / "steps.npz", **STEPS)
    noise = call("check", tmp_path / "b")
    assert "stimulus: seeded noise (10 %)" in noise.out.splitlines()[-1]
    given = call("check", tmp_path / "b", "--input", tmp_path / "steps.npz", "--json")
    assert given.data["about"]["stimulus"] == "given"


def test_run_tells_of_a_stimulus_what_check_tells() -> None:
    """Values that are clipped, and an input that leads nowhere."""
    build = NetworkBuilder()
    build.input("dead", (2,))
    build.output("output", build.integrate("cell", build.input("input", (3,)), 1.0))
    network, shown = build.build(), {"input": np.full((5, 3), 4.0), "dead": np.ones((5, 2))}
    told = run(network, shown, on="program").findings
    assert [(each.slug, each.node) for each in told] == [("unheard", "dead"), ("stimulus-range", "input")]
    assert set(told) <= set(check(network, shown, targets=["fixed"], causes=False).findings)
