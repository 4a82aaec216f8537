"""A slice of the faults that were written blind; ``make proof`` judges them all."""

import pytest

from tests.blind.checked import verdicts, written_faults

SLICE = [row for row in written_faults() if not row["host"].startswith("digits")][3::120]


@pytest.mark.parametrize("row", SLICE, ids=lambda row: row["fault"])
def test_is_caught_at_its_node_and_named(row: dict[str, str]) -> None:
    assert set(verdicts(row).values()) <= {"right alone", "right among", "nothing to see"}
