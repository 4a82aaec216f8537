"""What the tests of the benchmarks share: small workloads, calibrated once."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.calibration import Thresholds, bernoulli, calibrate
from benchmarks.networks import spikingrx
from benchmarks.workload import STEPS, Workload, workload
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.program import Program

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")
FAMILIES = ("W1", "W2", "W3")


@cache
def small(family: str) -> Workload:
    """A family at a size that takes no time; W2 with three blocks of few channels, one of them wider than its input."""
    if family != "W2":
        return workload(family, *{"W1": (32, 0.05)}.get(family, (64, 0.1)))
    program = blocks(calibrate(blocks, 0.1, 0.1))
    return Workload("W2", 12, 0.1, program, bernoulli(program, STEPS, 0.1))


def blocks(thresholds: Thresholds) -> Program:
    """Three SEW blocks."""
    return spikingrx(12, thresholds, (4, 8, 8))
