"""Networks that an encoder heads: what is refused, what a bundle says of it, and that the ladder judges it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.targets.c.runner import available as no_compiler
from neurodeploy.targets.cortex_m.runner import available as no_emulator

from neurodeploy.encoding import (
    BensSpiker,
    Delta,
    Gymnasium,
    Latency,
    LeakyIntegrateAndFire,
    Population,
    PulseWidth,
    Rate,
    StepForward,
)
from neurodeploy.encoding.deployed import DeployedEncoder, read_deployed
from neurodeploy.errors import InputError
from neurodeploy.flow import check, export, run
from neurodeploy.flow.encoder import with_encoder
from neurodeploy.network import InputRange, Network
from neurodeploy.network.file import write_network
from neurodeploy.stimuli.signals import SIGNAL
from tests.cli.support import call, refused, small_network
from tests.codegen.encoders_support import HIGH, LOW, signals

needs_compiler = pytest.mark.skipif(no_compiler() is not None, reason=str(no_compiler()))
needs_emulator = pytest.mark.skipif(no_emulator() is not None, reason=str(no_emulator()))
SIZE = 3
LEAKY = DeployedEncoder(LeakyIntegrateAndFire(0.4, 0.5, bipolar=False), LOW, HIGH)
FIT = {
    "step-forward": StepForward(0.15, bipolar=False),
    "delta": Delta(0.1, bipolar=False),
    "leaky": LeakyIntegrateAndFire((0.4, 0.5, 0.6), 0.5, bipolar=False),
    "pulse-width": PulseWidth(100.0, bipolar=False),
    "bens-spiker": BensSpiker(0.5, 10, 0.2),
    "population": Population(3, 0.2, 8),
    "gymnasium rate": Gymnasium(LOW, HIGH, steps=5, split=False),
    "gymnasium step": Gymnasium(LOW, HIGH, steps=5, rate=False, step=True, split=False, threshold=0.2),
    "rate": Rate(8),
    "latency": Latency(8),
}


def network() -> Network:
    return small_network()


def written(tmp_path: Path, **changes: object) -> Path:
    """An encoder's file with some keys changed; None leaves one out."""
    path = tmp_path / "encoder.json"
    LEAKY.save(path)
    data = json.loads(path.read_text())
    for name, value in changes.items():
        part = data["coder"] if name in data["coder"] or name.startswith("own_") else data
        part.update({name.removeprefix("own_"): value})
        if value is None:
            del part[name]
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize("kind", FIT)
def test_a_file_keeps_all_of_it(kind: str, tmp_path: Path) -> None:
    made = DeployedEncoder(FIT[kind], LOW, HIGH, 12)
    made.save(tmp_path / "encoder.json")
    assert read_deployed(tmp_path / "encoder.json") == made


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"low": None}, "misses low"),
        ({"threshold": None}, "misses threshold"),
        ({"more": 1}, "unknown key 'more'"),
        ({"own_more": 1}, "unknown key 'more'"),
        ({"kind": "morse"}, "unknown method 'morse'"),
        ({"format": 2}, "its format is 2, this version of neurodeploy reads 1"),
        ({"format": 2, "sampling": 0.1}, "its format is 2, this version of neurodeploy reads 1"),
        ({"format": "1"}, "format '1' is not 1"),
        ({"bits": 17}, "17 is no whole number from 2 to 16"),
        ({"bits": 12.0}, "12.0 is no whole number"),
        ({"high": LOW}, "no width"),
        ({"low": [0.0, 0.0], "high": [1.0]}, "2 signals × 1 channels, the input 'input' (3,) takes 3"),
        ({"low": [0.0, 0.0], "high": [1.0] * 3}, "numbers of signals differ"),
        ({"own_low": 0.0}, "another low than the samples"),
        ({"threshold": [1.0, 2.0]}, "2 signals × 1 channels, the input 'input' (3,) takes 3"),
        ({"threshold": [1.0, 2.0], "constant": [0.1, 0.2, 0.3]}, "for 2 and 3 signals"),
        ({"bipolar": True}, "2 channels per signal, the input 'input' (3,) takes 3"),
        ({"threshold": "much"}, "neither a number"),
    ],
)  # fmt: skip
def test_2_files_that_make_no_encoder(changes: dict[str, object], told: str, tmp_path: Path) -> None:
    write_network(network(), tmp_path / "net.nir")
    path = written(tmp_path, **changes)
    place = tmp_path / "out"
    said = refused("export", tmp_path / "net.nir", "--target", "c", "-o", place, "--encoder", path)
    assert told in said
    assert "encoder.json" in said
    assert not place.exists()


