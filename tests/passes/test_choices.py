"""Rows that are worse than rounded plainly are rounded plainly, unless that is worse still beside the others."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from neurodeploy.passes.calibration.choices import Choice, Rows, never_worse
from neurodeploy.passes.calibration.rows import Row

FITTED = Row(np.ones(1), 1.0, np.zeros(2))
NO_DRAFT = cast(Any, None)


def choice(rows: Rows, cells: list[int]) -> Choice:
    return Choice(NO_DRAFT, tuple(rows), np.array(cells), np.array(cells))


def test_a_row_worse_than_plain_is_rounded_plainly() -> None:
    plain, fitted = choice([None, None], [9, 5]), choice([FITTED, FITTED], [2, 7])
    result = never_worse(plain, fitted, lambda rows: choice(rows, [2, 5]), True)
    assert result.rows == (FITTED, None)
    assert result.everywhere.tolist() == [2, 5]


def test_a_row_that_plain_rounding_silences_beside_the_others_keeps_its_own() -> None:
    plain, fitted = choice([None, None], [9, 5]), choice([FITTED, FITTED], [2, 7])
    result = never_worse(plain, fitted, lambda rows: choice(rows, [2, 40]), True)
    assert result.rows == (FITTED, FITTED)
    assert result.everywhere.tolist() == [2, 7]


def test_of_two_worse_rows_the_spoiled_one_keeps_its_own() -> None:
    plain, fitted = choice([None] * 3, [9, 5, 5]), choice([FITTED] * 3, [2, 7, 6])

    def played(rows: Rows) -> Choice:
        return choice(rows, [2, 7 if rows[1] else 40, 6 if rows[2] else 5])

    assert never_worse(plain, fitted, played, True).everywhere.tolist() == [2, 7, 5]
