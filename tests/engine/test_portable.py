"""The portable source: plain C99 without undefined behavior, the same text every time, in a memory known beforehand."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.codegen import Rendering, render
from neurodeploy.conformance import generate
from neurodeploy.errors import InputError
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.step.plan import plan
from tests.xylo.nets import net

from . import extremes
from .support import reference

CC = shutil.which("gcc") or shutil.which("cc")
needs_gcc = pytest.mark.skipif(CC is None, reason="no C compiler (Debian: apt-get install gcc)")
PEDANTIC = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZED = (*PEDANTIC, "-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")


def everything_out(program: Program) -> Program:
    """The program with every population among its outputs."""
    return replace(program, outputs=tuple(program.by_name))


def main_text(rendering: Rendering) -> str:
    """A case of ``main``: steps from stdin, as 64-bit integers, to stdout."""
    ports = list(rendering.ports)
    arrays = "".join(
        f"static {port.dtype}_t {rendering.prefix}_{k}[{port.layout.size}];\n" for k, port in enumerate(ports)
    )
    names = ", ".join(f"{rendering.prefix}_{k}" for k in range(len(ports)))
    moves = {True: "", False: ""}
    for k, port in enumerate(ports):
        one = f"{rendering.prefix}_{k}[i]"
        does = f"if (!get(&x)) return 0; {one} = ({port.dtype}_t)x;" if port.is_input else f"put({one});"
        moves[port.is_input] += f"  for (int i = 0; i < {port.layout.size}; i++) {{ {does} }}\n"
    p = rendering.prefix
    return f"""#include "{p}.h"
static {p}_context {p}_memory;
{arrays}static int {p}_main(void) {{
  int64_t x;
  {p}_reset(&{p}_memory);
  for (;;) {{
{moves[True]}  {p}_step(&{p}_memory, {names});
{moves[False]}  }}
}}
"""


def build(folder: Path, renderings: list[Rendering], flags: tuple[str, ...] = ()) -> Path:
    """One program that runs any of the networks, with every sanitizer."""
    for each in renderings:
        (folder / f"{each.prefix}.h").write_text(each.header)
        (folder / f"{each.prefix}.c").write_text(each.source)
    cases = "".join(f"  if (which == {k}) return {each.prefix}_main();\n" for k, each in enumerate(renderings))
    head = "#include <stdio.h>\n#include <stdlib.h>\n#include <stdint.h>\n"
    io = """static int get(int64_t *x) { return fread(x, sizeof *x, 1, stdin) == 1; }
static void put(int64_t x) { fwrite(&x, sizeof x, 1, stdout); }
"""
    end = f"int main(int n, char **given) {{\n  int which = atoi(given[n - 1]);\n{cases}  return 1;\n}}\n"
    (folder / "main.c").write_text(head + io + "".join(map(main_text, renderings)) + end)
    sources = ["main.c", *(f"{each.prefix}.c" for each in renderings)]
    subprocess.run([str(CC), *SANITIZED, *flags, *sources, "-o", "main"], cwd=folder, check=True)
    return folder / "main"


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


def equals_reference(main: Path, pairs: list[tuple[Program, Mapping[str, Any]]]) -> None:
    """Every network of the program that ``build`` made gives what the reference gives, and no sanitizer complains."""
    for k, (program, stimulus) in enumerate(pairs):
        sent = [values[0].reshape(values.shape[1], -1) for values in quantize_inputs(program, stimulus).values()]
        given = np.ascontiguousarray(np.concatenate(sent, axis=1)).tobytes()
        done = subprocess.run([main, str(k)], input=given, capture_output=True, check=False)
        assert done.returncode == 0, (k, done.stderr.decode()[-2000:])
        trace = reference(program, stimulus)
        expected = [trace[name].output[0].reshape(len(sent[0]), -1) for name in program.by_name]
        assert np.array_equal(np.frombuffer(done.stdout, np.int64), np.concatenate(expected, axis=1).reshape(-1)), k


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
