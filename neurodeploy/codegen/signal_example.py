"""An example of use where an encoder heads the network: ``main.c`` streams signals and prints the raster."""

from __future__ import annotations

from neurodeploy.codegen.encoders import EncoderText
from neurodeploy.codegen.example import counted_text, listed, printed
from neurodeploy.codegen.heads import Heads
from neurodeploy.codegen.module import Rendering
from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.streams import stream_of


def signal_example(program: Program, rendering: Rendering, heads: Heads, front: EncoderText) -> str:
    """``main.c``. It makes the samples that a converter would give; all after them is integers."""
    pre = program.host.pre
    if pre is None:
        raise InputError("no encoder heads this program", "host", "export it with --encoder")
    p, encoder = rendering.prefix, stream_of(pre).encoder
    ports = {port.name: (number, port) for number, port in enumerate(rendering.ports)}
    fed, outputs = ports[front.node], [ports[name] for name in program.outputs]
    arrays = "".join(f"static {port.dtype}_t at{n}[{port.layout.size}];\n" for n, port in (fed, *outputs))
    arguments = ", ".join(f"at{n}" for n, _ in (fed, *outputs))
    low, high = encoder.ends(front.features)
    counted = counted_text(program, rendering, heads)
    return f"""/* Streams signals through encoder and network and prints what comes out, one line per step.

   usage: ./{p} [signal.txt]      (without a file: standard input)

   Signals: {front.features} real numbers per sample; each sample takes {front.steps} steps of the network.
   Raster: one line per step of whole numbers, outputs in this order, each row-major:
{listed(outputs)}
   With numpy:
     np.savetxt("signal.txt", np.atleast_2d(signal).T, fmt="%.17g")
     raster = np.loadtxt("raster.txt", dtype=int, ndmin=2)
*/
#include <stdio.h>
#include "{p}.h"

/* What a converter does: the sample is floor((x - low) * scale + 0.5), in 0 .. {encoder.top}. */
static const double low[{front.features}] = {{{", ".join(repr(float(x)) for x in low)}}};
static const double scale[{front.features}] = {{{", ".join(repr(float(x)) for x in encoder.top / (high - low))}}};
static {front.sample.name} samples[{front.features}];
static {p}_encoder front;
static {p}_context context;
{arrays}{counted[0]}
/* 1: samples were read; 0: the signals ended; -1: they are none. */
static int read_samples(FILE *file) {{
  for (int i = 0; i < {front.features}; i++) {{
    double x;
    volatile double y; /* so that every operation is rounded by itself */
    const int found = fscanf(file, "%lf", &x);
    if (found != 1) return found == EOF && i == 0 ? 0 : -1;
    y = x - low[i];
    if (y != y || y - y != 0) return -1;
    y = y * scale[i];
    y = y > 0 ? y < {encoder.top} ? y : {encoder.top} : 0;
    y = y + 0.5;
    samples[i] = ({front.sample.name})y;
  }}
  return 1;
}}

int main(int count, char **words) {{
  FILE *file = count > 1 ? fopen(words[1], "r") : stdin;
  int more;
  if (file == NULL) {{
    perror(words[1]);
    return 1;
  }}
  {p}_encoder_reset(&front);
  {p}_reset(&context);
  while ((more = read_samples(file)) == 1) {{
    for (int k = 0; k < {p.upper()}_SAMPLE_STEPS; k++) {{
      {p}_encode(&front, samples, at{fed[0]});
      {p}_step(&context, {arguments});
{counted[1]}{"".join(printed(n, port) for n, port in outputs)}      putchar('\\n');
    }}
  }}
  if (file != stdin) fclose(file);
  if (more < 0) {{
    fputs("not a signal: {front.features} finite numbers per sample are needed\\n", stderr);
    return 1;
  }}
{counted[2]}  return 0;
}}
"""
