"""What a host drives a deployed program with: it feeds steps, and records what every population did.

One translation unit that includes the model's own source. It knows nothing of files: ``nd_take`` and ``nd_give`` move
bytes, ``nd_start`` and ``nd_stop`` stand around the step and measure it; the machine it runs on defines them.

``<prefix>_probe(mode, steps)`` runs one sample. Mode 0 calls ``<prefix>_step`` itself: it takes the inputs, row-major,
and gives what ``nd_stop`` measured and what every population sent. Other modes call the host loop: with bit 0 it gives
the states too, with bit 1 it takes what every node is fed, else the inputs alone. Where an encoder heads the program,
mode 4 is mode 0 from its samples on: it takes those of a step that reads them, and gives what the encoder sent before
what the populations sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurodeploy.codegen.context import Context, context
from neurodeploy.codegen.encoders import EncoderText
from neurodeploy.codegen.helpers import missing_helpers
from neurodeploy.codegen.host_loop import POINTERS
from neurodeploy.codegen.module import Rendering
from neurodeploy.step.plan import Plan

STATES, FED, ENCODED = 1, 2, 4
MEASURES = 2
"""What ``nd_stop`` writes, in 32 bits each: instructions, and bytes of stack."""
HOOKS = """
int nd_take(void *to, uint32_t bytes);
int nd_give(const void *from, uint32_t bytes);
void nd_start(void);
void nd_stop(uint32_t *measured);
"""


@dataclass(frozen=True)
class Probe:
    """The text of a probe, and the bytes of its buffers beside the context and the arrays of a step."""

    text: str
    buffer_bytes: int


def probe(plan: Plan, rendering: Rendering, source: str, front: EncoderText | None = None) -> Probe:
    """The probe of a rendered plan, whose model stands in ``<prefix>.c`` as ``source``, with its encoder if any."""
    c, p = context(plan), rendering.prefix
    more = missing_helpers(rendering.host, source)
    arrays, size = _arrays(c, rendering)
    text = f"""/* Feeds the network and records it, for a host. No part of what is deployed. */
#include "{p}.c"
{HOOKS}
#ifndef ND_BUFFER
#define ND_BUFFER
#endif
{more}{rendering.host}
static {p}_context {p}_memory;
{arrays}
int {p}_probe(uint32_t mode, uint32_t steps);
{_step(c, p)}{"" if front is None else _encoded(c, p, front)}{_loop(c, p)}
int {p}_probe(uint32_t mode, uint32_t steps) {{
  {p}_reset(&{p}_memory);
{"" if front is None else _started(p)}  for (; steps > 0; steps--)
    if (!(mode == 0 ? {p}_probe_step(&{p}_memory) : {p}_probe_loop(&{p}_memory, mode))) return 0;
  return 1;
}}
"""
    return Probe(text, size)


def _started(p: str) -> str:
    return f"""  if (mode == {ENCODED}) {{
    {p}_encoder_reset(&{p}_front);
    for (uint32_t t = 0; t < steps; t++)
      if (!{p}_probe_encoded(&{p}_memory, t % {p.upper()}_SAMPLE_STEPS == 0)) return 0;
    return 1;
  }}
"""


def dispatcher(prefixes: Sequence[str]) -> str:
    """``main`` for the probes of these prefixes: takes tasks (number of the probe, mode, steps) as they come."""
    declared = "".join(f"int {prefix}_probe(uint32_t mode, uint32_t steps);\n" for prefix in prefixes)
    names = ", ".join(f"{prefix}_probe" for prefix in prefixes)
    return f"""/* Runs the probes as tasks say: the number of the network, the mode, the steps, and then the data. */
#include <stdint.h>
{HOOKS}
{declared}
static int (*const probes[])(uint32_t, uint32_t) = {{{names}}};

