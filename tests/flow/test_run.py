"""One rung at a time, stimuli, and the Python API as the interface shows it."""

from pathlib import Path

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.errors import InputError
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.stimuli import open_stimulus
from neurodeploy.trace import Trace
from tests.cli.support import call, small_network

SPIKES = (np.random.default_rng(1).random((2, 40, 3)) < 0.3).astype(np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_python_api_as_documented() -> None:
    write_network(small_network(), Path("model.nir"))
    network = nd.load("model.nir")
    bundle = nd.export(network, target="fixed", out="build/")
    trace = nd.run(bundle, {"input": SPIKES[0]})
    report = nd.check(bundle, {"input": SPIKES[0]})
    assert trace["hidden"].output.shape == (1, 40, 4)
    assert (report.verdict, len(report.rungs), report.first_divergence) == ("agree", 2, None)
    assert report.to_html().startswith("<!doctype html>")
    assert {"fixed", "loihi-sim"} <= nd.targets().keys()
    with pytest.raises(AttributeError):
        _ = nd.nonsense


def test_export_from_python_takes_a_path() -> None:
    write_network(small_network(), Path("model.nir"))
    assert nd.export("model.nir", "fixed").path == Path("model.fixed")
    with pytest.raises(InputError, match="name the folder"):
        nd.export(small_network(), "fixed")


def test_every_rung_has_the_same_entries() -> None:
    bundle = nd.export(small_network(), "fixed", "b")
    traces = {rung: nd.run(bundle, {"input": SPIKES}, on=rung) for rung in ("network", "program", "fixed")}
    for rung, trace in traces.items():
        assert tuple(trace.entries) == ("input", "hidden", "readout")
        assert (trace.batch, trace.steps, trace.meta["rung"]) == (2, 40, rung)
        assert trace.meta["bundle"] == bundle.digest
        for name in trace.entries:
            assert np.array_equal(trace[name].values, traces["network"][name].values)
    assert nd.run(bundle, {"input": SPIKES}).meta["rung"] == "fixed"
    assert nd.run(small_network(), {"input": SPIKES}).meta["rung"] == "network"


def test_states_are_recorded_on_request_and_survive_a_file() -> None:
    bundle = nd.export(small_network(), "fixed", "b")
    np.savez("s.npz", input=SPIKES[0])
    assert call("run", bundle.path, "--input", "s.npz", "--states", "-o", "t.npz", "-q").code == 0
    read, ran = Trace.load(Path("t.npz")), nd.run(bundle, {"input": SPIKES[0]}, states=True)
    for name in ("hidden", "readout"):
        assert np.array_equal(read[name].output, ran[name].output)
        assert np.array_equal(read[name].v, ran[name].v)
        assert read[name].state_scale == ran[name].state_scale
    assert nd.run(bundle, {"input": SPIKES[0]})["hidden"].v is None


def test_files_hold_one_sample_or_a_batch() -> None:
    write_network(small_network(), Path("m.nir"))
    np.savez("one.npz", input=SPIKES[0])
    np.savez("two.npz", input=SPIKES)
    assert call("run", "m.nir", "--input", "one.npz", "-o", "a.npz", "-q").code == 0
    assert call("run", "m.nir", "--input", "two.npz", "--batch", "-o", "b.npz", "-q").code == 0
    assert call("run", "m.nir", "--input", "one.npz", "--batch").code == 2
    with np.load("a.npz") as one, np.load("b.npz") as two:
        assert one["hidden.spikes"].shape == (40, 4)
        assert two["hidden.spikes"].shape == (2, 40, 4)
        assert np.array_equal(one["hidden.spikes"], two["hidden.spikes"][0])


def test_a_stimulus_is_named_like_its_input_or_input() -> None:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("camera", (3,)), np.ones((1, 3)))
    build.output("output", build.integrate("cells", at, 1.0))
    network = build.build()
    one, other = (nd.run(network, {name: SPIKES}) for name in ("camera", "input"))
    assert np.array_equal(one["cells"].output, other["cells"].output)
    with pytest.raises(InputError, match=r"no array for the input 'camera'; it has \['eye'\]"):
        nd.run(network, {"eye": SPIKES})


def test_several_inputs_go_together() -> None:
    build = NetworkBuilder()
    left = build.linear("fc", build.input("left", (3,)), np.ones((2, 3)))
    at = build.integrate("cells", (left, build.input("right", (2,))), 1.0)
    build.output("output", at)
    network = build.build()
    fitted = open_stimulus({"left": np.ones((5, 3)), "right": np.ones((5, 2))}, network)
    assert {name: array.shape for name, array in fitted.items()} == {"left": (1, 5, 3), "right": (1, 5, 2)}
    with pytest.raises(InputError, match="differ in samples or steps"):
        open_stimulus({"left": np.ones((5, 3)), "right": np.ones((4, 2))}, network)
    with pytest.raises(InputError, match="no array for the input"):
        open_stimulus({"left": np.ones((5, 3)), "input": np.ones((5, 2))}, network)


def test_without_a_stimulus_it_is_seeded_noise_at_ten_percent() -> None:
    network = small_network()
    noise = open_stimulus(None, network)["input"]
    assert noise.shape == (1, 100, 3)
    assert set(np.unique(noise)) == {0.0, 1.0}
    assert np.array_equal(noise, open_stimulus(None, network, seed=0)["input"])
    assert not np.array_equal(noise, open_stimulus(None, network, seed=1)["input"])
    many = open_stimulus(None, network, steps=400, samples=20)["input"]
    assert many.shape == (20, 400, 3)
    assert abs(many.mean() - 0.1) < 0.01


def test_noise_has_the_height_of_the_input() -> None:
    network = small_network(values=InputRange(0.0, 4.0, 0.5, declared=True))
    assert set(np.unique(open_stimulus(None, network)["input"])) == {0.0, 4.0}


def test_a_model_brings_its_own_stimulus() -> None:
    assert call("models", "build", "digits", "-o", "d.pt", "-q").code == 0
    network = nd.load("d.pt")
    stimulus = open_stimulus(None, network, steps=3, samples=5, seed=2)
    assert stimulus["input"].shape == (5, 3, 1, 8, 8)
    assert stimulus.labels.shape == (5,)


def test_labels_stay_beside_the_stimulus(tmp_path: Path) -> None:
    np.savez("s.npz", input=SPIKES, labels=np.array([3, 1]))
    assert open_stimulus("s.npz", small_network()).labels.tolist() == [3, 1]


def test_the_source_rung_needs_the_module() -> None:
    with pytest.raises(InputError, match="does not hold the source module"):
        nd.run(small_network(), {"input": SPIKES}, on="source")
    with pytest.raises(InputError, match="a bundle does not hold the source module"):
        nd.run(nd.export(small_network(), "fixed", "b"), {"input": SPIKES}, on="source")
