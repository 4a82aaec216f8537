"""Exported source as one program under every sanitizer, run step by step beside the reference."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.codegen import Rendering
from neurodeploy.program import Program
from neurodeploy.program.quantizer import quantize_inputs

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
