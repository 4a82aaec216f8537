"""What a rendered program takes of a microcontroller: flash, RAM and stack, known without a compiler.

Exact are the constant tables, the context and the arrays of a step: C fixes their sizes. Code and stack depend on the
compiler; their figures are bounds for ``arm-none-eabi-gcc -Os`` and ``-O2`` on a Cortex-M4, from a model of the text:

- code: every name and number that stands in a function, counted again wherever the function is called (as if every
  call were inlined), takes at most ``TERM_BYTES``. Measured on the reference networks and on random programs: at most
  2.7 bytes.
- stack: along the deepest path of calls, which has no cycle, every function takes a frame of at most ``FRAME_BYTES``
  and a word or two for each of its locals; a division of 64-bit numbers calls the compiler's own library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from neurodeploy.codegen.context import Context, context
from neurodeploy.codegen.encoders import EncoderText
from neurodeploy.codegen.heads import Heads
from neurodeploy.codegen.module import Rendering
from neurodeploy.embedded.text import Source
from neurodeploy.step.plan import Plan

TERM_BYTES = 4
FRAME_BYTES = 32
LOCAL_BYTES = 4
DIVISION_BYTES = 128
LIBRARY_BYTES = 1024
"""Stack and flash of the compiler's own division of 64-bit numbers."""
TABLE_PADDING = 7
"""An array begins at a multiple of at most 8 bytes."""


@dataclass(frozen=True)
class Share:
    """What one node takes: tables and code in flash, messages and states in RAM."""

    flash: int
    ram: int


@dataclass(frozen=True)
class Footprint:
    """Bytes. ``constants``, ``context`` and ``step_arrays`` are exact, the others bounds.

    ``context`` is the sum of ``messages``, ``states``, ``accumulators``, and ``indices`` (places in rings, and the end
    of the struct). ``encoder`` is the memory of an encoder with the samples it is given, exact.
    """

    constants: int
    padding: int
    code: int
    messages: int
    states: int
    accumulators: int
    indices: int
    step_arrays: int
    stack: int
    nodes: Mapping[str, Share]
    encoder: int = 0

    @property
    def flash(self) -> int:
        """All that is read only."""
        return self.constants + self.padding + self.code

    @property
    def context(self) -> int:
        """The memory of one sample."""
        return self.messages + self.states + self.accumulators + self.indices

    @property
    def ram(self) -> int:
        """All that is written: the context, an encoder's memory, the arrays of a step, and the stack."""
        return self.context + self.encoder + self.step_arrays + self.stack


def footprint(
    plan: Plan, rendering: Rendering, heads: Heads, text: str, encoder: EncoderText | None = None
) -> Footprint:
    """The footprint of ``text``, the source that deploys the plan: its rendering, heads and encoder."""
    source, c = Source(text), context(plan)
    terms: dict[str, int] = {}
    library = LIBRARY_BYTES if any(function.divides for function in source.functions.values()) else 0
    code = TERM_BYTES * sum(_terms(source, name, terms) for name in source.roots) + library
    kinds = {"sent": 0, "sum": 0, "at": 0}
    for member in c.members:
        kind = member.name.partition("_")[0].rstrip("0123456789")
        kinds[kind] = kinds.get(kind, 0) + member.bytes
    messages, accumulators = kinds.pop("sent"), kinds.pop("sum")
    at = kinds.pop("at")
    states = sum(kinds.values())
    indices = at + c.bytes - (messages + accumulators + at + states)
    return Footprint(
        sum(source.tables.values()),
        TABLE_PADDING * len(source.tables),
        code,
        messages,
        states,
        accumulators,
        indices,
        _step_arrays(plan, rendering, heads),
        max(_depth(source, name, {}) for name in source.roots),
        {name: _share(c, rendering, source, name) for name in plan.senders},
        0 if encoder is None else encoder.memory + encoder.features * encoder.sample.bytes,
    )


def _terms(source: Source, name: str, known: dict[str, int]) -> int:
    """Terms of a function with those of all it calls, at every call."""
    if name not in known:
        function = source.functions[name]
        called = (_terms(source, callee, known) for callee in function.calls(source.functions))
        known[name] = len(function.terms) + sum(called)
    return known[name]


def _depth(source: Source, name: str, known: dict[str, int]) -> int:
    """Bytes of stack from a function's entry down its deepest path of calls."""
    if name not in known:
        function = source.functions[name]
        frame = FRAME_BYTES + LOCAL_BYTES * (function.locals + function.wide)
        below = max((_depth(source, callee, known) for callee in set(function.calls(source.functions))), default=0)
        known[name] = frame + max(below, DIVISION_BYTES if function.divides else 0)
    return known[name]


def _step_arrays(plan: Plan, rendering: Rendering, heads: Heads) -> int:
    """The inputs and outputs that a caller of the step holds, and the counts of the head."""
    c = context(plan)
    outside = [port.name for port in rendering.ports if port.is_input or port.name in plan.program.outputs]
    arrays = sum(c.message(name).bytes * c.layouts[name].size for name in outside)
    return arrays + (8 * c.layouts[heads.counts].size if heads.counts is not None else 0)


def _share(c: Context, rendering: Rendering, source: Source, name: str) -> Share:
    identifier = c.identifiers[name]
    ram = sum(member.bytes for member in c.members if member.name.partition("_")[2] == identifier)
    order = [stage.population.name for stage in c.plan.stages]
    if name not in order:
        return Share(0, ram)
    part = re.compile(rf"{rendering.prefix}_(?:add|arrive|update){order.index(name)}(?:_\w+)?")
    terms = [term for function in source.functions.values() if part.fullmatch(function.name) for term in function.terms]
    tables = sum(source.tables[term] for term in set(terms) if term in source.tables)
    return Share(tables + TERM_BYTES * len(terms), ram)
