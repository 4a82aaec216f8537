"""One conformance case: a program with something to run it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurodeploy.program.program import Program
from neurodeploy.stimulus import Stimulus

Family = Literal["stock", "held"]
"""``stock``: what Lava's own processes carry exactly. ``held``: what needs neurons of our own."""


@dataclass(frozen=True, eq=False)
class Case:
    """A program and its stimulus."""

    name: str
    program: Program
    stimulus: Stimulus
    steps: int
