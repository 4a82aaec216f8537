"""An example of use: ``main.c`` streams a stimulus through a program and prints its raster; with a Makefile."""

from __future__ import annotations

import re

from neurodeploy.codegen.heads import Heads
from neurodeploy.codegen.module import Port, Rendering
from neurodeploy.program.program import Program

WARNINGS = "-std=c99 -Wall -Wextra -Werror -pedantic"


def example(program: Program, rendering: Rendering, heads: Heads) -> str:
    """``main.c``. Numbers come as text, and the raster goes as text, so that any machine and numpy can read both."""
    p = rendering.prefix
    ports = {port.name: (number, port) for number, port in enumerate(rendering.ports)}
    inputs = [ports[each.name] for each in program.inputs]
    outputs = [ports[name] for name in program.outputs]
    arrays = "".join(f"static {port.dtype}_t at{n}[{port.layout.size}];\n" for n, port in (*inputs, *outputs))
    given = sum(port.layout.size for _, port in inputs)
    arguments = ", ".join(f"at{n}" for n, _ in (*inputs, *outputs))
    counted = counted_text(program, rendering, heads)
    return f"""/* Streams a stimulus through the network and prints what comes out, one line per step.

   usage: ./{p} [stimulus.txt]      (without a file: standard input)

   Stimulus: {given} real numbers per step, inputs in this order, each row-major:
{listed(inputs)}
   Raster: one line per step of whole numbers, outputs in this order, each row-major:
{listed(outputs)}
   With numpy:
     np.savetxt("stimulus.txt", stimulus.reshape(steps, -1), fmt="%.17g")
     raster = np.loadtxt("raster.txt", dtype=int, ndmin=2)
*/
#include <stdio.h>
#include "{p}.h"

static {p}_context context;
static double given[{given}];
{arrays}{counted[0]}
/* 1: a step was read; 0: the stimulus ended; -1: it is no stimulus. */
static int read_step(FILE *file) {{
  for (int i = 0; i < {given}; i++) {{
    const int found = fscanf(file, "%lf", &given[i]);
    if (found != 1) return found == EOF && i == 0 ? 0 : -1;
  }}
{_quantized(inputs, heads)}  return 1;
}}

int main(int count, char **words) {{
  FILE *file = count > 1 ? fopen(words[1], "r") : stdin;
  int more;
  if (file == NULL) {{
    perror(words[1]);
    return 1;
  }}
  {p}_reset(&context);
  while ((more = read_step(file)) == 1) {{
    {p}_step(&context, {arguments});
{counted[1]}{"".join(printed(n, port) for n, port in outputs)}    putchar('\\n');
  }}
  if (file != stdin) fclose(file);
  if (more < 0) {{
    fputs("not a stimulus: {given} finite numbers per step are needed\\n", stderr);
    return 1;
  }}
{counted[2]}  return 0;
}}
"""


def makefile(prefix: str) -> str:
    """Builds the example."""
    return f"""# make            builds the example
# make CC=clang   with another compiler; CFLAGS for optimization, e.g. make CFLAGS=-Os
CC ?= cc
CFLAGS ?= -O2
WARNINGS := {WARNINGS}

{prefix}: main.c {prefix}.c {prefix}.h
	$(CC) $(WARNINGS) $(CFLAGS) -o $@ main.c {prefix}.c

.PHONY: clean
clean:
	rm -f {prefix}
"""


def listed(ports: list[tuple[int, Port]]) -> str:
    """Names and shapes for a comment."""
    return "\n".join(f"     {comment(port.name)} {port.layout.shape}" for _, port in ports)


def comment(name: str) -> str:
    """A node's name where a C comment can hold it: no end or beginning of one, no trigraph, no line's end."""
    plain = name.encode("ascii", "backslashreplace").decode()
    return re.sub(r"[^ -~]|[*?\\]", ".", plain)


def _quantized(inputs: list[tuple[int, Port]], heads: Heads) -> str:
    lines: list[str] = []
    first = 0
    for n, port in inputs:
        lines.append(f"  if (!{heads.quantizers[port.name]}(given + {first}, at{n})) return -1;")
        first += port.layout.size
    return "".join(f"{line}\n" for line in lines)


def printed(number: int, port: Port) -> str:
    """What prints an output."""
    return f'    for (int i = 0; i < {port.layout.size}; i++) printf("%lld ", (long long)at{number}[i]);\n'


def counted_text(program: Program, rendering: Rendering, heads: Heads) -> tuple[str, str, str]:
    """Declaration, what a step adds, and what is printed at the end."""
    if heads.counts is None:
        return "", "", ""
    number = [port.name for port in rendering.ports].index(heads.counts)
    p, size = rendering.prefix, program.by_name[heads.counts].size
    return (
        f"static int64_t counts[{size}];\n",
        f"    {p}_count(counts, at{number});\n",
        f'  printf("# class %ld\\n", (long){p}_argmax(counts));\n',
    )