@pytest.mark.parametrize("text", ["", "[]", '{"coder": 3}', "{" * 100_000])
def test_2_files_that_are_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "encoder.json").write_text(text)
    with pytest.raises(InputError, match=r"encoder\.json"):
        read_deployed(tmp_path / "encoder.json")


@pytest.mark.parametrize("coder", [Rate(method="poisson"), Population(method="poisson"), Latency(order="rank")])
def test_what_no_stream_can_do_is_refused(coder: object) -> None:
    with pytest.raises(InputError, match=r"random numbers|compares all signals"):
        DeployedEncoder(coder, LOW, HIGH)


def test_an_input_that_takes_no_spikes_is_refused() -> None:
    with pytest.raises(InputError, match="an encoder sends 0 and 1"):
        with_encoder(small_network(values=InputRange(-0.5, 0.5, None, declared=True)), LEAKY)


def test_the_bundle_says_all_of_it(tmp_path: Path) -> None:
    made = DeployedEncoder(FIT["bens-spiker"], LOW, HIGH, 12)
    bundle = export(network(), "fixed", tmp_path / "out", encoder=made)
    told = json.loads((tmp_path / "out/manifest.json").read_text())["host"]["pre"]["input"]["encoder"]
    assert told.items() >= json.loads(json.dumps(made.to_json())).items()
    assert told | {"features": 3, "channels": 3, "steps": 1, "latency": 10} == told
    assert "bits of fraction" in told["integers"]["line, taps, threshold"]
    for host in (bundle.network.host, bundle.program.host):
        assert host.pre is not None
        assert (host.pre.node, host.pre.features) == ("input", 3)
    again = export(network(), "fixed", tmp_path / "again", encoder=made)
    assert again.digest == bundle.digest


@needs_compiler
@pytest.mark.parametrize("kind", FIT)
def test_every_encoder_agrees_from_its_floats_to_the_c_target(kind: str, tmp_path: Path) -> None:
    made = DeployedEncoder(FIT[kind], LOW, HIGH)
    features = 1 if kind == "population" else SIZE
    bundle = export(network(), "c", tmp_path / "out", encoder=made)
    report = check(bundle, {SIGNAL: signals(3, features, 60)}, allow_silent=("hidden", "readout"))
    assert report.verdict == "agree"
    assert [(rung.source, rung.target, rung.policy) for rung in report.rungs] == [
        ("encoder", "integer-encoder", "budget"),
        ("network", "program", "budget"),
        ("program", "c", "exact"),
    ]
    assert report.rungs[0].nodes["encoder"].expected_spikes > 0
    assert report.rungs[0].latency == ({"encoder": 10} if kind == "bens-spiker" else {})
    assert report.rungs[2].nodes["input"].mismatches == 0, "what the encoder sent in C counts"


@needs_emulator
def test_the_emulated_microcontroller_encodes_too(tmp_path: Path) -> None:
    bundle = export(network(), "cortex-m", tmp_path / "out", encoder=DeployedEncoder(FIT["bens-spiker"], LOW, HIGH))
    report = check(bundle, {SIGNAL: signals(3, SIZE, 60)})
    assert report.verdict == "agree"
    assert report.rungs[2].nodes["input"].expected_spikes > 0


