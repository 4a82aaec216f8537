"""The peers' rules, and what a network rounded by one of them computes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quantization.measure import Accuracy
from benchmarks.quantization.peers import PEERS, Layers, rounded_by
from benchmarks.quantization.results import CALIBRATED, Result, write
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


def test_the_report_names_the_best_peer_and_what_has_no_program(tmp_path: Path) -> None:
    def result(rule: str, worst: float, failed: str | None = None) -> Result:
        return Result("net", True, 4, rule, worst, worst, Accuracy(0.9, 0.8), Accuracy(0.95, 0.8), 1.0, failed)

    found = [
        result("plain", 0.5),
        result("sinabs", 0.6),
        result("snn-mlir", 0.0, "too few bits"),
        result(CALIBRATED, 0.7),
    ]
    data, report = write(found, {"date": "today"}, tmp_path)
    text = report.read_text("utf-8")
    assert "| net (0.950), not in the study | 4 | 0.500 (0.500), acc 0.900 | 0.600 (0.600), acc 0.900, sinabs |" in text
    assert "no program: too few bits" in text and "1 of 1 lines" in text
    assert len(json.loads(data.read_text("utf-8"))["results"]) == 4


def test_classes_that_sent_as_many_share_a_sample() -> None:
    counts = np.array([[3.0, 1, 3], [3, 1, 3], [0, 0, 0], [0, 2, 1]])
    assert Accuracy.of(counts, np.array([0, 2, 1, 1])) == Accuracy((1 / 2 + 1 / 2 + 1 / 3 + 1) / 4, 2 / 4)
