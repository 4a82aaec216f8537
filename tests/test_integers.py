"""The narrowest integer type that holds a range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.integers import (
    ALL,
    CACHED,
    INT8,
    INT16,
    INT32,
    INT64,
    SIGNED,
    UINT8,
    UINT16,
    UINT32,
    counts,
    narrowed,
    narrowest,
)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (0, 0, UINT8),
        (0, 255, UINT8),
        (0, 256, UINT16),
        (-1, 127, INT8),
        (-1, 128, INT16),
        (-129, 0, INT16),
        (0, (1 << 32) - 1, UINT32),
        (-1, 1 << 15, INT32),
        (-1, 1 << 31, INT64),
    ],
)
def test_the_narrowest_type_of_a_range(low: int, high: int, kind: object) -> None:
    assert narrowest(low, high) is kind


def test_only_the_types_that_are_asked_for() -> None:
    assert narrowest(0, 200, SIGNED) is INT16
    assert narrowest(0, 1 << 40, (INT8, INT32)) is INT32


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=1, max_size=5))
def test_a_narrowed_array_holds_the_same_integers_in_no_more_bytes_than_needed(numbers: list[int]) -> None:
    array = np.array(numbers, dtype=np.int64)
    narrow = narrowed(array)
    assert narrow.tolist() == numbers
    narrower = [kind for kind in ALL if kind.bytes < narrow.dtype.itemsize]
    assert not any(kind.low <= min(numbers) and max(numbers) <= kind.high for kind in narrower)


@pytest.mark.parametrize("array", [np.array([0.5]), np.array([True]), np.zeros(0, dtype=np.int64)])
def test_floats_booleans_and_empty_arrays_keep_their_type(array: np.ndarray) -> None:
    assert narrowed(array).dtype == array.dtype


@pytest.mark.parametrize(("last", "kind"), [(0.6, np.int8), (127.4, np.int8), (-128.5, np.int8), (128.0, np.int64)])
def test_counts_are_rounded_and_take_a_byte_where_that_holds_them_all(last: float, kind: type) -> None:
    values = np.random.default_rng(0).uniform(-9.0, 9.0, (3, 2, CACHED)).astype(np.float32)
    values[2, 1, -1] = last
    for form in (values, values.transpose(1, 0, 2), values[:, 1:, 1:]):
        made = counts(form)
        assert made.dtype == kind and np.array_equal(made, np.rint(form))
    assert counts(values[:, :, :0]).shape == (3, 2, 0)
