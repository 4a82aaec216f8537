"""Remedies are really tried on the stimulus of a check."""

from dataclasses import replace

import numpy as np

import neurodeploy as nd
from neurodeploy.flow import check, export
from neurodeploy.host import Head, Host
from neurodeploy.network import NetworkBuilder
from neurodeploy.parity.rung import Rung
from neurodeploy.reference.network_runner import run_network
from neurodeploy.stimulus import Stimulus
from tests.passes.networks import chain, events

NETWORK = chain(2, sizes=(12, 10, 8))
SHOWN = Stimulus({"input": events(NETWORK, samples=6)["input"]})


def quantization(report: nd.Report) -> Rung:
    return next(rung for rung in report.rungs if rung.target == "program")


def test_where_the_rung_diverges_every_layer_is_told_its_losses_and_what_helps() -> None:
    report = check(NETWORK, SHOWN, targets=["fixed"], options={"weight-bits": 3, "unit": "power-of-two"})
    losses = quantization(report).losses
    assert losses is not None
    assert all(loss.costs["weights"] > 0.1 for loss in losses.populations.values())
    remedies = {remedy.kind: remedy for remedy in losses.remedies}
    assert remedies.keys() >= {"calibrate", "finer units", "wider weights", "other numerics"}
    assert remedies["calibrate"].held_out and remedies["calibrate"].samples == 3
    assert remedies["wider weights in one layer"].how == "-O weight-bits=3,fc0:16"
    assert remedies["wider weights in one layer"].after["lif0"] > 0.99
    assert remedies["wider weights"].how == "-O weight-bits=16"
    assert remedies["wider weights"].worst > 0.9


def test_what_a_remedy_promises_is_what_comes_of_it() -> None:
    report = check(NETWORK, SHOWN, targets=["fixed"], options={"weight-bits": 3})
    losses = quantization(report).losses
    assert losses is not None
    plain = [remedy for remedy in losses.remedies if "--calibrate" not in remedy.how]
    assert len(plain) == 3
    for remedy in plain:
        pairs = dict(pair.split("=") for pair in remedy.how.removeprefix("-O ").split(" -O "))
        again = check(NETWORK, SHOWN, targets=["fixed"], options={"weight-bits": 3, **pairs}, causes=False)
        nodes = quantization(again).nodes
        assert remedy.after == {name: node.jaccard for name, node in nodes.items()}
        assert remedy.before == {name: node.jaccard for name, node in quantization(report).nodes.items()}


def test_causes_are_asked_for_or_not() -> None:
    fine = quantization(check(NETWORK, SHOWN, targets=["fixed"], budget=0.1)).losses
    asked = quantization(check(NETWORK, SHOWN, targets=["fixed"], budget=0.1, causes=True)).losses
    refused = quantization(check(NETWORK, SHOWN, targets=["fixed"], budget=1.0, causes=False)).losses
    assert fine is not None and asked is not None and refused is not None
    assert not fine.remedies and not any(loss.costs for loss in fine.populations.values())
    assert asked.remedies and all(loss.costs for loss in asked.populations.values())
    assert not refused.remedies and not any(loss.costs for loss in refused.populations.values())


def test_a_bundle_knows_its_options_and_which_populations_were_calibrated(tmp_path) -> None:
    bundle = export(NETWORK, "fixed", tmp_path / "b", options={"weight-bits": 3}, calibrate=SHOWN)
    losses = quantization(check(bundle, SHOWN, budget=1.0)).losses
    assert losses is not None
    assert all(loss.calibrated and loss.rounding for loss in losses.populations.values())
    kinds = [remedy.kind for remedy in losses.remedies]
    assert "calibrate" not in kinds and "wider weights" in kinds
    wider = next(remedy for remedy in losses.remedies if remedy.kind == "wider weights")
    assert "--calibrate STIMULUS" in wider.how


def test_accuracy_is_measured_where_labels_are_known() -> None:
    network = replace(NETWORK, host=Host(post=Head("spike-count-argmax", "lif1")))
    labels = run_network(network, SHOWN)["lif1"].values.sum(axis=1).argmax(axis=1)
    labelled = Stimulus(SHOWN.inputs, labels)
    report = check(network, labelled, targets=["fixed"], options={"weight-bits": 2})
    losses = quantization(report).losses
    assert losses is not None and report.task is not None
    remedy = next(remedy for remedy in losses.remedies if remedy.kind == "other numerics")
    assert remedy.task_after is not None
    expected = np.mean(np.array(remedy.task_after["class"]) == labels)
    assert remedy.accuracies == (report.task["program"]["accuracy"], expected)
    assert losses.everywhere["none"].task["accuracy"] == report.task["program"]["accuracy"]
    assert "with one term at its float value in every layer, worst layer, on 6 samples" in str(report)


def test_a_membrane_that_a_width_cut_gets_room() -> None:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), [[-0.9, 0.7]])
    build.output("output", build.integrate("cell", at, 0.65))
    shown = np.zeros((60, 2))
    shown[:20, 0] = 1
    shown[20:, 1] = 1
    report = check(build.build(), {"input": shown}, targets=["fixed"], options={"unit": "power-of-two"})
    losses = quantization(report).losses
    assert losses is not None and losses.populations["cell"].reach > 2
    remedy = next(remedy for remedy in losses.remedies if remedy.kind == "room for membranes")
    assert remedy.before["cell"] < 0.9 < remedy.after["cell"]
