"""Options that make no sense are refused with a message that names them, and nothing is written."""

from pathlib import Path

import numpy as np
import pytest

from tests.cli.support import call, refused

EXPORT = ("export", "small.nir", "--target", "fixed", "-o", "out")

BAD = {
    "no such target": (("export", "small.nir", "--target", "loihi9"), "unknown target 'loihi9'", "fixed"),
    "no such option": ((*EXPORT, "-O", "speed=9"), "has no option 'speed'", "remedy"),
    "no assignment": ((*EXPORT, "-O", "weight-bits"), "-O: 'weight-bits' is not key=value", "write e.g."),
    "no number": ((*EXPORT, "-O", "weight-bits=many"), "-O weight-bits: 'many'", "from 1 to 16"),
    "too few bits": ((*EXPORT, "-O", "weight-bits=0"), "-O weight-bits: '0'", "from 1 to 16"),
    "too many bits": ((*EXPORT, "-O", "weight-bits=17"), "-O weight-bits: '17'", "from 1 to 16"),
    "too few message bits": ((*EXPORT, "-O", "message-bits=1"), "-O message-bits: '1'", "from 2 to 24"),
    "weight exponent out of range": ((*EXPORT, "-O", "weight-exponent=8"), "-O weight-exponent: '8'", "from 0 to 7"),
    "no such numerics": ((*EXPORT, "-O", "numerics=float"), "no numerics 'float'", "loihi2, int32"),
    "no such term": (("inspect", "bare.nir", "--profile", "nir,dt=1,colour=red"), "term 'colour'", "reset_timing"),
    "bad term": (("inspect", "bare.nir", "--profile", "nir,dt=0"), "dt cannot be 0.0", "seconds above 0"),
    "no such profile": (("inspect", "bare.nir", "--profile", "norse-0.0"), "profile 'norse-0.0'", "nir,dt=1e-3"),
    "profile without dt": (("inspect", "bare.nir", "--profile", "nir"), "no time step", "dt=1e-3"),
    "profile and contract": (
        ("inspect", "bare.nir", "--profile", "nir,dt=1", "--contract", "c.json"),
        "both given",
        "one",
    ),
    "no contract file": (
        ("inspect", "bare.nir", "--contract", "c.json"),
        "c.json: there is no such file",
        "check the path",
    ),
    "unknown node in a contract": (
        ("inspect", "bare.nir", "--profile", "nir,dt=1,ghost.reset=zero"),
        "'ghost', which is no node",
        "existing node",
    ),
    "no contract at all": (("inspect", "bare.nir"), "does not say how it is stepped", "--profile nir,dt=1e-3"),
    "module for a nir": (("inspect", "small.nir", "--module", "a:b"), "--module: this is for a PyTorch", "leave out"),
    "no such rung": (
        ("run", "small.nir", "--on", "roof"),
        "--on: unknown rung 'roof'",
        "network, program, c, cortex-m",
    ),
    "no source module": (("run", "small.nir", "--on", "source"), "does not hold the source module", "checkpoint"),
    "budget above one": (("check", "small.nir", "--budget", "1.5"), "--budget: 1.5", "0.9"),
    "budget is no number": (("check", "small.nir", "--budget", "nan"), "--budget: nan", "0.9"),
    "unknown silent node": (("check", "small.nir", "--allow-silent", "x"), "no node 'x'", "hidden, readout"),
    "targets of a trace": (("inspect", "t.npz", "--target", "fixed"), "--target", "leave out"),
    "no such model": (("models", "build", "vgg"), "unknown model 'vgg'", "digits"),
    "no such preset": (("models", "build", "digits", "--preset", "x"), "no preset 'x'", "float-trained"),
    "nothing to install": (("targets", "install", "fixed"), "needs no environment", "as it is"),
    "install what": (("targets", "install", "nowhere"), "unknown target 'nowhere'", "loihi-sim"),
}


@pytest.mark.parametrize("name", BAD)
def test_is_refused(model: Path, name: str) -> None:
    import nir

    from neurodeploy.network.file import read_graph

    graph = read_graph(model)
    nir.write("bare.nir", nir.NIRGraph(graph.nodes, graph.edges, type_check=False))
    np.savez("t.npz", a=np.zeros(1))
    before = sorted(Path().iterdir())
    arguments, what, remedy = BAD[name]
    told = refused(*arguments)
    assert what in told
    assert remedy in told
    assert sorted(Path().iterdir()) == before


BUNDLE = {
    "quantized twice": (("-O", "weight-bits=4"), "-O weight-bits: a bundle is quantized already"),
    "stepped twice": (("--profile", "nir,dt=1"), "--profile: a bundle says itself how it is stepped"),
    "built twice": (("--module", "a:b"), "--module: a bundle says itself"),
}


@pytest.mark.parametrize("name", BUNDLE)
@pytest.mark.parametrize("verb", ["run", "check"])
def test_a_bundle_takes_no_option_that_could_not_hold(bundle: Path, verb: str, name: str) -> None:
    arguments, what = BUNDLE[name]
    assert what in refused(verb, bundle, *arguments)


def test_a_bundle_has_no_source(bundle: Path) -> None:
    assert "a bundle does not hold the source module" in refused("run", bundle, "--on", "source")


@pytest.mark.parametrize("verb", ["run", "check", "inspect"])
def test_a_folder_that_is_no_bundle(folder: Path, verb: str) -> None:
    Path("plain").mkdir()
    assert "plain: is no bundle: there is no manifest.json" in refused(verb, "plain")


def test_export_leaves_a_folder_that_is_no_bundle(model: Path) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("years of work")
    told = refused("export", model, "--target", "fixed", "-o", "mine")
    assert "mine: exists and is no bundle" in told
    assert [each.name for each in Path("mine").iterdir()] == ["thesis.tex"]
    assert Path("mine/thesis.tex").read_text() == "years of work"
    assert "exists and is no bundle" in refused("export", model, "--target", "fixed", "-o", "mine/thesis.tex")


def test_the_default_folder_is_named_after_source_and_target(model: Path) -> None:
    Path("deep").mkdir()
    model.rename("deep/net.v2.nir")
    assert call("export", "deep/net.v2.nir", "--target", "fixed").code == 0
    assert sorted(each.name for each in Path().iterdir()) == ["deep", "net.v2.fixed"]


def test_weights_of_few_bits_on_request(model: Path) -> None:
    assert call("check", model, "--target", "fixed", "-O", "weight-bits=2", "--budget", "0").code == 0
    layers = call("export", model, "-t", "fixed", "-O", "weight-bits=2", "--json").data["report"]["layers"]
    assert all(layer["weight_bits"] <= 2 for layer in layers)


def test_numerics_of_the_fixed_target(model: Path) -> None:
    data = call("export", model, "-t", "fixed", "-O", "numerics=int32", "-O", "weight-bits=16", "--json").data
    assert data["program"]["numerics"] == "int32"
    assert call("check", "small.fixed", "--json").data["about"]["numerics"] == "int32"
    told = refused("run", "small.fixed", "--on", "loihi-sim", code=3)
    assert "its integers are made for int32 numerics, the target runs loihi2" in told
