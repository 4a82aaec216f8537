"""The microbenchmarks compute what they claim to, so that their speed is a limit of the real thing."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from benchmarks.loading import compiler
from benchmarks.operations import Operations
from benchmarks.roofline import FLAGS, SOURCE, Limits, Microbenchmarks, higher, roof
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
    before = u.copy(), v.copy()
    arrays = [ctypes.c_void_p(array.ctypes.data) for array in (u, v, a, spikes)]
    library[form](*arrays, ctypes.c_int64(size), KEEP_U, KEEP_V, THRESHOLD)
    assert np.array_equal(u, current)
    again = [*before, a, np.zeros(size, np.uint8)]
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in again]
    library[f"{form}_rows"](
        *pointers, ctypes.c_int64(size), ctypes.c_int64(size), KEEP_U, KEEP_V, THRESHOLD, ctypes.c_int64(1)
    )
    assert all(np.array_equal(first, second) for first, second in zip(again, (u, v, a, spikes), strict=True))
    assert np.array_equal(v, np.where(fires, 0, membrane))
    assert np.array_equal(spikes, fires)
    assert 0.1 < fires.mean() < 0.9


@needs_compiler
@pytest.mark.parametrize("form", ["lif_split_rows", "lif_float_rows"])
def test_rows_are_updated_from_the_same_sums(library: ctypes.CDLL, form: str) -> None:
    u, v, spikes = np.zeros(25, np.int32), np.zeros(25, np.int32), np.zeros(25, np.uint8)
    a = np.arange(10, dtype=np.int16)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (u, v, a, spikes)]
    library[form](*pointers, ctypes.c_int64(25), ctypes.c_int64(10), 0, 0, 300, ctypes.c_int64(2))
    assert np.array_equal(u, np.tile(a * 64, 3)[:25])
    assert np.array_equal(spikes, np.tile(a * 64, 3)[:25] > 300)


def test_the_higher_limit_counts() -> None:
    first = Limits(32, "x", 1.0, 5.0, 2.0, "split", {"L1": 3.0})
    second = Limits(32, "x", 2.0, 4.0, 3.0, "float", {"L1": 1.0})
    assert higher(first, second) == Limits(32, "x", 2.0, 5.0, 3.0, "float", {"L1": 3.0})


def test_the_roof_is_updates_and_the_cheaper_way_to_what_arrives() -> None:
    limits = Limits(32, "vpmaddubsw", 100e9, 200e9, 4e9, "split", {})
    assert roof(Operations(200_000, 1e6, 20_000_000), limits) == pytest.approx(50e-6 + 10e-6)
    assert roof(Operations(200_000, 1e9, 20_000_000), limits) == pytest.approx(50e-6 + 100e-6)


@needs_compiler
def test_the_roof_of_a_moment_grows_with_the_work_and_not_beyond_it() -> None:
    machine, few = Microbenchmarks(), Operations(1000, 1e6, 10**9)
    limits = machine.limits(0, {})
    little, much = roof(few, limits), roof(Operations(1000, 1e9, 10**12), limits)
    assert 0 < 20 * little < much < 20_000 * little
    assert machine.roof(few) > 0
    assert limits.reads == {}
    assert machine.shared(1) > 0


@needs_compiler
def test_the_library_is_gone_from_disk_and_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    machine = Microbenchmarks()
    assert list(tmp_path.iterdir()) == []
    assert machine.limits(0, {"L1": 16 << 10}).reads["L1"] > 0
