"""A probe: the code that feeds a deployed program step by step on a device, and records what every population did.

It is one translation unit that includes the model's own source, and is no part of what is deployed. It moves bytes by
``nd_take`` and ``nd_give``, and measures the step between ``nd_start`` and ``nd_stop``; the device's code defines these
four functions.

``<prefix>_probe(mode, steps)`` runs one sample and returns 0 where the data ended early. Per step:

- mode 0 calls ``<prefix>_step``. It takes the inputs, row-major; it gives the measures, then what every population
  sent.
- modes 1 to 3 call the host loop. They take the inputs as stored, with bit ``FED`` also what every population is fed,
  and give what every population sent, with bit ``STATES`` also its states.
- mode 4 (``ENCODED``), where an encoder heads the program, is mode 0 from the samples on: it takes the samples in a
  step that reads them, and gives what the encoder sent before what the populations sent.
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
"""Bits of the mode."""
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
    """The text of a probe, and the bytes of its buffers; the context and the arrays of a step are not counted."""

    text: str
    buffer_bytes: int


def probe(plan: Plan, rendering: Rendering, source: str, front: EncoderText | None = None) -> Probe:
    """The probe of a plan.

    ``rendering``: the plan in portable C; ``source``: the text of ``<prefix>.c``; ``front``: the encoder that heads the
    program, if any.
    """
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
    """C statements that run a sample in mode ``ENCODED``."""
    return f"""  if (mode == {ENCODED}) {{
    {p}_encoder_reset(&{p}_front);
    for (uint32_t t = 0; t < steps; t++)
      if (!{p}_probe_encoded(&{p}_memory, t % {p.upper()}_SAMPLE_STEPS == 0)) return 0;
    return 1;
  }}
"""


def dispatcher(prefixes: Sequence[str]) -> str:
    """``main`` for the probes of these prefixes: it takes tasks (number of the probe, mode, steps)."""
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
    """The arrays of every node, and the bytes of those that a deployed program would not need."""
    lines: list[str] = []
    size = 0
    for port in rendering.ports:
        identifier, count = c.identifiers[port.name], max(port.layout.size, 1)
        kind = c.message(port.name)
        of_step = port.is_input or port.name in c.plan.program.outputs
        lines.append(f"{'' if of_step else 'ND_BUFFER '}static {kind.name} at_{identifier}[{count}];")
        size += 0 if of_step else kind.bytes * count
        if not port.is_input:
            lines.append(f"ND_BUFFER static {kind.name} fed_{identifier}[{count}];")
            size += kind.bytes * count
        if port.states:
            lines.append(f"ND_BUFFER static int64_t states_{identifier}[{3 * count}];")
            size += 24 * count
    return "\n".join(lines), size


def _encoded(c: Context, p: str, front: EncoderText) -> str:
    """The function of a step in mode ``ENCODED``, and its memory."""
    identifier = c.identifiers[front.node]
    lines = [
        "  uint32_t measured[2];",
        f"  if (fresh && !nd_take({p}_samples, sizeof {p}_samples)) return 0;",
        "  nd_start();",
        f"  {p}_encode(&{p}_front, {p}_samples, at_{identifier});",
        f"  {p}_step({_arguments(c)});",
        "  nd_stop(measured);",
        "  if (!nd_give(measured, sizeof measured)) return 0;",
        f"  if (!nd_give(at_{identifier}, sizeof at_{identifier})) return 0;",
        *_gives(c),
    ]
    body = "\n".join(lines)
    memory = f"static {p}_encoder {p}_front;\nstatic {front.sample.name} {p}_samples[{front.features}];\n"
    return f"\n{memory}\nstatic int {p}_probe_encoded({p}_context *c, int fresh) {{\n{body}\n  return 1;\n}}\n"


def _arguments(c: Context) -> str:
    """The arguments of ``<prefix>_step``."""
    program = c.plan.program
    inputs = [c.identifiers[node.name] for node in program.inputs]
    outputs = [c.identifiers[name] for name in program.outputs]
    return ", ".join(["c", *(f"at_{identifier}" for identifier in (*inputs, *outputs))])


def _gives(c: Context) -> list[str]:
    """C statements that give what every population sent."""
    program = c.plan.program
    gives: list[str] = []
    for name in program.by_name:
        identifier, size = c.identifiers[name], c.layouts[name].size * c.message(name).bytes
        place = f"at_{identifier}" if name in program.outputs else c.now(name)
        gives.append(f"  if (!nd_give({place}, {size})) return 0;")
    return gives


def _step(c: Context, p: str) -> str:
    """The function of a step in mode 0."""
    inputs = [c.identifiers[node.name] for node in c.plan.program.inputs]
    takes = [f"  if (!nd_take(at_{identifier}, sizeof at_{identifier})) return 0;" for identifier in inputs]
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
    """The function of a step in the other modes."""
    plan = c.plan
    lines = [f"  void *io[{POINTERS * len(plan.senders)}] = {{0}};"]
    gives: list[str] = []
    for number, (name, sender) in enumerate(plan.senders.items()):
        identifier, at = c.identifiers[name], POINTERS * number
        bytes_of = c.layouts[name].size * c.message(name).bytes
        if sender.is_input:
            lines.append(f"  if (!nd_take(at_{identifier}, {bytes_of})) return 0;\n  io[{at}] = at_{identifier};")
            continue
        lines.append(f"  if ((mode & {FED}) != 0) {{\n    if (!nd_take(fed_{identifier}, {bytes_of})) return 0;")
        lines.append(f"    io[{at}] = fed_{identifier};\n  }}\n  io[{at + 1}] = at_{identifier};")
        gives.append(f"  if (!nd_give(at_{identifier}, {bytes_of})) return 0;")
        if plan.program.by_name[name].kind != "relay":
            size = c.layouts[name].size
            pointers = " ".join(f"io[{at + 2 + k}] = states_{identifier} + {k * size};" for k in range(3))
            lines.append(f"  if ((mode & {STATES}) != 0) {{ {pointers} }}")
            gives.append(f"  if ((mode & {STATES}) != 0 && !nd_give(states_{identifier}, {24 * size})) return 0;")
    call = f"  {p}_run(c, io, 1);"
    body = "\n".join([*lines, call, *gives])
    return f"\nstatic int {p}_probe_loop({p}_context *c, uint32_t mode) {{\n{body}\n  return 1;\n}}\n"
