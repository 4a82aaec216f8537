"""A whole program in portable C99: header, source, and the loop that a host drives it with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurodeploy.codegen.context import Context, Member, context
from neurodeploy.codegen.host import host_text
from neurodeploy.codegen.kernels import Edge, Kernel
from neurodeploy.codegen.kernels import kernel as portable
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.names import checked_prefix
from neurodeploy.codegen.native.own import Own
from neurodeploy.codegen.prelude import helpers
from neurodeploy.codegen.saturating import delivery_kernel
from neurodeploy.codegen.stage import observe_text, reset_text, update_text
from neurodeploy.codegen.tables import Tables
from neurodeploy.step.neuron import CURRENT
from neurodeploy.step.plan import Plan, Stage


@dataclass(frozen=True)
class Port:
    """A node as a host sees it: numpy type and layout of its messages, and whether it has states."""

    name: str
    dtype: str
    low: int
    high: int
    layout: Layout
    is_input: bool
    has_states: bool


@dataclass(frozen=True)
class Rendering:
    """The text of a program in C.

    - ``header``: the context, ``<prefix>_reset(context)`` and ``<prefix>_step(context, inputs..., outputs...)``;
      arrays are row-major, as the program's shapes say.
    - ``helpers`` and ``body``: the source after its includes.
    - ``host``: what an engine adds behind the body to run many steps and record them.
    - ``prelude``: vector types and operations of native code, the same for all programs of one machine.
    - ``constant_bytes``, ``context_bytes``: its read-only tables, and its memory per sample.
    """

    prefix: str
    header: str
    body: str
    host: str
    ports: tuple[Port, ...]
    constant_bytes: int
    context_bytes: int
    prelude: str = ""

    @property
    def source(self) -> str:
        """The source file that belongs to ``<prefix>.h``."""
        return f'#include "{self.prefix}.h"\n{self.prelude}{helpers(self.body)}{self.body}'


def render(
    plan: Plan,
    prefix: str = "nd",
    machine: Machine | None = None,
    kernel: Kernel = portable,
    forced: str | None = None,
) -> Rendering:
    """The same text for the same plan: portable, or for one ``machine``'s compiler and processor.

    ``kernel`` renders what projections add in portable code; ``forced`` (one of ``native.choice.FORCED``) is the
    native kernel to use wherever it applies, instead of the one that each step's activity favors. Raises InputError
    for what does not fit together, or does not fit 32-bit indices.
    """
    own = None if machine is None else Own(plan, machine, forced)
    c = context(plan) if own is None else own.context()
    tables = Tables(checked_prefix(prefix), strings=own is not None)
    functions = "".join(
        _stage(c, stage, number, prefix, tables, kernel, own) for number, stage in enumerate(plan.stages)
    )
    reset = reset_text(c, prefix, tables, [] if own is None else own.reset(c))
    shipped, constant_bytes = "\n".join(["", *tables.texts]), tables.total_bytes
    body = shipped + functions + reset + _begin(c, prefix) + _step(c, prefix)
    tables.texts.clear()
    observe = "".join(_observe(c, stage, number, prefix, tables, own) for number, stage in enumerate(plan.stages))
    return Rendering(
        prefix,
        _header(c, prefix),
        body,
        "\n".join(["", *tables.texts]) + observe + host_text(c, prefix),
        tuple(_port(c, name) for name in plan.senders),
        constant_bytes,
        c.bytes,
        "" if own is None else own.prelude,
    )


def unit(renderings: list[Rendering]) -> str:
    """One translation unit of several programs with distinct prefixes, with what their host needs."""
    code = "".join(each.body + each.host for each in renderings)
    preludes = "".join(dict.fromkeys(each.prelude for each in renderings))
    return "#include <stdint.h>\n" + preludes + helpers(code) + "".join(each.header for each in renderings) + code


def _port(c: Context, name: str) -> Port:
    sender, layout = c.plan.senders[name], c.layouts[name]
    has_states = not sender.is_input and c.plan.program.by_name[name].kind != "relay"
    return Port(name, c.message(name).dtype, sender.low, sender.high, layout, sender.is_input, has_states)


def _parameters(c: Context, prefix: str) -> str:
    program = c.plan.program
    given = [f"const {c.message(each.name).name} *{c.identifiers[each.name]}" for each in program.inputs]
    made = [f"{c.message(name).name} *{c.identifiers[name]}" for name in program.outputs]
    return ", ".join([f"{prefix}_context *c", *given, *made])


def _header(c: Context, prefix: str) -> str:
    guard = f"{prefix.upper()}_H"
    members = "\n".join(f"  {_member(each)}" for each in c.members)
    return f"""#ifndef {guard}
