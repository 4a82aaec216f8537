"""Encoders in integers: what C does is what numpy does, and both are what the coder does, within a stated budget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.codegen.encoders import describe, encode
from neurodeploy.encoding.deployment import Deployment
from neurodeploy.engine.compiler import find_compiler
from tests.codegen.encoders_support import CODERS, HIGH, LOW, built, main_text, run_c, signals

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")
STRICT = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZED = (*STRICT, "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
WIDTHS = (16, 12, 5)


@needs_compiler
@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("name", CODERS)
def test_c_sends_what_numpy_sends(name: str, bits: int, tmp_path: Path) -> None:
    made = Deployment(CODERS[name], LOW, HIGH, bits)
    stream = describe(made, 3)
    program = built(main_text(stream), tmp_path, SANITIZED if bits == 16 else STRICT)
    for seed in range(4):
        samples = made.samples(signals(seed, 3, 300))
        np.testing.assert_array_equal(run_c(program, stream, samples[0]), encode(stream, samples)[0])
