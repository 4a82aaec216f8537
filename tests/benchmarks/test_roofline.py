"""The microbenchmarks compute what they claim to, so that their speed is a limit of the real thing."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from benchmarks.loading import compiler
from benchmarks.roofline import FLAGS, SOURCE, Limits, higher
from neurodeploy.engine.build import compile_library
from tests.benchmarks.support import needs_compiler

KEEP_U, KEEP_V, THRESHOLD = 3072, 3584, 40_000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    path = tmp_path_factory.mktemp("roofline") / "roofline.so"
    path.write_bytes(compile_library(SOURCE.read_text(), compiler(), FLAGS))
    return ctypes.CDLL(str(Path(path)))


def toward_zero(x: np.ndarray, keep: int) -> np.ndarray:
    return np.sign(x) * (np.abs(x) * keep >> 12)


@needs_compiler
@pytest.mark.parametrize("form", ["lif_split", "lif_float"])
def test_an_update_is_exact(library: ctypes.CDLL, form: str) -> None:
    rng = np.random.default_rng(3)
    size, most = 4099, (1 << 23) - 1
    u, v = (rng.integers(-most, most, size).astype(np.int32) for _ in range(2))
    a, spikes = rng.integers(-300, 300, size).astype(np.int16), np.zeros(size, np.uint8)
    current = toward_zero(u.astype(np.int64), KEEP_U) + a.astype(np.int64) * 64
    membrane = np.clip(toward_zero(v.astype(np.int64), KEEP_V) + current, -most, most)
    fires = membrane > THRESHOLD
    given = [ctypes.c_void_p(each.ctypes.data) for each in (u, v, a, spikes)]
    library[form](*given, ctypes.c_int64(size), KEEP_U, KEEP_V, THRESHOLD)
    assert np.array_equal(u, current)
    assert np.array_equal(v, np.where(fires, 0, membrane))
    assert np.array_equal(spikes, fires)
    assert 0.1 < fires.mean() < 0.9


def test_the_higher_limit_counts() -> None:
    one = Limits(32, "x", 1.0, 5.0, 2.0, "split", {"L1": 3.0})
    other = Limits(32, "x", 2.0, 4.0, 3.0, "float", {"L1": 1.0})
    assert higher(one, other) == Limits(32, "x", 2.0, 5.0, 3.0, "float", {"L1": 3.0})
