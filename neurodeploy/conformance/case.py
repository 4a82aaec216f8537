"""One conformance case: a program with something to run it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program.program import Program

Family = Literal["stock", "held"]
"""``stock``: what Lava's own processes carry exactly. ``held``: what needs neurons of our own."""


@dataclass(frozen=True, eq=False)
class Case:
    """A program and its stimulus, ``(samples, steps, *shape)`` of real values per input."""

    name: str
    program: Program
    stimulus: Mapping[str, NDArray[np.float64]]
    steps: int
