"""The one door: what it opens, that it opens it once, and what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.encoding import LeakyIntegrateAndFire
from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.errors import InputError
from neurodeploy.flow.encoder import with_encoder
from neurodeploy.network import Network, NetworkBuilder, Source
from neurodeploy.network.file import write_network
from neurodeploy.stimuli import arrays, open_stimulus
from neurodeploy.stimulus import Stimulus
from tests.cli.support import call, small_network

SPIKES = (np.random.default_rng(1).random((2, 40, 3)) < 0.3).astype(np.uint8)
LEAKY = DeployedEncoder(LeakyIntegrateAndFire(0.4, 0.5, bipolar=False), -1.0, 1.0)


def network_with_input(name: str) -> Network:
    build = NetworkBuilder()
    at = build.linear("fc", build.input(name, (3,)), np.ones((2, 3)))
    build.output("output", build.integrate("cells", at, 1.0))
    return build.build()


def test_arrays_files_and_a_stimulus_open_to_the_same(tmp_path: Path) -> None:
    network = small_network()
    np.savez(tmp_path / "plain.npz", input=SPIKES, labels=[3, 1])
    Stimulus({"input": SPIKES}, np.array([3, 1])).save(tmp_path / "saved.npz")
    sources = ({"input": SPIKES, "labels": [3, 1]}, tmp_path / "plain.npz", str(tmp_path / "saved.npz"))
    for source in sources:
        opened = open_stimulus(source, network)
        assert np.array_equal(opened["input"], SPIKES)
        assert opened.labels is not None
        assert opened.labels.tolist() == [3, 1]
    assert np.array_equal(open_stimulus(SPIKES, network)["input"], SPIKES)


def test_a_stimulus_that_fits_is_returned_as_it_is() -> None:
    stimulus = Stimulus({"input": SPIKES})
    assert open_stimulus(stimulus, small_network()) is stimulus


def test_input_stands_for_the_only_input() -> None:
    opened = open_stimulus(Stimulus({"input": SPIKES}), network_with_input("camera"))
    assert list(opened) == ["camera"]


def test_an_input_called_labels_is_an_input(tmp_path: Path) -> None:
    network = network_with_input("labels")
    np.savez(tmp_path / "s.npz", labels=SPIKES)
    for source in ({"labels": SPIKES}, tmp_path / "s.npz", Stimulus({"labels": SPIKES})):
        opened = open_stimulus(source, network)
        assert np.array_equal(opened["labels"], SPIKES)
        assert opened.labels is None


@pytest.mark.parametrize(
    ("stimulus", "reason"),
    [
        (Stimulus({"eye": SPIKES}), "has the inputs eye, the network has input"),
        (Stimulus({"input": SPIKES, "eye": SPIKES}), "has the inputs input, eye, the network has input"),
        (Stimulus({"input": SPIKES[0]}), r"has shape \(40, 3\), the input needs \(B, T, 3\)"),
    ],
)
def test_a_stimulus_that_does_not_fit_is_refused(stimulus: Stimulus, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        open_stimulus(stimulus, small_network())


def test_an_encoder_needs_the_signal_and_keeps_it() -> None:
    network = with_encoder(small_network(), LEAKY)
    signal = np.sin(np.linspace(0, 9, 60)).reshape(3, 20)
    opened = open_stimulus(signal, network)
    assert np.array_equal(opened.signals["input"].values, signal[None].astype(np.float32))
    assert opened.signals["input"].samples.shape == (1, 20, 3)
    assert open_stimulus(opened, network) is opened
    with pytest.raises(InputError, match="holds no signal of 3 features for the encoder of 'input'"):
        open_stimulus(Stimulus({"input": opened["input"]}), network)


def test_an_encoded_stimulus_survives_a_file(tmp_path: Path) -> None:
    network = with_encoder(small_network(), LEAKY)
    opened = open_stimulus(None, network, steps=20, samples=2)
    opened.save(tmp_path / "s.npz")
    read = open_stimulus(tmp_path / "s.npz", network)
    assert np.array_equal(read["input"], opened["input"])
    assert np.array_equal(read.signals["input"].samples, opened.signals["input"].samples)


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the arrays whose shape was compared with an input's, as often as that happened."""
    names: list[str] = []
    compare: Callable[..., None] = arrays._check_shape

    def counting(array: Any, shape: Any, name: str, *rest: Any) -> None:
        names.append(name)
        compare(array, shape, name, *rest)

    monkeypatch.setattr(arrays, "_check_shape", counting)
    return names


def test_a_whole_check_opens_and_fits_its_stimulus_once(tmp_path: Path, fitted: list[str]) -> None:
    nd.check(small_network(), {"input": SPIKES}, targets=["fixed"])
    assert fitted == ["input"]


@pytest.mark.parametrize("verb", [("check", "--target", "fixed"), ("run", "--on", "program")])
def test_the_command_line_opens_and_fits_it_once(verb: tuple[str, ...], tmp_path: Path, fitted: list[str]) -> None:
    write_network(small_network(), tmp_path / "m.nir")
    np.savez(tmp_path / "s.npz", input=SPIKES)
    assert call(verb[0], tmp_path / "m.nir", "--input", tmp_path / "s.npz", *verb[1:]).code == 0
    assert fitted == ["input"]


def test_a_maker_that_gives_no_stimulus_is_named() -> None:
    source = Source("theirs", stimulus=lambda *_: {"input": SPIKES})
    with pytest.raises(InputError, match="theirs: the model's own maker gives a dict, not a Stimulus"):
        open_stimulus(None, replace(small_network(), source=source))


def test_the_first_steps_and_samples_of_what_is_given(tmp_path: Path) -> None:
    network = small_network()
    np.savez(tmp_path / "s.npz", input=SPIKES, labels=[3, 1])
    for source in (tmp_path / "s.npz", Stimulus({"input": SPIKES}, np.array([3, 1]))):
        opened = open_stimulus(source, network, steps=7, samples=1)
        assert np.array_equal(opened["input"], SPIKES[:1, :7])
        assert opened.labels is not None
        assert opened.labels.tolist() == [3]
    with pytest.raises(InputError, match="--steps: the stimulus has 40, not 41"):
        open_stimulus(SPIKES, network, steps=41)


def test_an_encoder_makes_all_steps_of_its_signal() -> None:
    network = with_encoder(small_network(), LEAKY)
    signal = np.sin(np.linspace(0, 9, 60)).reshape(3, 20)
    with pytest.raises(InputError, match="--steps: an encoder makes all steps"):
        open_stimulus({"signal": signal}, network, steps=5)
