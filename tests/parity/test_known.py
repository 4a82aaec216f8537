"""What is known of a block is what numpy counts, whoever asks first and however its records lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.counting.kernels import kernels
from neurodeploy.parity.known import Known
from neurodeploy.parity.masks import is_nowhere, marked, nowhere
from neurodeploy.parity.sent import Sent
from neurodeploy.parity.tally import Distance
from neurodeploy.trace import Entry
from tests.counting.support import turned

LIBRARIES = [None] if kernels() is None else [None, kernels()]


@st.composite
def records(draw) -> np.ndarray:
    """Silent, 0 and 1, counts, or signed: in rows or channels last."""
    low, high = draw(st.sampled_from([(0, 0), (0, 1), (0, 5), (-3, 3)]))
    shape = draw(st.tuples(*[st.integers(1, 4)] * 5))
    values = np.random.default_rng(draw(st.integers(0, 999))).integers(low, high + 1, shape)
    array = values.astype(draw(st.sampled_from(["int8", "int16", "int64"] + ["uint8"] * (low == 0))))
    return draw(st.sampled_from([array, turned(array)]))


@settings(max_examples=150, deadline=None)
@given(records())
def test_what_was_sent_is_counted_as_numpy_counts_it(record: np.ndarray) -> None:
    sent = Sent(record)
    assert sent.range == (record.min(), record.max())
    assert (sent.cells, sent.total) == (np.count_nonzero(record), record.sum())
    assert np.array_equal(sent.steps, np.count_nonzero(record, axis=(2, 3, 4)))
    assert np.array_equal(sent.neurons, np.count_nonzero(record, axis=(0, 1)))


def test_a_neuron_that_sends_in_more_steps_than_a_byte_counts() -> None:
    ones = np.ones((2, 600, 3), np.uint8)
    assert Sent(ones).neurons.tolist() == [1200] * 3


@pytest.mark.parametrize("library", LIBRARIES)
@settings(max_examples=150, deadline=None)
@given(record=records(), seed=st.integers(0, 99), kind=st.sampled_from(["int8", "int64", "float64"]))
def test_two_records_differ_where_numpy_says_so(library, record: np.ndarray, seed: int, kind: str) -> None:
    known, rng = Known(library), np.random.default_rng(seed)
    changed = np.ascontiguousarray(record).astype(kind)
    changed += (rng.random(changed.shape) < rng.choice([0.0, 0.05])).astype(kind)
    expected = record != changed
    for first, second in ((record, changed), (changed, record)):
        mask = known.different(first, second)
        assert np.array_equal(mask, expected) and marked(mask) == np.count_nonzero(expected)
        assert is_nowhere(mask) == known.equal(first, second) == (not expected.any())
        assert np.array_equal(known.states_differ(first, second), expected)
    assert known.sent(changed).cells == np.count_nonzero(changed)
    rows = known.in_rows(record)
    assert rows.flags.c_contiguous and np.array_equal(rows, record) and known.equal(rows, record)


def test_what_equals_the_same_is_equal_and_counted_once() -> None:
    known, first = Known(), np.array([[[0, 1], [1, 0]]], np.uint8)
    second, third = first.astype(np.int64), first.astype(np.int8)
    assert known.equal(first, second) and known.equal(second, third) and known.equal(first, third)
    assert known.sent(third) is known.sent(first)
    changed = third + 1
    assert known.different(first, changed) is known.different(third, changed)


def test_numbers_that_are_not_numbers_differ_from_themselves() -> None:
    record = np.array([[[np.nan, 1.0]]])
    assert Known().different(record, record).tolist() == [[[True, False]]]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_byte_with_a_sign_is_another_number(library) -> None:
    signed = np.array([[[-1, 2]]], np.int8)
    assert Known(library).different(signed, signed.view(np.uint8)).tolist() == [[[True, False]]]


def test_a_mask_that_marks_nothing_takes_no_memory_and_cannot_be_changed() -> None:
    mask = nowhere((3, 1 << 20))
    assert is_nowhere(mask) and not mask.any() and mask.base is not None and mask.strides == (0, 0)
    with pytest.raises(ValueError, match="read-only"):
        mask[0] = True
    assert not is_nowhere(np.zeros((1, 1, 1), np.bool_)) and is_nowhere(np.zeros((0, 2), np.bool_))


@settings(max_examples=100, deadline=None)
@given(record=records(), seed=st.integers(0, 99))
def test_minima_and_maxima_are_those_of_all_cells(record: np.ndarray, seed: int) -> None:
    second = np.random.default_rng(seed).integers(0, 3, record.shape).astype(np.uint8)
    for actual in (second, record.astype(np.int64)):
        amounts = Distance().add(Entry(record), Entry(actual))
        wide = record.astype(np.int64), actual.astype(np.int64)
        assert (amounts.least, amounts.most) == (np.minimum(*wide).sum(), np.maximum(*wide).sum())