int main(void) {{
  uint32_t task[3];
  while (nd_take(task, sizeof task))
    if (task[0] >= {len(prefixes)} || !probes[task[0]](task[1], task[2])) return 1;
  return 0;
}}
"""


def _arrays(c: Context, rendering: Rendering) -> tuple[str, int]:
    lines: list[str] = []
    size = 0
    for port in rendering.ports:
        own, count = c.identifiers[port.name], max(port.layout.size, 1)
        kind = c.message(port.name)
        of_step = port.is_input or port.name in c.plan.program.outputs
        lines.append(f"{'' if of_step else 'ND_BUFFER '}static {kind.name} at_{own}[{count}];")
        size += 0 if of_step else kind.bytes * count
        if not port.is_input:
            lines.append(f"ND_BUFFER static {kind.name} fed_{own}[{count}];")
            size += kind.bytes * count
        if port.has_states:
            lines.append(f"ND_BUFFER static int64_t states_{own}[{3 * count}];")
            size += 24 * count
    return "\n".join(lines), size


def _encoded(c: Context, p: str, front: EncoderText) -> str:
    """The step from the encoder's samples on."""
    own = c.identifiers[front.node]
    lines = [
        "  uint32_t measured[2];",
        f"  if (fresh && !nd_take({p}_samples, sizeof {p}_samples)) return 0;",
        "  nd_start();",
        f"  {p}_encode(&{p}_front, {p}_samples, at_{own});",
        f"  {p}_step({_arguments(c)});",
        "  nd_stop(measured);",
        "  if (!nd_give(measured, sizeof measured)) return 0;",
        f"  if (!nd_give(at_{own}, sizeof at_{own})) return 0;",
        *_gives(c),
    ]
    body = "\n".join(lines)
    memory = f"static {p}_encoder {p}_front;\nstatic {front.sample.name} {p}_samples[{front.features}];\n"
    return f"\n{memory}\nstatic int {p}_probe_encoded({p}_context *c, int fresh) {{\n{body}\n  return 1;\n}}\n"


def _arguments(c: Context) -> str:
    program = c.plan.program
    given = [c.identifiers[each.name] for each in program.inputs]
    outputs = [c.identifiers[name] for name in program.outputs]
    return ", ".join(["c", *(f"at_{own}" for own in (*given, *outputs))])


def _gives(c: Context) -> list[str]:
    """What every population sent."""
    program = c.plan.program
    gives: list[str] = []
    for name in program.by_name:
        own, size = c.identifiers[name], c.layouts[name].size * c.message(name).bytes
        place = f"at_{own}" if name in program.outputs else c.now(name)
        gives.append(f"  if (!nd_give({place}, {size})) return 0;")
    return gives


def _step(c: Context, p: str) -> str:
    given = [c.identifiers[each.name] for each in c.plan.program.inputs]
    takes = [f"  if (!nd_take(at_{own}, sizeof at_{own})) return 0;" for own in given]
    body = "\n".join(
        [
            "  uint32_t measured[2];",
            *takes,
            "  nd_start();",
            f"  {p}_step({_arguments(c)});",
            "  nd_stop(measured);",
            "  if (!nd_give(measured, sizeof measured)) return 0;",
            *_gives(c),
        ]
    )
    return f"\nstatic int {p}_probe_step({p}_context *c) {{\n{body}\n  return 1;\n}}\n"


def _loop(c: Context, p: str) -> str:
    plan = c.plan
    lines = [f"  void *io[{POINTERS * len(plan.senders)}] = {{0}};"]
    gives: list[str] = []
    for number, (name, sender) in enumerate(plan.senders.items()):
        own, at = c.identifiers[name], POINTERS * number
        bytes_of = c.layouts[name].size * c.message(name).bytes
        if sender.is_input:
            lines.append(f"  if (!nd_take(at_{own}, {bytes_of})) return 0;\n  io[{at}] = at_{own};")
            continue
        lines.append(f"  if ((mode & {FED}) != 0) {{\n    if (!nd_take(fed_{own}, {bytes_of})) return 0;")
        lines.append(f"    io[{at}] = fed_{own};\n  }}\n  io[{at + 1}] = at_{own};")
        gives.append(f"  if (!nd_give(at_{own}, {bytes_of})) return 0;")
        if plan.program.by_name[name].kind != "relay":
            size = c.layouts[name].size
            pointers = " ".join(f"io[{at + 2 + k}] = states_{own} + {k * size};" for k in range(3))
            lines.append(f"  if ((mode & {STATES}) != 0) {{ {pointers} }}")
            gives.append(f"  if ((mode & {STATES}) != 0 && !nd_give(states_{own}, {24 * size})) return 0;")
    call = f"  {p}_run(c, io, 1);"
    body = "\n".join([*lines, call, *gives])
    return f"\nstatic int {p}_probe_loop({p}_context *c, uint32_t mode) {{\n{body}\n  return 1;\n}}\n"
