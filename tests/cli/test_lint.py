"""``lint``: everything at once, exit codes, and the repaired file."""

import re
from pathlib import Path

import h5py
import nir
import numpy as np

from neurodeploy.flow import load
from neurodeploy.network.file import network_bytes
from neurodeploy.network.raw import read_raw
from tests.cli.support import call, refused, small_network
from tests.profiles.producers import PRODUCERS, graph_of, weights


def foreign(name: str = "norse-box", path: str = "foreign.nir") -> Path:
    nir.write(path, graph_of(PRODUCERS[name], weights(0)))
    return Path(path)


def test_a_sound_file_that_says_itself_has_no_findings(model: Path) -> None:
    result = call("lint", model)
    assert (result.code, result.out) == (0, "0 findings, 0 of them errors\n")
    assert call("lint", model, "--json").data["contract"] == small_network().contract.to_json()


def test_a_foreign_file_gets_the_profiles_that_fit_the_likeliest_first() -> None:
    result = call("lint", foreign(), "--json")
    assert result.code == 1
    assert [each["slug"] for each in result.data["findings"]] == ["no-contract"]
    assert result.data["profiles"][0]["profile"] == "norse-1.1"
    assert "only as tau * dt" in " ".join(result.data["profiles"][0]["reasons"])
    assert result.data["profiles"][-1]["profile"] == "nir"


def test_no_verb_guesses() -> None:
    path = foreign("snn-subtract")
    for verb in (("inspect",), ("run",), ("check",), ("export", "--target", "fixed")):
        told = refused(verb[0], path, *verb[1:])
        assert told.index("--profile snntorch-1.0") < told.index("--profile nir,dt=1e-3")
        assert "--contract FILE.json" in told


def test_under_its_profile_its_repairs_are_told_and_nothing_is_an_error() -> None:
    result = call("lint", foreign(), "--profile", "norse-1.1", "--json")
    assert result.code == 0
    found = {each["slug"]: each for each in result.data["findings"]}
    assert found["norse-tau-times-dt"]["severity"] == "warning"
    assert found["norse-tau-times-dt"]["spikes"]
    assert "norse-assumes-dt" in found


def damaged() -> Path:
    path = foreign()
    with h5py.File(path, "a") as file:
        del file["node/nodes/1/v_reset"]
        edges = [[b"input", b"0"], *file["node/edges"][()].tolist(), [b"3", b"nowhere"]]
        del file["node/edges"]
        file["node/edges"] = np.array(edges, dtype=object)
        file["node/nodes/0/bias"][0] = np.nan
    return path


def test_all_findings_come_at_once_with_their_repairs() -> None:
    result = call("lint", damaged(), "--profile", "norse-1.1")
    assert result.code == 1
    for slug in ("error[duplicate-edge]", "error[dangling-edge]", "error[not-finite] 0", "info[no-v-reset] 1"):
        assert slug in result.out
    assert result.out.count("spikes: ") == result.out.count("repair: ") > 5
    assert "(--fix repairs it)" in result.out


def test_fix_writes_a_file_that_says_itself_and_means_the_same() -> None:
    path = foreign()
    result = call("lint", path, "--profile", "norse-1.1,reset=subtract", "--fix", "-o", "repaired.nir", "--json")
    assert (result.code, result.data["written"]) == (0, "repaired.nir")
    assert {each["slug"] for each in result.data["found"]} >= {"norse-tau-times-dt"}
    expected = load(path, profile="norse-1.1,reset=subtract")
    assert network_bytes(load("repaired.nir")) == network_bytes(expected)
    assert call("lint", "repaired.nir").code == 0
    assert nir.read("repaired.nir").nodes.keys() == expected.nodes.keys()


def test_fix_without_a_contract_repairs_the_graph_and_still_refuses_to_guess() -> None:
    path = damaged()
    with h5py.File(path, "a") as file:
        file["node/nodes/0/bias"][0] = 0.0
    result = call("lint", path, "--fix", "-o", "repaired.nir", "--json")
    assert result.code == 1
    assert [each["slug"] for each in result.data["findings"]] == ["no-contract"]
    assert not read_raw(Path("repaired.nir")).metadata
    assert call("inspect", "repaired.nir", "--profile", "norse-1.1").code == 0


def test_what_cannot_be_repaired_is_not_written() -> None:
    result = call("lint", damaged(), "--profile", "norse-1.1", "--fix", "-o", "repaired.nir")
    assert result.code == 1
    assert "could not be repaired" in result.out
    assert not Path("repaired.nir").exists()


def test_findings_are_numbered_and_so_are_the_errors_among_them(model: Path) -> None:
    told = call("lint", "--profile", "norse-1.1", foreign()).out.splitlines()[-1]
    assert re.fullmatch(r"[2-9] findings, 0 of them errors", told)
    with h5py.File(model, "a") as file:
        del file["node/metadata/neurodeploy/contract"]
        file["node/metadata/neurodeploy/contract"] = "{"
    assert call("lint", model).out.splitlines()[-1] == "1 finding, 1 of them an error"


def test_damaged_metadata_and_a_refused_term_are_findings(model: Path) -> None:
    with h5py.File(model, "a") as file:
        del file["node/metadata/neurodeploy/contract"]
        file["node/metadata/neurodeploy/contract"] = "{"
    result = call("lint", model, "--json")
    assert (result.code, result.data["findings"][0]["slug"]) == (1, "bad-metadata")


def test_options_that_do_not_fit() -> None:
    path = foreign()
    assert "belong together" in refused("lint", path, "--fix")
    assert "belong together" in refused("lint", path, "-o", "x.nir")
    assert "unknown profile" in refused("lint", path, "--profile", "brian-2")
    assert "there is no such file" in refused("lint", "missing.nir")


def test_a_batch_in_the_parameters_of_neurons_is_dropped_with_that_of_the_shapes() -> None:
    one = np.ones((1, 2, 4, 4))
    nodes = {
        "input": nir.Input(np.array([1, 1, 4, 4])),
        "c": nir.Conv2d((4, 4), np.ones((2, 1, 3, 3)), 1, 1, 1, 1, np.zeros(2)),
        "n": nir.IF(r=1e3 * one, v_threshold=one, v_reset=0 * one),
        "output": nir.Output(np.array(one.shape)),
    }
    edges = [("input", "c"), ("c", "n"), ("n", "output")]
    nir.write("batch.nir", nir.NIRGraph(nodes, edges, type_check=False))
    told = call("lint", "batch.nir", "--profile", "nir,dt=1e-3").out
    assert told.count("(--fix repairs it)") == 2
    assert call("lint", "batch.nir", "--profile", "nir,dt=1e-3", "--fix", "-o", "plain.nir").code == 0
    assert load("plain.nir").shapes == {"input": (1, 4, 4), "c": (2, 4, 4), "n": (2, 4, 4), "output": (2, 4, 4)}


def test_a_number_for_all_neurons_is_no_error_under_a_profile() -> None:
    nir.write("scalar.nir", graph_of(PRODUCERS["snn-subtract"], weights(0)))
    with h5py.File("scalar.nir", "a") as file:  # as snnTorch up to 0.9 wrote beta
        tau = float(file["node/nodes/1/tau"][0])
        del file["node/nodes/1/tau"]
        file["node/nodes/1/tau"] = tau
    told = call("lint", "scalar.nir", "--profile", "snntorch-1.0")
    assert told.code == 0
    assert "scalar-parameter" in told.out
    assert call("run", "scalar.nir", "--profile", "snntorch-1.0", "--on", "network", "--steps", "9").code == 0
