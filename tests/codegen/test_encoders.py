"""Encoders in integers: what C does is what numpy does, and both are what the coder does, within a stated budget."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.codegen.encoders import encoder_text
from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.errors import InputError
from neurodeploy.integers import UINT8
from neurodeploy.streams import Stream, build_stream, encode, run
from neurodeploy.streams.order import stages
from tests.codegen.encoders_support import CODERS, HIGH, LOW, built, program_text, run_c, signals

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")
STRICT = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZED = (*STRICT, "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FEATURES = 3
CASES = [(name, bits) for name in CODERS for bits in (16, 11, 5)]
BUDGETS = {16: 0.98, 12: 0.98, 8: 0.94}


def stream_of(name: str, bits: int) -> tuple[DeployedEncoder, Stream]:
    encoder = DeployedEncoder(CODERS[name], LOW, HIGH, bits)
    return encoder, build_stream(encoder, FEATURES)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every case in C, built once, with everything checked that a compiler can check as it runs."""
    text = program_text([stream_of(*case)[1] for case in CASES])
    return built(text, tmp_path_factory.mktemp("encoders"), SANITIZED)


@needs_compiler
@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{name}, {bits} bits" for name, bits in CASES])
def test_c_sends_what_numpy_sends(number: int, program: Path) -> None:
    encoder, stream = stream_of(*CASES[number])
    samples = encoder.samples(np.stack([signals(seed, FEATURES, 150) for seed in range(3)]))
    sent = encode(stream, samples)
    assert sent.any()
    for row, expected in zip(samples, sent, strict=True):
        np.testing.assert_array_equal(run_c(program, number, stream, row), expected)


def agreement(name: str, bits: int, seeds: range, steps: int) -> float:
    """Jaccard of a coder and its integers on random signals, latency removed."""
    encoder, stream = stream_of(name, bits)
    signal = np.stack([signals(seed, FEATURES, steps) for seed in seeds])
    actual = encode(stream, encoder.samples(signal))[:, stream.latency :]
    expected = encoder.encode(signal)[:, : actual.shape[1]]
    return float(np.minimum(actual, expected).sum() / np.maximum(actual, expected).sum())


@pytest.mark.parametrize("bits", BUDGETS)
@pytest.mark.parametrize("name", CODERS)
def test_integers_stay_within_the_budget(name: str, bits: int) -> None:
    assert agreement(name, bits, range(20, 24), 150) >= BUDGETS[bits]


@pytest.mark.parametrize("name", CODERS)
def test_the_source_has_no_floats_and_calls_no_library(name: str) -> None:
    _, stream = stream_of(name, 16)
    encoder = encoder_text(stream, "input", "p", UINT8, 1)
    text = encoder.header + encoder.source
    assert re.search(r"\b(float|double|malloc|mem(?:cpy|set|move|cmp)|#include)\b", text) is None
    assert re.search(r"\d\.\d", text) is None


def test_a_stream_knows_no_future() -> None:
    for name in CODERS:
        encoder, stream = stream_of(name, 12)
        samples = encoder.samples(signals(3, FEATURES, 80))
        at_once = encode(stream, samples)
        part = encode(stream, samples[:, :50])
        np.testing.assert_array_equal(at_once[:, : 50 * stream.steps], part)


@pytest.mark.parametrize("name", CODERS)
def test_samples_taken_together_send_what_they_send_one_by_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, stream = stream_of(name, 12)
    samples = encoder.samples(np.stack([signals(seed, FEATURES, 90) for seed in range(2)]))
    at_once = encode(stream, samples)
    for room in (1, 1000):
        monkeypatch.setattr(run, "ROOM", room)
        np.testing.assert_array_equal(encode(stream, samples), at_once)


def test_only_what_depends_on_its_own_past_is_stepped_through() -> None:
    looped = {name: [stage.states for stage in stages(stream_of(name, 12)[1]) if stage.recurrent] for name in CODERS}
    assert {name.partition(",")[0]: states for name, states in looped.items() if states} == {
        "step-forward": [("base",)],
        "leaky": [("membrane",)],
        "pulse-width": [("carrier", "place")],
        "bens-spiker": [("seen",)],
    }


def test_samples_are_those_of_a_converter() -> None:
    encoder = DeployedEncoder(CODERS["step-forward"], -1.0, 1.0, 8)
    signal = np.array([-9.0, -1.0, -1 + 0.49 / 127.5, -1 + 0.51 / 127.5, 0.0, 1.0, 9.0])
    assert encoder.samples(signal)[0, :, 0].tolist() == [0, 0, 0, 1, 128, 255, 255]


@pytest.mark.parametrize("samples", [np.zeros((1, 5, 2), int), np.full((1, 5, 3), 1 << 12), np.zeros((1, 5, 3))])
def test_what_is_no_sample_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(InputError, match="samples"):
        encode(stream_of("step-forward", 12)[1], samples)