#define {guard}
#include <stdint.h>

typedef struct {{
{members}
}} {prefix}_context;

void {prefix}_reset({prefix}_context *c);
void {prefix}_step({_parameters(c, prefix)});

#endif
"""


def _member(member: Member) -> str:
    return f"{member.kind.name} {member.name}" + (f"[{member.count}];" if member.count else ";")


def _observe(c: Context, stage: Stage, number: int, prefix: str, tables: Tables, own: Own | None) -> str:
    native = None if own is None else own.observe(c, stage, number, prefix, tables)
    return observe_text(c, stage, number, prefix, tables) if native is None else native


def _stage(c: Context, stage: Stage, number: int, prefix: str, tables: Tables, kernel: Kernel, own: Own | None) -> str:
    native = None if own is None else own.stage(c, stage, number, prefix, tables)
    if native is not None:
        return native
    kernels: list[str] = []
    calls: list[str] = []
    name = stage.population.name
    for each in stage.arrival.accumulators:
        start = c.accumulator(stage, each.name)
        calls.append(f"  for (int32_t i = 0; i < {c.layouts[name].size}; i++) ({start})[i] = 0;")
        for term in each.terms:
            projection = replace(term.projection, weights=term.projection.weights >> term.twos)
            function = f"{prefix}_add{number}_{len(kernels)}"
            source = projection.source
            edge = Edge(projection, c.plan.senders[source], c.layouts[source], c.layouts[name], each.bits, term.shift)
            kernels.append(kernel(edge, function, tables))
            calls.append(f"  {function}({start}, {c.past(source, projection.delay)});")
    for each in stage.arrival.deliveries:
        function, source = f"{prefix}_add{number}_{len(kernels)}", each.projection.source
        layouts = c.layouts[source], c.layouts[name]
        kernels.append(delivery_kernel(each, c.plan.senders[source], *layouts, function, tables))
        calls.append(f"  {function}({c.state(name, CURRENT)}, {c.past(source, each.projection.delay)});")
    lines = "\n".join(calls or ["  (void)c;"])
    arrive = f"\nstatic void {prefix}_arrive{number}({prefix}_context *c) {{\n{lines}\n}}\n"
    return "".join(kernels) + arrive + update_text(c, stage, number, prefix, tables)


def _begin(c: Context, prefix: str) -> str:
    rings = [(c.identifiers[name], sender.slots) for name, sender in c.plan.senders.items() if sender.slots > 1]
    lines = [f"  c->at_{own} = c->at_{own} + 1 == {slots} ? 0 : c->at_{own} + 1;" for own, slots in rings]
    body = "\n".join(lines or ["  (void)c;"])
    return f"\nstatic void {prefix}_begin({prefix}_context *c) {{\n{body}\n}}\n"


def _step(c: Context, prefix: str) -> str:
    program = c.plan.program
    lines = [f"  {prefix}_begin(c);"]
    lines += [_copy(c.now(each.name), c.identifiers[each.name], c.layouts[each.name], True) for each in program.inputs]
    for number, stage in enumerate(c.plan.stages):
        lines.append(f"  {prefix}_arrive{number}(c);")
        lines.append(f"  {prefix}_update{number}(c, {c.now(stage.population.name)});")
    lines += [_copy(c.now(name), c.identifiers[name], c.layouts[name], False) for name in program.outputs]
    return f"\nvoid {prefix}_step({_parameters(c, prefix)}) {{\n" + "\n".join(lines) + "\n}\n"


def _copy(stored: str, given: str, layout: Layout, inward: bool) -> str:
    channels, cells = layout.channels, layout.size // max(layout.channels, 1)
    if layout.trivial:
        inner, outer = f"({stored})[i]", f"{given}[i]"
        return f"  for (int32_t i = 0; i < {layout.size}; i++) {_assign(inner, outer, inward)};"
    inner, outer = f"({stored})[i * {channels} + k]", f"{given}[k * {cells} + i]"
    loops = f"for (int32_t k = 0; k < {channels}; k++) for (int32_t i = 0; i < {cells}; i++)"
    return f"  {loops} {_assign(inner, outer, inward)};"


def _assign(inner: str, outer: str, inward: bool) -> str:
    return f"{inner} = {outer}" if inward else f"{outer} = {inner}"
