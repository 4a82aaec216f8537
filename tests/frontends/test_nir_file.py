"""``.nir`` files: with their contract, under a profile, under a contract file; nothing is guessed."""

import json
from pathlib import Path

import nir
import numpy as np
import pytest

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.flow import check, load
from neurodeploy.frontends.nir_file import profile_contract
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.network.file import write_network
from tests.cli.support import small_network


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that some other framework could have written."""
    monkeypatch.chdir(tmp_path)
    graph = small_network().graph
    nir.write("bare.nir", nir.NIRGraph(graph.nodes, graph.edges, type_check=False))


def test_without_a_contract_it_is_refused_and_says_what_is_open() -> None:
    with pytest.raises(InputError, match="time step, reset, ties, integration and gains are open") as caught:
        load("bare.nir")
    assert "--profile nir,dt=1e-3" in str(caught.value)
    assert "--contract FILE.json" in str(caught.value)


def test_the_nir_profile_is_the_specification_s_own_reading() -> None:
    contract = load("bare.nir", profile="nir,dt=1e-4,hidden.reset=subtract,fires_at=>=").contract
    assert contract.defaults.dt == 1e-4
    assert contract.defaults.reset == "value"
    assert contract.defaults.input_gain == "spec"
    assert contract.defaults.fires_at == ">="
    assert contract.of("hidden").reset == "subtract"
    assert contract.of("readout").reset == "value"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("nir", "needs one"),
        ("nir,dt", "'dt' is not key=value"),
        ("nir,dt=soon", "dt cannot be 'soon'"),
        ("nir,dt=1,reset=maybe", "reset cannot be 'maybe'"),
        ("nir,dt=1,speed=2", "unknown contract term 'speed'"),
        ("lava", "unknown profile 'lava'"),
        ("", "unknown profile ''"),
    ],
)
def test_profiles_that_say_nothing(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        profile_contract(text)


def test_a_contract_file_is_what_inspect_shows() -> None:
    network = small_network()
    Path("contract.json").write_text(json.dumps(network.contract.to_json()))
    assert load("bare.nir", contract="contract.json").contract == network.contract
    assert load("bare.nir", contract=network.contract).contract == network.contract


@pytest.mark.parametrize("text", ["", "{", "[]", '{"dt": 1}', '{"defaults": {"colour": 1}}', "\xff"])
def test_a_contract_file_that_is_none(text: str) -> None:
    Path("contract.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="contract"):
        load("bare.nir", contract="contract.json")


def test_a_given_contract_takes_the_place_of_the_file_s_own_and_keeps_the_rest() -> None:
    build = NetworkBuilder()
    left, right = build.input("left", (2,)), build.input("right", (2,))
    build.output("output", build.only_second("gate", left, right))
    write_network(build.build(), Path("gate.nir"))
    network = load("gate.nir", contract=Contract().change({"dt": "0.5"}))
    assert network.contract.defaults.dt == 0.5
    assert network.inserted == {"gate_not"}


def test_nan_is_refused_by_node() -> None:
    graph = small_network().graph
    nodes = {**graph.nodes, "fc1": nir.Linear(np.full((4, 3), np.nan))}
    nir.write("nan.nir", nir.NIRGraph(nodes, graph.edges, type_check=False))
    with pytest.raises(InputError, match="node fc1: weight holds NaN"):
        load("nan.nir", profile="nir,dt=1e-3")


def test_the_values_of_its_inputs_are_declared_for_a_file_as_for_a_module(tmp_path: Path) -> None:
    """Counts of events into a file that says nothing of them: without the range the integers would see single bits."""
    counts = {"input": np.random.default_rng(0).integers(0, 4, (40, 3))}
    profile = "nir,dt=1e-3"
    plain, declared = (load("bare.nir", profile=profile, input_range=values) for values in (None, (0, 3, 1)))
    assert plain.input_range("input").binary
    assert declared.input_range("input") == InputRange(0, 3, 1, declared=True)
    undeclared = check("bare.nir", stimulus=counts, targets=["fixed"], profile=profile)
    told = next(finding for finding in undeclared.findings if finding.slug == "stimulus-range")
    values = tuple(float(number) for number in told.remedy.rpartition("--input-range ")[2].split(","))
    followed = check("bare.nir", stimulus=counts, targets=["fixed"], profile=profile, input_range=values)
    assert not any(finding.slug == "stimulus-range" for finding in followed.findings)
    own = tmp_path / "own.nir"
    write_network(small_network(), own)
    assert load(own, input_range=(0, 3, 1)).input_range("input").high == 3


def test_shapes_that_would_take_all_memory_are_refused_before_it_is_taken(tmp_path: Path) -> None:
    side = np.array([40_000, 40_000])
    pool = nir.SumPool2d(np.array([1, 1]), np.array([1, 1]), np.array([0, 0]))
    nodes = {"input": nir.Input(np.array([1, *side])), "pool": pool, "output": nir.Output(np.array([1, *side]))}
    graph = nir.NIRGraph(nodes, [("input", "pool"), ("pool", "output")], type_check=False)
    nir.write(tmp_path / "huge.nir", graph)
    assert (tmp_path / "huge.nir").stat().st_size < 1 << 15
    with pytest.raises(InputError, match=r"what its nodes send in one step is .* MiB large"):
        load(tmp_path / "huge.nir", contract=Contract())
