"""The ladder: which rungs, which verdicts."""

from importlib import import_module

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.flow import check, export
from neurodeploy.frontends.checkpoint import model_network
from neurodeploy.model import find_model
from neurodeploy.network import Network, NetworkBuilder
from tests.cli.support import small_network

STEPS = {"input": (np.random.default_rng(1).random((60, 3)) < 0.3).astype(float)}


def coarse() -> Network:
    """Weights that two bits cannot hold."""
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (3,)), np.array([[0.31, 0.47, -0.09], [0.11, 0.53, 0.29]]))
    build.output("output", build.integrate("cells", at, 1.0))
    return build.build()


def test_a_source_starts_at_its_module_and_a_bundle_at_the_network(tmp_path, digits) -> None:
    assert [rung.source for rung in check(digits, SHORT, targets=["fixed"]).rungs] == ["source", "network", "program"]
    bundle = export(digits, "fixed", tmp_path / "b")
    report = nd.check(bundle, SHORT)
    assert [(rung.source, rung.target, rung.policy) for rung in report.rungs] == [
        ("network", "program", "budget"),
        ("program", "fixed", "exact"),
    ]
    assert report.verdict == "agree"
    assert report.first_divergence is None
    assert "agree" in report.to_html()


def test_the_rungs_have_their_policies(digits) -> None:
    policies = [rung.policy for rung in check(digits, SHORT, targets=["fixed"]).rungs]
    assert policies == ["ties", "budget", "exact"]


def test_the_budget_decides_the_quantization_rung() -> None:
    model = find_model("digits")
    config = model.preset("float-trained")
    network = _network(model, config)
    stimulus = model.stimulus(config, 8, 20, 0)
    strict, loose = (check(network, stimulus, targets=["fixed"], budget=budget, causes=False) for budget in (0.9, 0.6))
    assert strict.verdict == "diverged"
    assert strict.first_divergence is not None
    assert [rung.verdict for rung in strict.rungs] == ["agree", "diverged", "agree"]
    assert "is below the budget 0.9" in strict.rungs[1].reasons[0]
    assert loose.verdict == "agree"
    assert loose.rungs[1].nodes == strict.rungs[1].nodes


def test_weights_on_the_grid_agree_at_any_budget(digits) -> None:
    report = check(digits, SHORT, targets=["fixed"], budget=1.0)
    assert report.verdict == "agree"
    assert report.task is not None
    assert {value["accuracy"] for value in report.task.values()} == {report.task["network"]["accuracy"]}
    assert report.task.keys() == {"source", "network", "program", "fixed"}


def test_fewer_weight_bits_are_worse() -> None:
    def least(bits: str) -> float:
        report = check(coarse(), STEPS, targets=["fixed"], budget=0.0, options={"weight-bits": bits})
        return min(node.jaccard for node in report.rungs[0].nodes.values() if node.jaccard is not None)

    assert least("2") < least("4") <= least("8")


