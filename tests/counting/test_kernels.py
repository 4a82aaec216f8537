"""The counting kernels against numpy; those of branches stand in tests/parity/test_branching.py."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.counting.kernels import Kernels, comparable, kernels
from neurodeploy.counting.lying import channels_last, in_rows, lying
from tests.counting.support import turned
from tests.engine.support import needs_compiler


def library() -> Kernels:
    built = kernels()
    assert built is not None
    return built


def drawn(seed: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 128, shape).astype(dtype)


@needs_compiler
@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 25), st.integers(1, 13), st.integers(1, 13)),
    st.integers(0, 10**6),
    st.sampled_from(["uint8", "int8"]),
)
def test_rows_are_what_numpy_copies_in_row_major_order(shape, seed, dtype) -> None:
    array = turned(drawn(seed, shape, dtype))
    rows = in_rows(array)
    assert rows.flags.c_contiguous and rows.dtype == array.dtype and np.array_equal(rows, array)


@needs_compiler
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_one_changed_cell_makes_two_arrays_unequal(dtype: str) -> None:
    first = turned(drawn(0, (2, 3, 5, 4, 4), dtype))
    second = turned(np.ascontiguousarray(first))
    assert comparable(first, second) and library().same(first, second)
    second[1, 2, 4, 3, 3] += 1
    assert not library().same(first, second)


def test_only_integers_of_one_type_that_lie_alike_are_compared_as_bytes() -> None:
    whole = drawn(0, (2, 3, 5, 4, 4), "int64")
    assert comparable(whole, whole.copy())
    for second in (turned(whole), whole.astype(np.int32), whole.astype(np.uint64), whole[:, :2], whole.astype(float)):
        assert not comparable(whole, second)
    assert not comparable(whole[:, ::2], whole[:, ::2])
    steps_first = np.moveaxis(np.ascontiguousarray(whole[:1].swapaxes(0, 1)), 1, 0)
    assert comparable(whole[:1], steps_first) and not comparable(whole, np.moveaxis(whole.swapaxes(0, 1).copy(), 1, 0))


def test_cells_are_flattened_as_they_lie() -> None:
    array = drawn(0, (2, 3, 5, 4, 4), "int64")
    assert not channels_last(array) and channels_last(turned(array))
    assert np.array_equal(lying(array), array.reshape(2, 3, -1))
    flat = lying(turned(array))
    assert flat.flags.c_contiguous and np.array_equal(flat, np.moveaxis(array, 2, -1).reshape(2, 3, -1))
    part = turned(array)[:, 1:]
    assert channels_last(part) and np.shares_memory(lying(part), part)
