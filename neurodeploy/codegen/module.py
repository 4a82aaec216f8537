"""A whole program in C: header, source, and the loop that a host drives it with."""

from __future__ import annotations

from dataclasses import dataclass

from neurodeploy.codegen.arrive import arrive_text
from neurodeploy.codegen.context import Context, context
from neurodeploy.codegen.helpers import helpers
from neurodeploy.codegen.host_loop import host_text
from neurodeploy.codegen.kernels import Kernel
from neurodeploy.codegen.kernels import kernel as portable
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.names import checked_prefix
from neurodeploy.codegen.native.program import NativeProgram
from neurodeploy.codegen.port import Port
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.update import observe_text, reset_text, update_text
from neurodeploy.step.plan import Plan, Stage


@dataclass(frozen=True)
class Rendering:
    """The text of a program in C.

    - ``header``: the context, ``<prefix>_reset(context)`` and ``<prefix>_step(context, inputs..., outputs...)``;
      arrays are row-major, as the program's shapes say.
    - ``body``: the source after its includes and helpers.
    - ``host``: what an engine adds behind the body to run many steps and record them.
    - ``ports``: its nodes, inputs first, then populations in program order.
    - ``constant_bytes``, ``context_bytes``: size of its read-only tables, and of its memory per sample.
    - ``prelude``: vector types and functions of native code, the same for all programs of one machine.
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
    """A plan in C; the same text for the same arguments.

    - ``prefix``: what every function begins with; a C identifier.
    - ``machine``: the instruction set to render native code for; None: portable C99.
    - ``kernel``: renders what a projection adds in portable code.
    - ``forced``: one of ``native.kernels.FORCED``: the native kernel to use wherever it applies, instead of the one
      that each step's activity favors.

    Raises InputError for a prefix that is no identifier, windows that do not fit, and sizes beyond 32-bit indices.
    """
    native = None if machine is None else NativeProgram(plan, machine, forced)
    c = context(plan) if native is None else native.context()
    tables = Tables(checked_prefix(prefix), strings=native is not None)
    stages = list(enumerate(plan.stages))
    functions = "".join(_stage(c, stage, number, prefix, tables, kernel, native) for number, stage in stages)
    reset = reset_text(c, prefix, tables, [] if native is None else native.reset(c))
    shipped, constant_bytes = "\n".join(["", *tables.texts]), tables.total_bytes
    body = shipped + functions + reset + _begin(c, prefix) + _step(c, prefix)
    tables.texts.clear()
    observe = "".join(_observe(c, stage, number, prefix, tables, native) for number, stage in stages)
    return Rendering(
        prefix,
        _header(c, prefix),
        body,
        "\n".join(["", *tables.texts]) + observe + host_text(c, prefix),
        tuple(_port(c, name) for name in plan.senders),
        constant_bytes,
        c.bytes,
        "" if native is None else native.prelude,
    )


def unit(renderings: list[Rendering]) -> str:
    """One translation unit of several programs with distinct prefixes, with what their host needs."""
    code = "".join(rendering.body + rendering.host for rendering in renderings)
    preludes = "".join(dict.fromkeys(rendering.prelude for rendering in renderings))
    headers = "".join(rendering.header for rendering in renderings)
    return "#include <stdint.h>\n" + preludes + helpers(code) + headers + code


def _port(c: Context, name: str) -> Port:
    sender, layout = c.plan.senders[name], c.layouts[name]
    recorded = [c.record(stage.update).dtype for stage in c.plan.stages if _records(stage, name)]
    states = recorded[0] if recorded else ""
    return Port(name, c.message(name).dtype, sender.low, sender.high, layout, sender.is_input, states)


def _records(stage: Stage, name: str) -> bool:
    """Whether it is the stage of that node, and has states."""
    return stage.population.name == name and stage.update.before is not None


def _parameters(c: Context, prefix: str) -> str:
    program = c.plan.program
    inputs = [f"const {c.message(node.name).name} *{c.identifiers[node.name]}" for node in program.inputs]
    outputs = [f"{c.message(name).name} *{c.identifiers[name]}" for name in program.outputs]
    return ", ".join([f"{prefix}_context *c", *inputs, *outputs])


def _header(c: Context, prefix: str) -> str:
    guard = f"{prefix.upper()}_H"
    members = "\n".join(f"  {member.declaration}" for member in c.members)
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


def _observe(c: Context, stage: Stage, number: int, prefix: str, tables: Tables, native: NativeProgram | None) -> str:
    """The recording update of a stage."""
    text = None if native is None else native.observe(c, stage, number, prefix, tables)
    return observe_text(c, stage, number, prefix, tables) if text is None else text


def _stage(
    c: Context, stage: Stage, number: int, prefix: str, tables: Tables, kernel: Kernel, native: NativeProgram | None
) -> str:
    """The kernels of a stage, what arrives, and its update."""
    text = None if native is None else native.stage(c, stage, number, prefix, tables)
    if text is not None:
        return text
    arrive = arrive_text(c, stage, number, prefix, tables, kernel)
    return arrive + update_text(c, stage, number, prefix, tables)


def _begin(c: Context, prefix: str) -> str:
    """``<prefix>_begin(c)``: the ring buffers of delayed messages move on by a step."""
    rings = [(f"c->at_{c.identifiers[name]}", sender.slots) for name, sender in c.plan.senders.items()]
    lines = [f"  {at} = {at} + 1 == {slots} ? 0 : {at} + 1;" for at, slots in rings if slots > 1]
    body = "\n".join(lines or ["  (void)c;"])
    return f"\nstatic void {prefix}_begin({prefix}_context *c) {{\n{body}\n}}\n"


def _step(c: Context, prefix: str) -> str:
    program = c.plan.program
    lines = [f"  {prefix}_begin(c);"]
    inputs = [node.name for node in program.inputs]
    lines += [_copy(c.now(name), c.identifiers[name], c.layouts[name], True) for name in inputs]
    for number, stage in enumerate(c.plan.stages):
        lines.append(f"  {prefix}_arrive{number}(c);")
        lines.append(f"  {prefix}_update{number}(c, {c.now(stage.population.name)});")
    lines += [_copy(c.now(name), c.identifiers[name], c.layouts[name], False) for name in program.outputs]
    return f"\nvoid {prefix}_step({_parameters(c, prefix)}) {{\n" + "\n".join(lines) + "\n}\n"


def _copy(stored: str, outside: str, layout: Layout, inward: bool) -> str:
    """Copies messages between a caller's row-major array and the context's, where channels lie last."""
    channels, cells = layout.channels, layout.size // max(layout.channels, 1)
    if layout.trivial:
        inner, outer = f"({stored})[i]", f"{outside}[i]"
        return f"  for (int32_t i = 0; i < {layout.size}; i++) {_assign(inner, outer, inward)};"
    inner, outer = f"({stored})[i * {channels} + k]", f"{outside}[k * {cells} + i]"
    loops = f"for (int32_t k = 0; k < {channels}; k++) for (int32_t i = 0; i < {cells}; i++)"
    return f"  {loops} {_assign(inner, outer, inward)};"


def _assign(inner: str, outer: str, inward: bool) -> str:
    return f"{inner} = {outer}" if inward else f"{outer} = {inner}"
