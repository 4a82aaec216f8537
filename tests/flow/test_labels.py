"""Labels in a stimulus: the accuracy of every rung, for any network, and a word where they cannot be judged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import neurodeploy as nd

SAMPLES = 4


def network(*heads: int) -> nd.Network:
    """An identity of four lines, with one output of each size."""
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    source = build.input("camera", (4,))
    for number, size in enumerate(heads):
        cells = build.integrate(f"cells{number}", build.linear(f"fc{number}", source, np.eye(size, 4)), 0.5)
        build.output(f"output{number}", cells)
    return build.build()


def stimulus(labels: list[int]) -> nd.Stimulus:
    """Sample n drives line n."""
    shown = np.zeros((SAMPLES, 6, 4), np.int8)
    shown[np.arange(SAMPLES), :, np.arange(SAMPLES)] = 1
    return nd.Stimulus({"camera": shown}, labels=np.array(labels))


@pytest.mark.parametrize("from_file", [False, True])
def test_a_network_without_a_head_is_judged_by_its_busiest_neuron_on_every_rung(
    from_file: bool, tmp_path: Path
) -> None:
    shown = stimulus([0, 1, 2, 0])
    if from_file:
        np.savez(tmp_path / "s.npz", camera=shown["camera"], labels=shown.labels)
    report = nd.check(network(4), tmp_path / "s.npz" if from_file else shown, targets=["fixed"], batch=from_file)
    assert report.task is not None
    assert {rung: value["accuracy"] for rung, value in report.task.items()} == {
        "network": 0.75,
        "program": 0.75,
        "fixed": 0.75,
    }
    assert not [finding for finding in report.findings if finding.slug.startswith("labels")]


@pytest.mark.parametrize(("heads", "problem"), [((4, 3), "not one output"), ((1,), "not one output")])
def test_labels_that_cannot_be_judged_are_told(heads: tuple[int, ...], problem: str) -> None:
    report = nd.check(network(*heads), stimulus([0, 1, 2, 0]), targets=["fixed"])
    (finding,) = [finding for finding in report.findings if finding.slug == "labels-not-judged"]
    assert report.task is None and problem in finding.message and finding.remedy


def test_a_class_that_there_is_not_is_told() -> None:
    report = nd.check(network(4), replace(stimulus([0, 1, 2, 9])), targets=["fixed"])
    (finding,) = [finding for finding in report.findings if finding.slug == "labels-beyond-classes"]
    assert "1 of 4 labels, such as 9, are no neuron of cells0, which has 4" in finding.message
    assert report.task is not None and report.task["fixed"]["accuracy"] == 0.75
