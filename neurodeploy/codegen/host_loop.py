"""The loop that a host drives a program with: many steps in one call, fed and recorded through pointers.

``<prefix>_run(c, io, steps)`` takes five pointers per node in ``io``, inputs first, then populations in program order:

0. what is sent in place of its own messages: always for an input; for a population only in an isolated run, else null;
1. where its messages are recorded, or null;
2. to 4. where its current, its membrane, and its membrane before threshold are recorded; all null, or none.

Every array is (steps, neurons as stored). A population that is not recorded keeps its messages only as long as delayed
projections need them; one that is fed and not recorded is not stepped at all.
"""

from __future__ import annotations

from neurodeploy.codegen.context import Context

POINTERS = 5
"""Pointers per node."""


def host_text(c: Context, prefix: str) -> str:
    """The functions ``<prefix>_run``, and ``<prefix>_bytes``, which returns the size of a context."""
    feeds = "".join(_feed(c, number, name) for number, name in enumerate(c.plan.senders))
    stages = "".join(_stage(c, number, prefix) for number in range(len(c.plan.stages)))
    return f"""
uint64_t {prefix}_bytes(void);
void {prefix}_run({prefix}_context *c, void *const *io, int64_t steps);

uint64_t {prefix}_bytes(void) {{ return sizeof({prefix}_context); }}

void {prefix}_run({prefix}_context *c, void *const *io, int64_t steps) {{
  for (int64_t t = 0; t < steps; t++) {{
    {prefix}_begin(c);
{feeds}{stages}  }}
}}
"""


def _feed(c: Context, number: int, name: str) -> str:
    """C statements that copy what a node is fed in this step."""
    kind, size = c.message(name).name, c.layouts[name].size
    return f"""    if (io[{POINTERS * number}]) {{
      const {kind} *restrict fed = (const {kind} *)io[{POINTERS * number}] + t * {size};
      {kind} *restrict now = {c.now(name)};
      for (int32_t i = 0; i < {size}; i++) now[i] = fed[i];
    }}
"""


def _stage(c: Context, number: int, prefix: str) -> str:
    """C statements that step a population, record it, and keep its messages where it is not fed."""
    stage = c.plan.stages[number]
    name = stage.population.name
    at = POINTERS * list(c.plan.senders).index(name)
    kind, size = c.message(name).name, c.layouts[name].size
    update = f"{prefix}_update{number}(c, out);"
    if stage.update.before is not None:
        record = c.record(stage.update).name
        states = ", ".join(f"({record} *)io[{at + k}] + t * {size}" for k in (2, 3, 4))
        update = f"if (io[{at + 2}]) {prefix}_observe{number}(c, out, {states});\n      else {update}"
    return f"""    if (io[{at + 1}] || !io[{at}]) {{
      {kind} *now = {c.now(name)};
      {kind} *out = io[{at + 1}] ? ({kind} *)io[{at + 1}] + t * {size} : now;
      {prefix}_arrive{number}(c);
      {update}
      if (!io[{at}] && out != now) {{
        {kind} *restrict to = now;
        const {kind} *restrict from = out;
        for (int32_t i = 0; i < {size}; i++) to[i] = from[i];
      }}
    }}
"""
