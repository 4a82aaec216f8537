"""The peers' rules, and what a network rounded by one of them computes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.quantization import data, networks
from benchmarks.quantization.measure import Accuracy, Bench, Loss, right
from benchmarks.quantization.nearby import VALUED, nearby
from benchmarks.quantization.networks import Recipe, Shown, Trained
from benchmarks.quantization.peers import PEERS, Layers, rounded_by
from benchmarks.quantization.results import CALIBRATED, SPLIT, Result, write
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.rasters import jaccard
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

WEIGHTS = np.random.default_rng(0).normal(0, 0.4, (12, 20))


def network(weights: np.ndarray) -> Network:
    """One layer whose decay lies on the machine's grid."""
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (20,), InputRange(0, 1, 1)), weights)
    build.output("output", build.lif("lif", at, tau=4e-3, threshold=0.5, input_gain="unit"))
    return build.build()


def levels(name: str, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """What a rule makes of the weights, and the step."""
    return PEERS[name](WEIGHTS, "lif", Layers({"lif": [WEIGHTS]}, {"lif": np.zeros(12)}, ["lif"]), bits)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("bits", [8, 3])
def test_a_rule_has_no_more_levels_than_bits(name: str, bits: int) -> None:
    values, step = levels(name, bits)
    counts = (values - values.min()) / step
    assert np.allclose(counts, np.rint(counts)) or step.size > 1
    assert max(len(np.unique(np.round(row, 9))) for row in values) <= 2**bits
    assert step.size in (1, 12)


@pytest.mark.parametrize("name", PEERS)
def test_a_program_rounded_by_a_rule_does_what_a_network_with_its_levels_does(name: str) -> None:
    shown = {"input": (np.random.default_rng(1).random((20, 30, 20)) < 0.3).astype(float)}
    expected = run_network(network(levels(name, 4)[0]), shown)["lif"]
    actual = run_program(rounded_by(PEERS[name], network(WEIGHTS), 4), shown)["lif"]
    assert jaccard(expected.values, actual.values) > 0.98
    assert expected.values.any()


USUAL = Loss(5.0, 1.0)


def result(rule: str, worst: float, failed: str | None = None, bits: int = 4, loss: Loss = USUAL) -> Result:
    before, after = Accuracy(0.95, 0.8), Accuracy(0.9, 0.8)
    return Result("net", True, bits, rule, worst, worst, after, before, loss, 45, 20025, 1.0, failed)


def test_the_report_names_the_best_peer_and_what_has_no_program(tmp_path: Path) -> None:
    results = [
        result("plain", 0.5),
        result("sinabs", 0.6),
        result("snn-mlir", 0.0, "too few bits"),
        result(CALIBRATED, 0.7),
    ]
    values, report = write(results, {"date": "today"}, tmp_path)
    text = report.read_text("utf-8")
    assert "| net (0.950), not in the study | 4 | 0.500 (0.500), acc 0.900 | 0.600 (0.600), acc 0.900, sinabs |" in text
    assert "no program: too few bits" in text and "1 of 1 lines" in text
    assert len(json.loads(values.read_text("utf-8"))["results"]) == 4


def test_the_report_tells_what_accuracy_loses_with_its_error(tmp_path: Path) -> None:
    results = [
        result(CALIBRATED, 0.7, bits=8, loss=Loss(-0.001, 0.0)),
        result(CALIBRATED, 0.7, loss=Loss(0.25, 0.125)),
        result("plain", 0.7),
        result(SPLIT, 0.9, bits=16, loss=Loss(-0.2, 0.0333)),
        replace(result(CALIBRATED, 0.7, loss=Loss(0.75, 0.25)), network="few", samples=450, presentations=450),
    ]
    values, report = write(results, {"date": "today"}, tmp_path)
    text = report.read_text("utf-8")
    assert "| network | samples × times | in float | 8 bits | 4 bits | 8 + 8 bits |" in text
    assert "| net | 45 × 445 | 95.00 | 0.00 ± 0.00 | 0.25 ± 0.12 | -0.20 ± 0.03 |" in text
    assert "| few | 450 × 1 | 95.00 |  | 0.75 ± 0.25 |  |" in text
    assert "| **largest** |  |  | 0.00 ± 0.00 | 0.75 ± 0.25 | -0.20 ± 0.03 |" in text
    assert "no further samples shipped: few. A" in text and "up to 0.22 points" in text
    assert json.loads(values.read_text("utf-8"))["results"][1]["loss"] == {"points": 0.25, "error": 0.125}


def test_classes_that_sent_as_many_share_a_sample() -> None:
    counts = np.array([[3.0, 1, 3], [3, 1, 3], [0, 0, 0], [0, 2, 1]])
    assert Accuracy.of(counts, np.array([0, 2, 1, 1])) == Accuracy((1 / 2 + 1 / 2 + 1 / 3 + 1) / 4, 2 / 4)


def test_the_error_of_a_loss_is_that_of_paired_presentations() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.random(300), rng.random(300)
    loss = Loss.of(before, after, np.arange(300))
    assert loss.points == pytest.approx(100 * (before - after).mean())
    assert loss.error == pytest.approx(100 * (before - after).std(ddof=1) / np.sqrt(300))
    assert Loss.of(before, before, np.arange(300)) == Loss(0.0, 0.0)


def test_presentations_of_one_sample_count_as_that_sample() -> None:
    rng = np.random.default_rng(1)
    lost = rng.normal(0, 1, (50, 1)) + rng.normal(0, 0.1, (50, 20))
    samples = np.repeat(np.arange(50), 20)
    order = rng.permutation(1000)
    loss = Loss.of(lost.ravel()[order], np.zeros(1000), samples[order])
    assert loss.error == pytest.approx(100 * lost.mean(axis=1).std(ddof=1) / np.sqrt(50))
    assert loss.error > 2 * Loss.of(lost.ravel(), np.zeros(1000), np.arange(1000)).error


def test_the_error_covers_what_other_draws_would_give() -> None:
    """Losses of many draws lie about their expectation as far as their errors say."""
    rng, samples = np.random.default_rng(2), np.repeat(np.arange(40), 5)
    draws = [np.repeat(rng.random(40) < 0.3, 5) & (rng.random(200) < 0.5) for _ in range(400)]
    losses = [Loss.of(draw.astype(float), np.zeros(200), samples) for draw in draws]
    away = np.array([(entry.points - 15) / entry.error for entry in losses])
    assert abs(away.mean()) < 0.2 and 0.9 < away.std() < 1.2


SIZES = {
    "digits": (1347, 450),
    "digits image": (1347, 450),
    "wine": (133, 45),
    "breast cancer": (426, 143),
    "iris": (112, 38),
    "generated": (600, 20_000),
    "bars": (600, 20_000),
}


@pytest.mark.parametrize("name", data.DATA)
def test_no_held_out_sample_is_trained_with(name: str) -> None:
    parts, again = data.load(name), data.load(name)
    assert (len(parts.train), len(parts.held_out)) == SIZES[name]
    assert (len(parts.train_labels), len(parts.held_out_labels)) == SIZES[name]
    assert parts.train.min() >= 0 and parts.train.max() <= 1
    share = [np.bincount(labels) / len(labels) for labels in (parts.train_labels, parts.held_out_labels)]
    assert np.abs(share[0] - share[1]).max() < 0.03
    assert np.array_equal(parts.train, again.train) and np.array_equal(parts.held_out, again.held_out)
    trained = {sample.tobytes() for sample in parts.train}
    assert sum(sample.tobytes() in trained for sample in parts.held_out) == 0


SPLITS = {"digits": 416011056, "wine": 3343998108, "breast cancer": 3241911993, "iris": 1834367294}


@pytest.mark.parametrize("name", SPLITS)
def test_shipped_data_are_split_as_ever(name: str) -> None:
    parts = data.load(name)
    assert zlib.crc32(parts.train.tobytes() + parts.train_labels.tobytes()) == SPLITS[name]


def test_what_is_trained_with_decides_the_fingerprint_and_what_is_held_out_does_not() -> None:
    recipe, parts = Recipe(lambda inputs, classes: nn.Linear(inputs, classes), "wine"), data.load("wine")

    def fingerprint(parts: data.Data, recipe: Recipe = recipe) -> str:
        torch.manual_seed(0)
        return networks.fingerprint(recipe, nn.Linear(78, 3), parts)

    first = fingerprint(parts)
    assert fingerprint(replace(parts, held_out=parts.held_out[:3], held_out_labels=parts.held_out_labels[:3])) == first
    assert fingerprint(replace(parts, train=parts.train + 1 / 16)) != first
    assert fingerprint(replace(parts, train_labels=parts.train_labels[::-1])) != first
    assert fingerprint(parts, replace(recipe, epochs=recipe.epochs + 1)) != first


def test_where_functions_lie_in_memory_is_not_in_the_fingerprint() -> None:
    class Named(nn.Module):
        def __init__(self, by: Callable[[], None]) -> None:
            super().__init__()
            self.by = by

        def extra_repr(self) -> str:
            return repr(self.by)

    def functions() -> tuple[Callable[[], None], Callable[[], None]]:
        return (lambda: None), (lambda: None)

    recipe, parts = Recipe(None, "wine"), data.load("wine")
    modules = [Named(by) for by in functions()]
    assert repr(modules[0]) != repr(modules[1])
    assert len({networks.fingerprint(recipe, module, parts) for module in modules}) == 1


def test_a_sample_is_presented_as_other_spikes_each_time_and_values_once() -> None:
    parts = data.load("wine")
    for spikes, times in ((True, 445), (False, 1)):
        recipe = Recipe(None, "wine", 3, spikes)
        shown = networks.presented("input", networks.encoder(recipe, 77), parts, spikes)
        values = shown.stimulus["input"]
        assert values.shape == (45 * times, 3, 78) and shown.count == 45
        assert np.array_equal(shown.labels, parts.held_out_labels[shown.samples])
        assert np.array_equal(shown.samples[:90][::45], [0] * min(times, 2))
        first = networks.encoder(recipe, 77)(parts.held_out)
        assert np.array_equal(shown.first(45).as_floats().stimulus["input"], first)
        assert np.array_equal(np.concatenate([chunk["input"] for chunk in shown.chunks()]), values)
        assert len(shown.fewer().labels) == (45 * 112 if spikes else 45)
        if spikes:
            assert np.abs(values.reshape(times, 45, 3, 78).mean((0, 2)) - parts.held_out).max() < 0.06
            assert not np.array_equal(values[:45], values[45:90])


def test_accuracy_is_counted_over_every_presentation() -> None:
    rng = np.random.default_rng(3)
    samples = np.tile(np.arange(700), 4)
    stimulus = {"input": (rng.random((2800, 5, 20)) < 0.3).astype(np.uint8)}
    trained = Trained("net", network(WEIGHTS), {}, Shown(stimulus, samples % 12, samples))
    bench, program = Bench.of(trained), rounded_by(PEERS["spiker+"], network(WEIGHTS), 4)
    as_floats = {"input": stimulus["input"].astype(float)}
    expected = run_network(trained.network, as_floats)["lif"].values.sum(axis=1)
    actual = run_program(program, as_floats)["lif"].values.sum(axis=1)
    assert np.array_equal(bench.counts, expected)
    kept = bench.kept(program)
    accuracy = Accuracy.of(actual, samples % 12)
    assert kept.accuracy.shared == pytest.approx(accuracy.shared)
    assert kept.accuracy.first == pytest.approx(accuracy.first)
    assert kept.loss == Loss.of(right(expected, samples % 12), right(actual, samples % 12), samples)
    assert kept.loss.points == pytest.approx(100 * (bench.accuracy.shared - kept.accuracy.shared))
    assert kept.loss.points != 0 and len(bench.compared.labels) == 450


def test_a_program_that_saw_fewer_presentations_is_judged_beside_the_network_in_those() -> None:
    rng, samples = np.random.default_rng(4), np.arange(9000)
    stimulus = {"input": (rng.random((9000, 4, 20)) < 0.3).astype(np.uint8)}
    trained = Trained("net", network(WEIGHTS), {}, Shown(stimulus, samples % 12, samples))
    bench, program = Bench.of(trained), rounded_by(PEERS["spiker+"], network(WEIGHTS), 4)
    fewer = trained.held_out.fewer()
    assert len(fewer.labels) == 5000
    whole, part = bench.kept(program), bench.kept(program, fewer)
    seen = Accuracy.of(bench.counts[:5000], fewer.labels)
    assert part.loss.error > whole.loss.error > 0
    assert part.accuracy.shared == pytest.approx(bench.accuracy.shared - part.loss.points / 100)
    actual = run_program(program, fewer.as_floats().stimulus)["lif"].values.sum(axis=1)
    assert part.loss.points == pytest.approx(100 * (seen.shared - Accuracy.of(actual, fewer.labels).shared))
    first = bench.accuracy.first - (seen.first - Accuracy.of(actual, fewer.labels).first)
    assert part.accuracy.first == pytest.approx(first)


def test_nearby_images_are_a_level_off_and_the_same_in_every_step() -> None:
    images = np.random.default_rng(6).integers(0, 17, (450, 1, 1, 8, 8)) / 16
    shown = Shown({"input": np.repeat(images, 3, axis=1)}, np.arange(450) % 10, np.arange(450))
    around = nearby(shown, 5)
    values = around.stimulus["input"]
    assert values.shape == (450 * 45, 3, 1, 8, 8) and around.count == 450
    assert np.array_equal(values[:, 0], values[:, 2])
    assert np.array_equal(around.labels, around.samples % 10)
    off = values[:, 0] * 16 - (images[:, 0] * 16)[around.samples]
    assert set(np.unique(off)) == {-1, 0, 1} and values.min() == 0 and values.max() == 1
    assert len(np.unique(values[:, 0].reshape(len(values), -1), axis=0)) == len(values)
    assert VALUED == ("SpikingJelly conv", "sinabs CNN from ReLU", "SEW residual", networks.DIGITS)
