"""Bytes from rows to columns, against numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.engine.transposing import transpose
from tests.engine.support import needs_compiler


@needs_compiler
@settings(max_examples=300, deadline=None)
@given(st.integers(0, 3), st.integers(1, 80), st.integers(1, 140), st.integers(0, 10**6), st.sampled_from("bBb?"))
def test_bytes_are_transposed_as_by_numpy(maps: int, rows: int, columns: int, seed: int, kind: str) -> None:
    values = np.random.default_rng(seed).integers(0, 2, (maps, rows, columns)).astype(kind)
    if kind != "?":
        values *= np.random.default_rng(seed + 1).integers(1, 127, values.shape).astype(kind)
    to = np.full((maps, columns, rows), 7, np.int8)
    assert transpose(values, to, rows, columns)
    assert np.array_equal(to, values.view(np.int8).swapaxes(1, 2))


@pytest.mark.parametrize("values", [np.zeros((2, 3, 4), np.int32), np.zeros((2, 4, 3), np.int8).swapaxes(1, 2)])
def test_nothing_is_written_where_it_is_no_array_of_bytes_in_rows(values: np.ndarray) -> None:
    to = np.full((2, 4, 3), 7, np.int8)
    assert not transpose(values, to, 3, 4) and (to == 7).all()
