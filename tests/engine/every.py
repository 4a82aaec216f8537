"""Random programs by seed: extreme numbers mostly, and for every third seed the shapes that vectors are written for."""

from __future__ import annotations

from neurodeploy.program import Program
from neurodeploy.stimulus import Stimulus

from . import extremes, maps


def program(seed: int) -> Program:
    """The same program for the same seed."""
    if seed % 6 == 1:
        return maps.spatial(seed)
    return maps.recurrent(seed) if seed % 6 == 4 else extremes.program(seed)


def stimulus(seed: int, made: Program, steps: int) -> Stimulus:
    """One sample for that seed's program."""
    given = maps.stimulus if seed % 3 == 1 else extremes.stimulus
    return given(seed, made, 1, steps)
