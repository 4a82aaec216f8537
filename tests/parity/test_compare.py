"""The one comparison of traces: which cells differ, whatever recorded them."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.parity.compare import compare, compare_entries, differing_cells
from neurodeploy.trace import Entry, Trace

CELLS = np.arange(6).reshape(1, 3, 2)
RECORD = Entry(CELLS, v=CELLS + 10, u=CELLS + 20, state_scale=6)


def changed(array: np.ndarray, *cell: int) -> np.ndarray:
    copy = array.copy()
    copy[cell] += 1
    return copy


def test_equal_records_differ_nowhere_whatever_their_integer_type() -> None:
    narrow = replace(RECORD, output=CELLS.astype(np.uint8))
    assert {name: mask.any() for name, mask in compare_entries(RECORD, narrow).items()} == {
        "output": False,
        "membrane": False,
        "current": False,
    }


@pytest.mark.parametrize(("field", "quantity"), [("output", "output"), ("v", "membrane"), ("u", "current")])
def test_the_one_differing_cell_is_marked_in_its_quantity(field: str, quantity: str) -> None:
    other = replace(RECORD, **{field: changed(getattr(RECORD, field), 0, 2, 1)})
    cells = {name: np.argwhere(mask).tolist() for name, mask in compare_entries(RECORD, other).items()}
    assert cells == {name: [[0, 2, 1]] if name == quantity else [] for name in ("output", "membrane", "current")}


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"scale": 1}, {"n.output": 6}),
        ({"state_scale": 5}, {"n.membrane": 6, "n.current": 6}),
        ({"v": CELLS[:, :2]}, {"n.membrane": 6}),
        ({"output": CELLS[:, :, :1]}, {"n.output": 6}),
    ],
)
def test_another_scale_or_shape_differs_in_every_cell(fields: dict[str, object], counts: dict[str, int]) -> None:
    other = replace(RECORD, **fields)  # type: ignore[arg-type]
    assert differing_cells(Trace({"n": RECORD}), Trace({"n": other})) == counts


def test_a_state_that_one_side_did_not_record_counts_only_where_it_is_asked_for() -> None:
    expected, bare = Trace({"n": RECORD}), Trace({"n": Entry(CELLS)})
    assert compare(expected, bare)["n"].keys() == {"output"}
    assert compare(bare, expected)["n"].keys() == {"output"}
    assert differing_cells(expected, bare) == {"n.membrane": 6, "n.current": 6}
    assert differing_cells(expected, bare, "where both recorded") == {}


def test_a_missing_node_is_named() -> None:
    with pytest.raises(InputError, match="has no entry 'n'"):
        compare(Trace({"n": RECORD}), Trace({"m": RECORD}))
