"""A failing case made small: it still differs in the same node, and one command runs it again."""

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy import flow, target
from neurodeploy.bundle import read_bundle
from neurodeploy.contract import Terms
from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.numerics import INT32
from neurodeploy.reduction.ddmin import fewest
from neurodeploy.reference.integer import step
from neurodeploy.reference.program_runner import ProgramRun
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target, find_target
from neurodeploy.trace import Trace
from tests.cli.support import call, refused


def network() -> Network:
    rng = np.random.default_rng(4)
    build = NetworkBuilder(Terms(dt=1e-3))
    at = build.input("input", (8,))
    for layer, size in (("one", 12), ("two", 10), ("three", 6)):
        weights = rng.integers(-4, 9, (size, build.shape(at)[0])) / 8
        at = build.lif(layer, build.linear(f"to_{layer}", at, weights), tau=8e-3, threshold=1.0, reset="subtract")
    build.output("output", at)
    return build.build()


SHOWN = Stimulus({"input": (np.random.default_rng(2).random((4, 40, 8)) < 0.4).astype(float)})


def sick_run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
    """A chip whose neurons of a population "two" decay by rounding down."""

    def down(population, state, a, n):
        state.v = (state.v * (n.decay_one - population.membrane_decay)) >> n.decay_bits
        return step(replace(population, membrane_decay=0), state, a, n)

    run = ProgramRun(artifact.program, stimulus.batch, states, updates={"two": down})
    return replace(run.feed(stimulus, drive), evidence=INDEPENDENT)


@pytest.fixture
def sick(monkeypatch: pytest.MonkeyPatch) -> Target:
    """The target ``fixed``, in its place a chip with a fault."""
    chip = replace(find_target("fixed"), run=sick_run, opens=None, numerics=INT32)
    sound = target._installed

    def installed(name: str) -> target.Installed:
        return target.Installed("fixed", chip, None) if name == "fixed" else sound(name)

    monkeypatch.setattr(target, "_installed", installed)
    return chip


@pytest.mark.usefixtures("sick")
def test_a_fault_of_one_layer_comes_down_to_one_neuron_and_a_few_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    case = flow.reduce(network(), SHOWN, "case", target="fixed")
    assert (case.target, case.node, case.before["samples"], case.before["neurons"]) == ("fixed", "two", 4, 28)
    assert (case.after["samples"], case.after["neurons"]) == (1, 1)
    assert case.after["steps"] <= 6 and case.after["events"] <= 6
    assert read_bundle(Path("case/bundle")).program.by_name.keys() == {"two"}
    assert any(words.startswith("cause: ") for words in case.causes)
    assert shlex.split(case.command)[:3] == ["neurodeploy", "check", "case/bundle"]
    ran = call(*shlex.split(case.command)[1:], "--json")
    assert ran.code == 1
    rung = ran.data["rungs"][-1]
    assert (rung["to"], rung["first_divergence"]["node"]) == ("fixed", "two")
    assert {rung["verdict"] for rung in ran.data["rungs"][:-1]} <= {"agree", "inconclusive"}, ran.data["rungs"][0]
    assert case.command in Path("case/README.md").read_text("utf-8")
    again = flow.reduce(network(), SHOWN, "again", target="fixed")
    assert read_bundle(again.path / "bundle").digest == read_bundle(case.path / "bundle").digest
    assert (again.path / "stimulus.npz").read_bytes() == (case.path / "stimulus.npz").read_bytes()


def test_where_nothing_differs_there_is_nothing_to_reduce(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="program and fixed agree: there is nothing to reduce") as error:
        nd.reduce(network(), SHOWN, tmp_path / "case", target="fixed")
    assert error.value.exit_code == 2 and not (tmp_path / "case").exists()


def test_a_folder_that_exists_a_source_without_target_and_one_that_cannot_run_are_refused(tmp_path: Path) -> None:
    bundle = nd.export(network(), "fixed", tmp_path / "net.fixed")
    (tmp_path / "case").mkdir()
    assert "case: exists\n  remedy: choose another folder" in refused(
        "reduce", bundle.path, "-o", tmp_path / "case", code=2
    )
    with pytest.raises(InputError, match="a source has no target of its own"):
        nd.reduce(network(), SHOWN, tmp_path / "other")
    absent = replace(find_target("fixed"), available=lambda: "it is not plugged in")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, "_installed", lambda name: target.Installed(name, absent, absent.available()))
        with pytest.raises(UnavailableError, match="it is not plugged in"):
            nd.reduce(network(), SHOWN, tmp_path / "other", target="fixed")


def test_the_fewest_are_those_of_which_none_can_be_left_out() -> None:
    def test(choices):
        return next((i for i, choice in enumerate(choices) if {3, 11} <= set(choice)), None)

    assert fewest(range(20), test) == [3, 11]
    assert fewest(range(20), lambda choices: 0) == []
