"""An example of use: ``main.c`` streams a stimulus through a program and prints its raster; with a Makefile."""

from __future__ import annotations

from dataclasses import dataclass

from neurodeploy.codegen.heads import Heads
from neurodeploy.codegen.module import Port, Rendering
from neurodeploy.foreign import in_source
from neurodeploy.program.program import Program

WARNINGS = "-std=c99 -Wall -Wextra -Werror -pedantic"
"""Flags under which the rendered C compiles without a warning."""


OPEN = """\
  FILE *file = count > 1 ? fopen(words[1], "r") : stdin;
  int more, begun;
  long lines = 0;
  if (file == NULL) {
    perror(words[1]);
    return 1;
  }
  begun = pass_heads(file);
"""
"""C statements that open the file named on the command line, or standard input."""
HEADS = """
/* Passes over a line of heads, as tables have one: 1; or 0 where the file begins with what this does not read. */
static int pass_heads(FILE *file) {
  long word = 0;
  int quoted, length, c = getc(file);
  if (c == 0xEF) c = getc(file) == 0xBB && getc(file) == 0xBF ? getc(file) : '?'; /* a byte order mark */
  while (c == ' ' || c == '\\t' || c == '\\r' || c == '\\n') c = getc(file);
  if (c == EOF) return 1;
  quoted = c == '"';
  if (quoted) c = getc(file);
  if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.') return !quoted && ungetc(c, file) != EOF;
  for (length = 0; c != '\\n' && c != EOF; c = getc(file), length++)
    if (length < 3) word = word << 8 | (c | 0x20);
  return word != 0x6E616E && word != 0x696E66; /* nan and inf are numbers, and no stimulus */
}
"""
"""A C function that passes over the first line of a table where it holds no numbers; NaN and infinity are numbers."""


def example(program: Program, rendering: Rendering, heads: Heads) -> str:
    """``main.c``. Numbers come as text, and the raster goes as text, so that any machine and numpy can read both."""
    ports = {port.name: (number, port) for number, port in enumerate(rendering.ports)}
    inputs = [ports[node.name] for node in program.inputs]
    outputs = [ports[name] for name in program.outputs]
    counting = counting_text(program, rendering, heads)
    return (
        _usage(rendering.prefix, inputs, outputs)
        + _memory(rendering.prefix, inputs, outputs, counting)
        + HEADS
        + _reading(inputs, heads)
        + _main(rendering.prefix, inputs, outputs, counting)
    )


def _numbers(inputs: list[tuple[int, Port]]) -> int:
    """How many numbers a step takes."""
    return sum(port.layout.size for _, port in inputs)


def _usage(prefix: str, inputs: list[tuple[int, Port]], outputs: list[tuple[int, Port]]) -> str:
    return f"""/* Streams a stimulus through the network and prints what comes out, one line per step.

   usage: ./{prefix} [stimulus.csv]      (without a file: standard input)

   Stimulus: {_numbers(inputs)} real numbers per step, inputs in this order, each row-major:
{listed(inputs)}
   Raster: one line per step of whole numbers, outputs in this order, each row-major:
{listed(outputs)}
   With numpy:
     np.savetxt("stimulus.csv", stimulus.reshape(steps, -1), fmt="%.17g", delimiter=",")
     raster = np.loadtxt("raster.txt", dtype=int, ndmin=2)
*/
"""


def _memory(prefix: str, inputs: list[tuple[int, Port]], outputs: list[tuple[int, Port]], counting: Counting) -> str:
    return f"""#include <stdio.h>
#include "{prefix}.h"

static {prefix}_context context;
static double given[{_numbers(inputs)}];
{arrays([*inputs, *outputs])}{counting.declaration}"""


def _reading(inputs: list[tuple[int, Port]], heads: Heads) -> str:
    return f"""
/* 1: a step was read; 0: the stimulus ended; -1: it is no stimulus. */
static int read_step(FILE *file) {{
  for (int i = 0; i < {_numbers(inputs)}; i++) {{
    const int found = fscanf(file, "%lf%*1[,;]", &given[i]);
    if (found != 1) return found == EOF && i == 0 ? 0 : -1;
  }}
{_quantized(inputs, heads)}  return 1;
}}
"""


def _main(prefix: str, inputs: list[tuple[int, Port]], outputs: list[tuple[int, Port]], counting: Counting) -> str:
    arguments = ", ".join(f"at{number}" for number, _ in (*inputs, *outputs))
    return f"""
int main(int count, char **words) {{
{OPEN}  {prefix}_reset(&context);
  while ((more = begun ? read_step(file) : -1) == 1) {{
    lines++;
    {prefix}_step(&context, {arguments});
{counting.step}{"".join(printed(number, port) for number, port in outputs)}    putchar('\\n');
  }}
  if (file != stdin) fclose(file);
  if (more < 0 || lines == 0) {{
    fputs("not a stimulus: {_numbers(inputs)} finite numbers per step are needed\\n", stderr);
    return 1;
  }}
{counting.end}  return 0;
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


def arrays(ports: list[tuple[int, Port]]) -> str:
    """An array for the messages of each node."""
    return "".join(f"static {port.dtype}_t at{number}[{port.layout.size}];\n" for number, port in ports)


def listed(ports: list[tuple[int, Port]]) -> str:
    """Names and shapes of nodes, as lines of a comment."""
    return "\n".join(f"     {in_source(port.name)} {port.layout.shape}" for _, port in ports)


def _quantized(inputs: list[tuple[int, Port]], heads: Heads) -> str:
    """C statements that quantize the numbers of a step into the inputs' messages."""
    lines: list[str] = []
    first = 0
    for n, port in inputs:
        lines.append(f"  if (!{heads.quantizers[port.name]}(given + {first}, at{n})) return -1;")
        first += port.layout.size
    return "".join(f"{line}\n" for line in lines)


def printed(number: int, port: Port) -> str:
    """C statement that prints an output's messages."""
    return f'    for (int i = 0; i < {port.layout.size}; i++) printf("%lld ", (long long)at{number}[i]);\n'


@dataclass(frozen=True)
class Counting:
    """What counts the spikes of a head: a declaration, a statement for every step, and one that prints the class."""

    declaration: str = ""
    step: str = ""
    end: str = ""


def counting_text(program: Program, rendering: Rendering, heads: Heads) -> Counting:
    """The counting of the program's head; nothing where none is rendered."""
    if heads.counts is None:
        return Counting()
    number = [port.name for port in rendering.ports].index(heads.counts)
    p, size = rendering.prefix, program.by_name[heads.counts].size
    return Counting(
        f"static int64_t counts[{size}];\n",
        f"    {p}_count(counts, at{number});\n",
        f'  printf("# class %ld\\n", (long){p}_argmax(counts));\n',
    )
