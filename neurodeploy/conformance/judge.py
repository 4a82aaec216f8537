"""Where two traces of one Program differ: outputs and states, cell by cell, nothing tolerated."""

from __future__ import annotations

import numpy as np

from neurodeploy.trace import Trace


def differing_cells(expected: Trace, actual: Trace) -> dict[str, int]:
    """Differing cells by ``<node>.output``, ``<node>.v`` and ``<node>.u``; equal ones are left out.

    A state counts when the expected trace recorded it; one that the actual trace lacks differs in every cell.
    """
    found: dict[str, int] = {}
    for name, entry in expected.entries.items():
        for key in ("output", "v", "u"):
            mine, theirs = getattr(entry, key), getattr(actual[name], key)
            if mine is None:
                continue
            count = mine.size if theirs is None or theirs.shape != mine.shape else int(np.count_nonzero(mine != theirs))
            if count:
                found[f"{name}.{key}"] = count
    return found