@needs_compiler
def test_an_encoder_that_is_wrong_in_c_is_found(tmp_path: Path) -> None:
    bundle = export(network(), "c", tmp_path / "out", encoder=LEAKY)
    text = bundle.artifact.files["model.c"].decode()
    old = "samples[i]"
    assert old in text
    files = {**bundle.artifact.files, "model.c": text.replace(old, "(samples[i] ^ 0x8000)", 1).encode()}
    wrong = replace(bundle, artifact=replace(bundle.artifact, files=files))
    report = check(wrong, {SIGNAL: signals(3, SIZE, 60)}, trust_sources=True)
    assert report.verdict == "diverged"
    assert report.first_divergence is not None
    assert report.first_divergence.node == "input"


def test_a_coarse_converter_goes_over_the_budget(tmp_path: Path) -> None:
    bundle = export(network(), "fixed", tmp_path / "out", encoder=DeployedEncoder(FIT["step-forward"], LOW, HIGH, 2))
    report = check(bundle, {SIGNAL: signals(3, SIZE, 200)})
    assert report.verdict == "diverged"
    assert report.first_divergence is not None
    assert report.first_divergence.node == "encoder"
    assert "encoder: Jaccard" in report.rungs[0].reasons[0]


def test_a_signal_beyond_the_range_is_told(tmp_path: Path) -> None:
    bundle = export(network(), "fixed", tmp_path / "out", encoder=LEAKY)
    report = check(bundle, {SIGNAL: 2 * signals(3, SIZE, 60)})
    assert "signal-range" in [finding.to_json()["slug"] for finding in report.findings]


def test_a_silent_encoder_proves_nothing(tmp_path: Path) -> None:
    bundle = export(network(), "fixed", tmp_path / "out", encoder=replace(LEAKY, coder=FIT["step-forward"]))
    flat = {SIGNAL: np.zeros((SIZE, 50))}
    report = check(bundle, flat)
    assert report.rungs[0].verdict == "inconclusive"
    allowed = check(bundle, flat, allow_silent=("encoder", "hidden", "readout"))
    assert allowed.verdict == "agree"


@pytest.mark.parametrize("given", [{"input": np.ones((9, 3))}, {SIGNAL: np.ones((2, 9))}, {SIGNAL: np.ones(9)}])
def test_what_is_no_signal_for_it_is_refused(given: dict[str, np.ndarray], tmp_path: Path) -> None:
    bundle = export(network(), "fixed", tmp_path / "out", encoder=LEAKY)
    with pytest.raises(InputError, match="signal"):
        run(bundle, given)


@needs_compiler
def test_the_command_line_from_a_signal_to_the_raster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_network(network(), Path("net.nir"))
    np.savetxt("signal.csv", signals(5, SIZE, 80).T, delimiter=",", fmt="%.17g")
    method = ("--method", "leaky-integrate-and-fire", "-p", "bipolar=false", "--bits", "12")
    told = call("encode", "signal.csv", *method, "--save-encoder", "encoder.json", "--json").data
    assert told["encoder"] == "encoder.json"
    assert json.loads(Path("encoder.json").read_text())["bits"] == 12
    assert call("export", "net.nir", "--target", "c", "--encoder", "encoder.json", "-O", "ram=64k").code == 0
    assert call("run", "net.c", "--input", "signal.csv", "-o", "trace.npz").code == 0
    assert call("check", "net.c", "--input", "signal.csv").code == 0
    report = call("check", "net.c", "--json")
    assert report.code == 0
    assert report.data["about"]["stimulus"] == "seeded waves"
    assert "encoder and its samples" in Path("net.c/target/memory.txt").read_text()
    np.savez("batch.npz", signal=np.stack([signals(n, SIZE, 20) for n in range(2)]))
    assert call("run", "net.c", "--input", "batch.npz", "--batch").code == 0
