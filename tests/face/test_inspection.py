"""What ``inspect`` gives, and what the twins do before anything heavy is imported."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.network.file import write_network
from tests.cli.support import call, small_network


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_network(small_network(), Path("small.nir"))


def test_a_model_shows_its_nodes_and_with_a_target_its_integers() -> None:
    assert repr(nd.inspect("small.nir")) == repr(nd.load("small.nir"))
    view = nd.inspect("small.nir", target="fixed", options={"weight_bits": 4})
    assert "Program of 2 populations" in repr(view)
    assert "populations" in view._repr_html_()
    assert all(layer["weight_bits"] <= 4 for layer in view.to_json()["layers"])


def test_bundles_and_traces_show_themselves() -> None:
    bundle = nd.export("small.nir", "fixed")
    assert repr(nd.inspect("small.fixed")) == repr(nd.inspect(bundle)) == repr(bundle)
    trace = nd.run(bundle, steps=5, out="t.npz")
    assert repr(nd.inspect(trace)) == repr(trace)
    assert sorted(repr(nd.inspect("t.npz")).splitlines()) == sorted(repr(trace).splitlines())
    with pytest.raises(nd.InputError, match="shows a source as integers"):
        nd.inspect(bundle, target="fixed")


def test_python_and_the_command_line_give_the_same_value() -> None:
    shown = call("inspect", "small.nir", "-t", "c", "--json").data
    assert shown == json.loads(json.dumps(nd.inspect("small.nir", "c").to_json()))
    assert call("lint", "small.nir", "--json").data == nd.lint("small.nir").to_json()
    report = nd.check("small.nir", targets=["fixed"], steps=20, seed=3)
    shown = call("check", "small.nir", "-t", "fixed", "--steps", "20", "--seed", "3", "--json").data
    assert shown["rungs"] == report.to_json()["rungs"]


def test_options_can_be_numbers_and_have_underscores() -> None:
    few = nd.export("small.nir", "fixed", "few", {"weight_bits": 2})
    assert few.digest == nd.export("small.nir", "fixed", "same", {"weight-bits": "2"}).digest


def test_a_stimulus_is_made_as_the_arguments_say() -> None:
    trace = nd.run("small.nir", steps=7, samples=2, seed=1)
    assert (trace.batch, trace.steps) == (2, 7)
    with pytest.raises(TypeError, match="stps"):
        nd.run("small.nir", stps=7)


def test_a_network_is_loaded_already() -> None:
    with pytest.raises(nd.InputError, match="a Network says itself how it is stepped"):
        nd.run(small_network(), profile="norse-1.1")


def test_an_input_range_is_two_or_three_numbers() -> None:
    with pytest.raises(nd.InputError, match="is no range"):
        nd.load("w.pt", module="nets:make", input_shape=(3,), input_range=(1.0,))


def test_lint_repairs_and_says_what_remains() -> None:
    report = nd.lint("small.nir", fix=True, out="repaired.nir")
    assert (report.errors, report.written) == (0, Path("repaired.nir"))
    assert str(report).endswith("0 findings, 0 of them errors")
    assert nd.run("repaired.nir", steps=5).steps == 5


def test_convert_returns_the_network_it_wrote() -> None:
    assert nd.convert("small.nir", "copy.nir").order == nd.load("copy.nir").order


def test_a_signal_becomes_spikes_and_a_signal_again() -> None:
    wave = np.sin(np.linspace(0, 6, 50))
    assert nd.decode(nd.encode(wave, "step-forward", {"threshold": 0.1})).shape[-1] == 50


@pytest.mark.parametrize(
    ("call", "where"),
    [
        ("nd.export('gone.pt', 'fixd')", "--target"),
        ("nd.export('gone.pt', 'fixed', options={'sped': 1})", "-O"),
        ("nd.export('gone.pt', 'fixed', options={'weight-bits': 99})", "-O weight-bits"),
        ("nd.run('gone.pt', on='roof')", "--on"),
        ("nd.check('gone.pt', budget=2)", "--budget"),
        ("nd.check('gone.pt', targets=['fixd'])", "--target"),
        ("nd.build_model('digit')", "model"),
    ],
)
def test_a_wrong_option_is_told_before_torch_is_imported(call: str, where: str) -> None:
    code = (
        f"import sys, neurodeploy as nd\ntry:\n    {call}\n"
        "except nd.InputError as error:\n    print(error.where, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{where} False"
