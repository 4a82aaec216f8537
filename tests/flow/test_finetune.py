"""Fine-tuning from Python and from the command line: what was trained is what the file exports to."""

import json

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.cli.app import run_verb
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.network import NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.program.store import program_files

from ..passes.networks import events

BITS = {"weight-bits": 6}
SHORT = {"epochs": 4, "minibatch": 8, "learning_rate": 0.5}


def classifier():
    """Six inputs, two classes."""
    rng = np.random.default_rng(3)
    build = NetworkBuilder()
    at = build.linear("fc0", build.input("input", (6,)), rng.normal(0.3, 0.4, (8, 6)), rng.normal(0, 0.1, 8))
    at = build.lif("lif0", at, tau=5e-3, threshold=0.1)
    at = build.linear("fc1", at, rng.normal(0.3, 0.4, (2, 8)))
    build.output("output", build.lif("lif1", at, tau=5e-3, threshold=0.1))
    return build.build()


def samples(count=40, seed=0):
    """Class 0 shows events on the first three inputs, class 1 on the others."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    rates = np.where((np.arange(6) < 3) == (labels[:, None] == 0), 0.6, 0.2)
    return {"input": (rng.random((count, 15, 6)) < rates[:, None]).astype("f4"), "labels": labels}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_network(classifier(), tmp_path / "net.nir")
    np.savez(tmp_path / "train.npz", **samples())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trained network, once for all tests that only look at one."""
    out = tmp_path_factory.mktemp("trained") / "trained.nir"
    return nd.finetune(classifier(), samples(), out, "fixed", BITS, **SHORT)


def test_the_result_is_better_exact_in_every_node_and_what_export_writes(trained):
    assert trained.accuracy["trained"] > trained.accuracy["start"]
    assert trained.accuracy["trained"] >= 0.85
    assert trained.exact
    program, network = nd.quantize(trained.path, "loihi2").program, nd.load(trained.path)
    assert max(len(np.unique(p.weights)) for p in program.projections) <= 64
    floats, integers = (nd.run(network, samples(8, 5), on=rung) for rung in ("network", "program"))
    assert all(np.array_equal(floats[name].values, integers[name].values) for name in ("lif0", "lif1"))
    assert "start" in repr(trained) and "lif1" in trained._repr_html_()


def test_the_command_line_trains_the_same_and_twice_the_same(folder, capsys):
    first = nd.finetune("net.nir", "train.npz", "a.nir", "fixed", BITS, distill=0.5, **SHORT)
    options = ["--target", "fixed", "-O", "weight-bits=6", "--epochs", "4", "--minibatch", "8", "--distill", "0.5"]
    command = ["finetune", "net.nir", "-i", "train.npz", "-o", "b.nir", *options, "--learning-rate", "0.5", "--json"]
    assert run_verb(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {**json.loads(json.dumps(first.to_json())), "path": "b.nir"}
    assert (folder / "a.nir").read_bytes() == (folder / "b.nir").read_bytes()


def test_training_that_only_does_harm_gives_back_the_start(trained, folder):
    hurt = nd.finetune(trained.path, "train.npz", "out.nir", "fixed", BITS, epochs=2, learning_rate=5000.0)
    assert hurt.kept == 0
    assert hurt.accuracy["trained"] == hurt.accuracy["start"] == trained.accuracy["trained"]
    before, after = (nd.quantize(path, "loihi2").program for path in (trained.path, "out.nir"))
    assert program_files(before) == program_files(after)


def test_an_epoch_that_does_harm_is_taken_back_and_those_after_it_learn_more_slowly(tmp_path):
    how = {"epochs": 16, "patience": 16, "minibatch": 8, "learning_rate": 64.0}
    start, *epochs = nd.finetune(classifier(), samples(), tmp_path / "out.nir", "fixed", BITS, **how).epochs
    assert epochs[0]["held_out_loss"] > 2 * start["held_out_loss"]
    assert epochs[-1]["held_out_loss"] < 0.1 * start["held_out_loss"]


def test_without_labels_the_original_is_the_teacher(folder):
    shown = {"input": samples()["input"]}
    with pytest.raises(InputError, match="has no labels"):
        nd.finetune("net.nir", shown, "out.nir")
    result = nd.finetune("net.nir", shown, "out.nir", "fixed", {"weight-bits": 3}, distill=1.0, epochs=2)
    assert result.accuracy == {}
    assert result.losses["trained"] <= result.losses["start"]
    assert result.likeness.keys() == {"lif0", "lif1"}


WRONG = {
    "labels beyond the classes": ({"labels": np.full(40, 2)}, {}, "labels from 2 to 2 .* lif1 has 2 neurons"),
    "labels of fractions": ({"labels": np.full(40, 0.5)}, {}, "has labels from"),
    "labels that are texts": ({"labels": np.full(40, "a")}, {}, "has labels"),
    "a column of labels": ({"labels": np.zeros((40, 1), int)}, {}, r"labels of shape \(40, 1\)"),
    "too few labels": ({"labels": np.zeros(3, int)}, {}, "3 labels for 40 samples"),
    "one sample": ({"input": np.ones((1, 5, 6)), "labels": np.zeros(1, int)}, {}, "holds one sample"),
    "no epoch": ({}, {"epochs": 0}, "--epochs: 0 is out of range"),
    "everything held out": ({}, {"held_out": 1.0}, "--held-out"),
    "bits beyond the machine": ({}, {"options": {"weight-bits": 99}}, "-O weight-bits"),
    "an option that nobody has": ({}, {"options": {"colour": 9}, "target": "fixed"}, "colour"),
    "another suffix": ({}, {"out": "out.pt"}, r"is no \.nir file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_told_and_nothing_is_written(folder, name):
    arrays, how, message = WRONG[name]
    before = sorted(folder.iterdir())
    with pytest.raises(InputError, match=message):
        nd.finetune("net.nir", {**samples(), **arrays}, **{"out": "out.nir", **how})
    assert sorted(folder.iterdir()) == before


def test_a_network_without_an_exact_form_is_refused_before_it_is_trained(folder):
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (6,)), np.random.default_rng(0).normal(size=(2, 6)))
    summed = build.add("sum", [at])
    build.output("output", build.integrate("n", summed, 1.0))
    told = []
    with pytest.raises(RefusedError, match="rounded to the width of its messages"):
        nd.finetune(build.build(), samples(), "out.nir", progress=lambda *epoch: told.append(epoch))
    assert told == []


def test_an_ordinary_loop_trains():
    import torch

    module = nd.torch.quantized(classifier(), "loihi2")
    arrays = samples()
    inputs, labels = torch.as_tensor(arrays["input"]), torch.as_tensor(arrays["labels"])
    optimizer = torch.optim.Adam(module.parameters(), lr=0.3)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(inputs).sum(1), labels)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert min(losses[3:]) < losses[0]
    shown = events(classifier())
    trace = nd.run(module.network(), shown, on="program")
    assert np.array_equal(module.trace(shown)["lif1"].output, trace["lif1"].output)
