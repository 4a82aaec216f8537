"""Encoders at the head of deployed networks, on real signals: what C prints is what the host has, in every step."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import cbook
from neurodeploy.targets.c.runner import available

from neurodeploy.bundle import Bundle
from neurodeploy.contract import Terms
from neurodeploy.encoding import (
    BensSpiker,
    Gymnasium,
    LeakyIntegrateAndFire,
    Population,
    PulseWidth,
    Rate,
    StepForward,
)
from neurodeploy.encoding.deployed import DeployedEncoder, deploy
from neurodeploy.encoding.files import read_signal
from neurodeploy.flow import check, export, run
from neurodeploy.heads import apply_head
from neurodeploy.model import find_model
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.stimuli.signals import SIGNAL
from neurodeploy.streams import build_stream
from tests.targets.embedded_support import network

pytestmark = pytest.mark.skipif(available() is not None, reason=f"{available()} (Debian: apt-get install gcc)")
FEATURES = 4


@cache
def eeg() -> np.ndarray:
    """The electroencephalogram that Matplotlib ships: 4 electrodes, 800 samples."""
    with cbook.get_sample_data("eeg.dat") as file:
        return np.frombuffer(file.read(), np.float64).reshape(-1, FEATURES).T.copy()


CODERS: dict[str, Any] = {
    "step-forward": StepForward(0.5),
    "leaky-integrate-and-fire": LeakyIntegrateAndFire(0.4, 0.6),
    "pulse-width": PulseWidth(150.0),
    "bens-spiker": BensSpiker(0.8, 20, 0.15),
    "population": Population(5, 0.15, 4),
    "gymnasium": Gymnasium(-6.0, 6.0, steps=4, step=True, threshold=0.2),
}


def classifier(channels: int) -> Network:
    """Two dense layers of leaky neurons with seeded weights in eighths."""
    generator = np.random.default_rng(7)
    build = NetworkBuilder(Terms(dt=1e-3))
    at = build.input("input", (channels,))
    at = build.linear("fc1", at, np.rint(8 * generator.normal(0.4, 0.8, (24, channels))) / 8)
    at = build.lif("lif1", at, 2e-3, 1.0, input_gain="unit")
    at = build.linear("fc2", at, np.rint(8 * generator.normal(0.3, 0.5, (5, 24))) / 8)
    at = build.lif("lif2", at, 2e-3, 1.0, input_gain="unit")
    build.output("output", at)
    return build.build()


def printed(bundle: Bundle, signal: np.ndarray, folder: Path) -> list[str]:
    """The lines that the example program of the bundle prints for a signal ``(F, T)``."""
    build_example(bundle)
    np.savetxt(folder / "signal.txt", signal.T, fmt="%.17g")
    return example_on(bundle, folder / "signal.txt").stdout.splitlines()


def build_example(bundle: Bundle) -> None:
    subprocess.run(["make", "-s", "-C", bundle.path / "target"], check=True, capture_output=True, timeout=60)


def example_on(bundle: Bundle, table: Path) -> subprocess.CompletedProcess[str]:
    command = [bundle.path / "target" / "model", table]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("kind", CODERS)
def test_an_electroencephalogram_through_every_encoder(kind: str, tmp_path: Path) -> None:
    made = deploy(CODERS[kind], eeg())
    whole = classifier(build_stream(made, FEATURES).channels)
    bundle = export(whole, "c", tmp_path / "out", encoder=made)
    signal = eeg()[:, : 800 // build_stream(made, FEATURES).steps]
    report = check(bundle, {SIGNAL: signal})
    assert report.verdict == "agree", report.rungs
    spikes = run(bundle, {SIGNAL: signal}, on="program")["lif2"].output[0]
    assert spikes.any()
    raster = np.loadtxt(printed(bundle, signal, tmp_path), dtype=int, ndmin=2)
    np.testing.assert_array_equal(raster, spikes)


def test_digits_from_pixels_that_arrive_as_samples(tmp_path: Path) -> None:
    """64 signals of one sample each, from a converter of 8 bits, as trains of 8 steps."""
    model = find_model("digits")
    shown = model.stimulus(model.preset(None), 1, 60, 0)
    signal, whole = shown["input"].reshape(60, 64, 1), network("digits")
    bundle = export(whole, "c", tmp_path / "out", encoder=DeployedEncoder(Rate(8), 0.0, 1.0, 8))
    report = check(bundle, {SIGNAL: signal, "labels": shown.labels})
    assert report.verdict == "agree", report.rungs
    assert report.task is not None
    assert report.task["c"]["accuracy"] >= 0.95
    assert whole.host.post is not None
    classes = apply_head(whole.host.post, run(bundle, {SIGNAL: signal}, on="program"))
    for number in range(3):
        assert printed(bundle, signal[number], tmp_path)[-1] == f"# class {classes[number]}"


HEADS = {
    "no heads": "",
    "heads": "F3,F4,O1,O2\n",
    "heads in quotes, after a mark": '\ufeff"left, front","right",a,b\r\n',
    "heads that begin as a number is spelled": "index,i,n,na\n",
}


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A network behind an encoder, whose example is built."""
    made = deploy(CODERS["step-forward"], eeg())
    place = tmp_path_factory.mktemp("encoded") / "out"
    bundle = export(classifier(build_stream(made, FEATURES).channels), "c", place, encoder=made)
    build_example(bundle)
    return bundle


def test_the_example_reads_the_table_that_encode_reads(tmp_path: Path, encoded: Bundle) -> None:
    table, signal = tmp_path / "signal.csv", eeg()[:, :100]
    spikes = run(encoded, {SIGNAL: signal}, on="program")["lif2"].output[0]
    assert spikes.any()
    for mark in (",", ";", "\t"):
        for heads in HEADS.values():
            rows = "".join(mark.join(f"{value:.17g}" for value in row) + "\n" for row in signal.T)
            table.write_text(heads.replace(",", mark) + rows, encoding="utf-8")
            np.testing.assert_array_equal(read_signal(table), signal)
            raster = np.loadtxt(example_on(encoded, table).stdout.splitlines(), dtype=int, ndmin=2)
            np.testing.assert_array_equal(raster, spikes)


@pytest.mark.parametrize(
    "text", ["", "a,b,c,d\n", "nan,1,2,3\n1,2,3,4\n", '"1","2","3","4"\n1,2,3,4\n', "a,b\n1,,3,4\n"]
)
def test_the_example_never_takes_numbers_for_heads(text: str, tmp_path: Path, encoded: Bundle) -> None:
    (tmp_path / "signal.csv").write_text(text, encoding="utf-8")
    done = example_on(encoded, tmp_path / "signal.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert "not a signal: 4 finite numbers per sample are needed" in done.stderr
