"""An example of use where an encoder heads the network: ``main.c`` streams signals and prints the raster."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.encoders import EncoderText
from neurodeploy.codegen.example import HEADS, OPEN, Counting, arrays, counting_text, listed, printed
from neurodeploy.codegen.heads import Heads
from neurodeploy.codegen.module import Port, Rendering
from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.streams import stream_of


def signal_example(program: Program, rendering: Rendering, heads: Heads, front: EncoderText) -> str:
    """``main.c``. It makes the samples that a converter would give; everything after them is integers.

    ``front``: the encoder that heads the program. Raises InputError where there is none.
    """
    pre = program.host.pre
    if pre is None:
        raise InputError("no encoder heads this program", "host", "export it with --encoder")
    ports = {port.name: (number, port) for number, port in enumerate(rendering.ports)}
    fed, outputs = ports[front.node], [ports[name] for name in program.outputs]
    counting = counting_text(program, rendering, heads)
    encoder = stream_of(pre).encoder
    low, high = encoder.ends(front.features)
    return (
        _usage(rendering.prefix, front, outputs)
        + _converter(rendering.prefix, front, low, encoder.top / (high - low), encoder.top)
        + _memory(rendering.prefix, front, arrays([fed, *outputs]) + counting.declaration)
        + HEADS
        + _reading(front, encoder.top)
        + _main(rendering.prefix, front, fed[0], outputs, counting)
    )


def _usage(prefix: str, front: EncoderText, outputs: list[tuple[int, Port]]) -> str:
    return f"""/* Streams signals through encoder and network and prints what comes out, one line per step.

   usage: ./{prefix} [signal.csv]      (without a file: standard input)

   Signals: a table as neurodeploy encode reads it, one line per sample of {front.features} real numbers, with or
   without a line of heads; each sample takes {front.steps} steps of the network.
   Raster: one line per step of whole numbers, outputs in this order, each row-major:
{listed(outputs)}
   With numpy:
     np.savetxt("signal.csv", np.atleast_2d(signal).T, fmt="%.17g", delimiter=",")
     raster = np.loadtxt("raster.txt", dtype=int, ndmin=2)
*/
"""


def _converter(prefix: str, front: EncoderText, low: NDArray[np.float64], scale: NDArray[np.float64], top: int) -> str:
    return f"""#include <stdio.h>
#include "{prefix}.h"

/* What a converter does: the sample is floor((x - low) * scale + 0.5), in 0 .. {top}. */
static const double low[{front.features}] = {{{_doubles(low)}}};
static const double scale[{front.features}] = {{{_doubles(scale)}}};
"""


def _doubles(numbers: NDArray[np.float64]) -> str:
    return ", ".join(repr(float(number)) for number in numbers)


def _memory(prefix: str, front: EncoderText, messages: str) -> str:
    return f"""static {front.sample.name} samples[{front.features}];
static {prefix}_encoder front;
static {prefix}_context context;
{messages}"""


def _reading(front: EncoderText, top: int) -> str:
    return f"""
/* 1: samples were read; 0: the signals ended; -1: they are none. */
static int read_samples(FILE *file) {{
  for (int i = 0; i < {front.features}; i++) {{
    double x;
    volatile double y; /* so that every operation is rounded by itself */
    const int found = fscanf(file, "%lf%*1[,;]", &x);
    if (found != 1) return found == EOF && i == 0 ? 0 : -1;
    y = x - low[i];
    if (y != y || y - y != 0) return -1;
    y = y * scale[i];
    y = y > 0 ? y < {top} ? y : {top} : 0;
    y = y + 0.5;
    samples[i] = ({front.sample.name})y;
  }}
  return 1;
}}
"""


def _main(prefix: str, front: EncoderText, fed: int, outputs: list[tuple[int, Port]], counting: Counting) -> str:
    arguments = ", ".join(f"at{number}" for number in (fed, *(number for number, _ in outputs)))
    return f"""
int main(int count, char **words) {{
{OPEN}  {prefix}_encoder_reset(&front);
  {prefix}_reset(&context);
  while ((more = begun ? read_samples(file) : -1) == 1) {{
    lines++;
    for (int k = 0; k < {prefix.upper()}_SAMPLE_STEPS; k++) {{
      {prefix}_encode(&front, samples, at{fed});
      {prefix}_step(&context, {arguments});
{counting.step}{"".join(printed(number, port) for number, port in outputs)}      putchar('\\n');
    }}
  }}
  if (file != stdin) fclose(file);
  if (more < 0 || lines == 0) {{
    fputs("not a signal: {front.features} finite numbers per sample are needed\\n", stderr);
    return 1;
  }}
{counting.end}  return 0;
}}
"""