@pytest.mark.parametrize("budget", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_budget_is_a_fraction(budget: float) -> None:
    with pytest.raises(InputError, match="--budget"):
        check(small_network(), STEPS, budget=budget)


def test_silence_proves_nothing_unless_allowed() -> None:
    silent = {"input": np.zeros((10, 3))}
    assert check(small_network(), silent, targets=["fixed"]).verdict == "inconclusive"
    assert check(small_network(), silent, targets=["fixed"], allow_silent=["hidden"]).verdict == "inconclusive"
    assert check(small_network(), silent, targets=["fixed"], allow_silent=["hidden", "readout"]).verdict == "agree"
    with pytest.raises(InputError, match="there is no node 'hiden'"):
        check(small_network(), silent, allow_silent=["hiden"])


def test_diverged_stands_over_inconclusive() -> None:
    build = NetworkBuilder()
    start = build.input("input", (3,))
    odd = build.linear("fc", start, np.array([[0.31, 0.47, -0.09], [0.11, 0.53, 0.29]]))
    dead = build.linear("dead", start, np.full((2, 3), -1.0))
    build.output("output", build.integrate("cells", odd, 1.0))
    build.output("other", build.integrate("never", dead, 1.0))
    report = check(build.build(), STEPS, targets=["fixed"], budget=1.0, options={"weight-bits": "2"})
    assert [rung.verdict for rung in report.rungs] == ["diverged", "inconclusive"]
    assert report.verdict == "diverged"


@pytest.mark.parametrize(
    ("factor", "what"),
    [(2.0, "reaches from 0 to 2, declared is 0 to 1"), (0.5, "between the declared steps of 1")],
)
def test_a_stimulus_that_the_integers_cannot_hold_is_noticed(factor: float, what: str) -> None:
    """Else its clipping would look like a loss of the weights."""
    (finding,) = check(small_network(), {"input": factor * STEPS["input"]}, targets=["fixed"]).findings
    assert (finding.slug, finding.severity, finding.node) == ("stimulus-range", "warning", "input")
    assert what in finding.message
    assert check(small_network(), STEPS, targets=["fixed"]).findings == ()


def test_a_target_that_cannot_run_is_told_before_anything_is_run(monkeypatch) -> None:
    monkeypatch.setattr("neurodeploy.target.unavailable", lambda target: "no board")
    monkeypatch.setattr(import_module("neurodeploy.flow.checking"), "Climb", None)
    with pytest.raises(UnavailableError, match="no board"):
        check(small_network(), STEPS, targets=["fixed"])


def test_an_option_goes_to_the_target_that_has_it() -> None:
    with pytest.raises(InputError, match=r"-O speed: no target here has an option 'speed'\n.*weight-bits"):
        check(small_network(), STEPS, targets=["fixed"], options={"speed": "9"})


@pytest.fixture(scope="module")
def digits() -> Network:
    model = find_model("digits")
    return _network(model, model.preset(None))


def _network(model, config) -> Network:
    return model_network(model, config, model.build(config))


SHORT = {"input": np.random.default_rng(0).integers(0, 17, (4, 6, 1, 8, 8)) / 16, "labels": np.arange(4)}


def test_what_is_exercised_too_little_for_what_was_asked_is_inconclusive() -> None:
    """One line of three never sends, so that a third of the first layer's synapses are idle."""
    idle = {"input": STEPS["input"] * [1, 1, 0]}
    report = check(small_network(), idle, targets=["fixed"])
    assert report.verdict == "agree"
    assert any("33.3 % of synapses carried no message" in item for item in report.not_covered["hidden"])
    strict = check(small_network(), idle, targets=["fixed"], coverage=0.7)
    assert strict.verdict == "inconclusive"
    assert any("hidden: only 66.7 % of synapses carried a message" in reason for reason in strict.rungs[-1].reasons)
    assert "--stimulus auto" in strict.rungs[-1].reasons[-1]
    assert [short.node for short in strict.short] == ["hidden"]
    with pytest.raises(InputError, match="--coverage"):
        check(small_network(), idle, coverage=1.5)


def test_by_default_a_layer_that_was_hardly_exercised_is_inconclusive() -> None:
    """One line of three carries messages: a third of the weights."""
    idle = {"input": STEPS["input"] * [1, 0, 0]}
    report = check(small_network(), idle, targets=["fixed"])
    assert report.verdict == "inconclusive"
    assert {short.measure for short in report.short} >= {"weights_active"}
    assert check(small_network(), idle, targets=["fixed"], coverage=0, allow_silent=["readout"]).verdict == "agree"


def test_a_check_searches_its_own_stimulus_and_keeps_it(tmp_path) -> None:
    path = tmp_path / "found.npz"
    report = check(small_network(), "auto", targets=["fixed"], steps=12, seed=3, save_stimulus=path)
    assert report.verdict == "agree"
    assert report.about["search"] == {"seed": 3, "steps": 12, "samples": report.about["samples"]}
    assert all(shares["synapses_active"] == 1 for shares in report.coverage.values())
    again = check(small_network(), path, targets=["fixed"])
    assert again.coverage == report.coverage
    with pytest.raises(InputError, match="--window"):
        check(small_network(), "auto", targets=["fixed"], window="1ms")


def test_a_report_tells_what_would_have_been_noticed() -> None:
    report = check(small_network(), STEPS, targets=["fixed"])
    node = report.adequacy["hidden"]
    assert 0 < node.noticed < node.rules
    assert report.to_json()["adequacy"]["hidden"]["noticed"] == node.noticed
    assert "wrong rules of single nodes" in str(report)
    assert check(small_network(), STEPS, targets=["fixed"], states=False).adequacy["hidden"].states is False
    assert check(small_network(), STEPS, targets=["fixed"], adequacy=False).adequacy == {}
