"""The portable source: plain C99 without undefined behavior, the same text every time, in a memory known beforehand."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.codegen import render
from neurodeploy.conformance import generate
from neurodeploy.errors import InputError
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.step.plan import plan
from tests.xylo.nets import net

from . import extremes
from .sanitized import build, equals_reference, everything_out, needs_gcc


@needs_gcc
def test_step_by_step_it_does_what_the_reference_does_under_all_sanitizers(tmp_path: Path) -> None:
    cases = [generate(seed, family) for seed in (31, 32, 33) for family in ("stock", "held")]
    pairs = [(everything_out(case.program), case.stimulus) for case in cases]
    seeds = range(700, 724)
    pairs += [
        (everything_out(extremes.program(seed)), extremes.stimulus(seed, extremes.program(seed), 1)) for seed in seeds
    ]
    pairs += [(everything_out(each.program), each.stimulus) for each in map(net, (0, 1, 4))]
    renderings = [render(plan(program), f"p{k}") for k, (program, _) in enumerate(pairs)]
    equals_reference(build(tmp_path, renderings), pairs)


def test_the_text_is_the_same_every_time() -> None:
    texts = [render(plan(generate(7, "held").program)) for _ in range(2)]
    assert (texts[0].header, texts[0].source, texts[0].host) == (texts[1].header, texts[1].source, texts[1].host)


def test_it_needs_nothing_but_stdint() -> None:
    for seed in range(40):
        text = render(plan(extremes.program(seed)))
        assert re.findall(r"#include (\S+)", text.header + text.source) == ["<stdint.h>", '"nd.h"']
        assert not re.search(r"\b(malloc|calloc|free|memcpy|memset|float|double)\b", text.header + text.source)


def small(**options) -> Program:
    weights = Projection("in", "input", "n", "dense", np.array([[1, -2, 3], [100, 5, -128]]), **options)
    return Program(
        LOIHI2, (Input("input", (3,)),), (Population("n", (2,), membrane_decay=0, threshold=9),), (weights,), ("n",)
    )


def test_the_footprint_is_known_beforehand() -> None:
    text = render(plan(small()))
    assert text.constant_bytes == 6  # six weights of 8 bits
    assert text.context_bytes == 2 * 4 + 2 * 2 + 3 + 2 + 3  # membranes, sums, messages in and out, the struct's end
    assert render(plan(small(delay=4))).context_bytes == 2 * 4 + 4 + 2 * 2 + 5 * 3 + 2 + 3  # and a ring of five steps


def test_a_power_of_two_that_all_weights_share_takes_no_memory() -> None:
    program = small()
    even = replace(program.projections[0], weights=program.projections[0].weights * 2)
    assert render(plan(replace(program, projections=(even,)))).constant_bytes == 6


def test_a_state_that_no_later_step_reads_takes_no_memory() -> None:
    assert "u_" not in render(plan(small())).header
    kept = replace(small().populations[0], current_decay=100)
    assert "u_" in render(plan(replace(small(), populations=(kept,)))).header


@pytest.mark.parametrize("prefix", ["", "1st", "a-b", "x;"])
def test_a_prefix_is_an_identifier(prefix: str) -> None:
    with pytest.raises(InputError, match="no C identifier"):
        render(plan(small()), prefix)


def test_a_window_that_does_not_fit_its_populations_is_refused() -> None:
    kernel = Projection("k", "input", "n", "conv2d", np.ones((1, 1, 3, 3), dtype=np.int64))
    for shape, size in (((1, 2, 2), 1), ((1, 4, 4), 5), ((2, 4, 4), 4), ((16,), 4)):
        program = Program(LOIHI2, (Input("input", shape),), (Population("n", (size,)),), (kernel,))
        with pytest.raises(InputError):
            render(plan(program))
