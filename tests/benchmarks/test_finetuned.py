"""The table of fine-tuned networks: what each is trained with, and what stands in its line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import neurodeploy as nd
from benchmarks.quantization import finetuned, networks
from benchmarks.quantization.finetuned import CHECKED, COMPILED, FEED_FORWARD, SIMULATED, Exactness, Tuned, markdown
from benchmarks.quantization.measure import Loss
from benchmarks.quantization.networks import Shown, Trained
from neurodeploy.network import InputRange, Network, NetworkBuilder

EXACT = Exactness(1.0, 0, "agree")


def line(after: Loss = Loss(-0.5, 0.3), simulated: Exactness = EXACT) -> Tuned:
    """What stands in the table for a network that is called ``net``."""
    return Tuned("net", 0.97, Loss(1.13, 0.39), after, 100, 30, 12, 9, 41.6, {COMPILED: EXACT, SIMULATED: simulated})


def two_classes() -> tuple[Network, Shown]:
    """A network of two neurons, and spikes that come more often to one half of its inputs."""
    rng, labels = np.random.default_rng(1), np.arange(60) % 2
    build = NetworkBuilder()
    weights = rng.normal(0, 0.1, (2, 8)) + np.where((np.arange(8) < 4) == (np.arange(2) == 0)[:, None], 0.4, 0.0)
    at = build.linear("fc", build.input("input", (8,), InputRange(0, 1, 1)), weights)
    build.output("output", build.lif("lif", at, tau=4e-3, threshold=0.5, input_gain="unit"))
    rates = np.where((np.arange(8) < 4) == (labels == 0)[:, None], 0.5, 0.3)
    spikes = (rng.random((60, 8, 8)) < rates[:, None]).astype(np.uint8)
    return build.build(), Shown({"input": spikes}, labels, np.arange(60))


def test_every_feed_forward_network_stands_in_the_table() -> None:
    loops = {"snnTorch RLeaky", "Norse LIFRecurrent", "snnTorch RLeaky, generated"}
    assert set(networks.NAMES) - set(FEED_FORWARD) == loops


@pytest.mark.parametrize(("name", "samples", "times"), [("Norse LIFBox, iris", 112, 27), ("SEW residual", 1347, 3)])
def test_samples_are_shown_as_often_as_it_takes_and_differ_each_time(name: str, samples: int, times: int) -> None:
    shown = finetuned.to_train_with(name)
    values, recipe = shown.stimulus["input"], networks.RECIPES[name]
    assert shown.count == samples and len(shown.labels) == len(values) == samples * times
    assert values.shape[1] == recipe.steps and np.array_equal(
        shown.samples[:samples], shown.samples[samples:][:samples]
    )
    assert np.array_equal(shown.labels[:samples], shown.labels[samples : 2 * samples])
    assert not np.array_equal(values[:samples], values[samples : 2 * samples])
    assert (values.dtype == np.uint8) == recipe.spikes


def test_our_own_network_is_trained_with_its_own_samples() -> None:
    shown = finetuned.to_train_with(networks.DIGITS)
    held_out = networks.trained(networks.DIGITS).held_out.stimulus
    values = shown.stimulus["input"]
    assert values.shape == (3 * 1347, *next(iter(held_out.values())).shape[1:])
    assert values.min() == 0 and values.max() == 1 and np.array_equal(values * 16, np.rint(values * 16))


def test_a_network_is_trained_checked_and_equal_on_every_rung() -> None:
    network, shown = two_classes()
    trained = Trained("net", network, {"input": shown.stimulus["input"][:20].astype(float)}, shown)
    result = finetuned.tuned(trained, shown, {COMPILED: 30}, epochs=2)
    assert result.exactness[COMPILED] == EXACT
    assert (result.samples, result.times, result.epochs) == (60, 1, 2)
    assert result.after.points <= result.before.points
    assert result.seconds > 0


def test_a_rung_that_differs_is_not_equal() -> None:
    network, shown = two_classes()
    report = nd.check(network, shown.as_floats().stimulus, targets=["fixed"], options={"weight-bits": 2})
    found = Exactness.of(report)
    program = next(rung for rung in report.rungs if rung.target == "program")
    assert found.worst == program.nodes["lif"].jaccard and found.worst < 1
    assert found.differing >= program.nodes["lif"].mismatches > 0
    assert not found.equal and found.verdict == "diverged"
    assert EXACT.equal and not replace(EXACT, differing=1).equal


def test_the_table_never_rounds_to_equal_and_counts_what_holds() -> None:
    worse = line(Loss(0.8, 0.4), Exactness(0.99999, 3, "diverged"))
    text = markdown([line(), worse], {"command": "as it was"})
    assert "| net | 97.00 | 1.13 ± 0.39 | -0.50 ± 0.30 | 100 × 30 | 9 of 12 | 42 | 1.0 | 1.0 | 0 |" in text
    assert "| net | 97.00 | 1.13 ± 0.39 | 0.80 ± 0.40 | 100 × 30 | 9 of 12 | 42 | 1.0 | 0.9999, diverged | 3 |" in text
    assert "Within 1 point of float: 2 of 2, 1 of 2 with one standard error added." in text
    assert "to any target: 1 of 2." in text
    assert "- command: as it was" in text
    assert set(CHECKED) == {COMPILED, SIMULATED}


def test_a_name_that_is_no_feed_forward_network_is_refused() -> None:
    result = CliRunner().invoke(finetuned.app, ["--network", "snnTorch RLeaky"])
    assert result.exit_code == 2 and "there is no feed-forward network" in result.output
