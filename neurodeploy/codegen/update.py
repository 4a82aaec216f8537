"""A population's update and reset in portable C: one loop over its neurons."""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.codegen.context import Context, state_type
from neurodeploy.codegen.expressions import Statements, statements
from neurodeploy.codegen.integer_types import literal
from neurodeploy.codegen.tables import Tables
from neurodeploy.step.neuron import CURRENT, FIRED, MEMBRANE
from neurodeploy.step.plan import Stage
from neurodeploy.step.value import Value


def update_text(c: Context, stage: Stage, number: int, prefix: str, tables: Tables) -> str:
    """The function ``<prefix>_update<number>(c, out)``: one step of all neurons from what the accumulators hold."""
    name, kind = stage.population.name, c.message(stage.population.name).name
    head = f"static void {prefix}_update{number}({prefix}_context *c, {kind} *restrict out)"
    roots = [stage.update.output, *(stage.update.after[key] for key in stage.update.stored)]
    values = _statements(c, stage, tables, roots)
    return _loop(head, c.layouts[name].size, [*values.lines, *_stores(c, stage, values)])


def observe_text(c: Context, stage: Stage, number: int, prefix: str, tables: Tables) -> str:
    """The function ``<prefix>_observe<number>``: the same update, which also records current and membrane.

    The membrane is recorded twice: after the step, and before it is compared with the threshold. Empty for a relay.
    """
    if stage.update.before is None:
        return ""
    record = c.record(stage.update)
    name, kind = stage.population.name, c.message(stage.population.name).name
    seen = ", ".join(f"{record.name} *restrict seen_{to}" for to in ("u", "v", "before"))
    head = f"static void {prefix}_observe{number}({prefix}_context *c, {kind} *restrict out,\n    {seen})"
    shown = (stage.update.after[CURRENT], stage.update.after[MEMBRANE], stage.update.before)
    roots = [stage.update.output, *(stage.update.after[key] for key in stage.update.stored), *shown]
    values = _statements(c, stage, tables, roots)
    pairs = zip(("u", "v", "before"), shown, strict=True)
    records = [f"seen_{to}[i] = ({record.name}){values[value]};" for to, value in pairs]
    return _loop(head, c.layouts[name].size, [*values.lines, *_stores(c, stage, values), *records])


def reset_text(c: Context, prefix: str, tables: Tables, further: Sequence[str] = ()) -> str:
    """The function ``<prefix>_reset(c)``: messages of 0, the initial states, and the C lines in ``further``."""
    lines: list[str] = [*further]
    for name, sender in c.plan.senders.items():
        identifier, size = c.identifiers[name], c.layouts[name].size * sender.slots
        lines.append(f"  for (int32_t i = 0; i < {size}; i++) c->sent_{identifier}[i] = 0;")
        if sender.slots > 1:
            lines.append(f"  c->at_{identifier} = 0;")
    for stage in c.plan.stages:
        name = stage.population.name
        for key in stage.update.stored:
            start = _start(c, stage, key, tables)
            lines.append(f"  for (int32_t i = 0; i < {c.layouts[name].size}; i++) {c.state(name, key)}[i] = {start};")
    return f"\nvoid {prefix}_reset({prefix}_context *c) {{\n" + "\n".join(lines) + "\n}\n"


def _start(c: Context, stage: Stage, key: str, tables: Tables) -> str:
    """C text of the initial state of neuron ``i``."""
    value = stage.update.start[key]
    if value.table is None:
        return literal(value.low, state_type(stage, key))
    return f"{tables.add(value.table[c.layouts[stage.population.name].order])[0]}[i]"


def _statements(c: Context, stage: Stage, tables: Tables, roots: Sequence[Value]) -> Statements:
    """C declarations of the roots for neuron ``i``, states and output under their names."""
    name = stage.population.name

    def load(value: Value) -> str:
        if value.table is not None:
            return f"{tables.add(value.table[c.layouts[name].order])[0]}[i]"
        if value.op == "state":
            return f"{c.state(name, value.name)}[i]"
        bits = next(sums.bits for sums in stage.arrival.accumulators if sums.name == value.name)
        return f"nd_i{bits}(({c.accumulator(stage, value.name)})[i])"

    after = stage.update.after
    named = [
        ("current", after.get(CURRENT)),
        ("membrane", after.get(MEMBRANE)),
        ("fired", after.get(FIRED)),
        ("before", stage.update.before),
        ("output", stage.update.output),
    ]
    roles: dict[int, str] = {}
    for role, value in named:
        if value is not None:
            roles.setdefault(id(value), role)
    return statements(roots, load, roles)


def _stores(c: Context, stage: Stage, values: Statements) -> list[str]:
    name = stage.population.name
    stored = [
        f"{c.state(name, key)}[i] = ({state_type(stage, key).name}){values[stage.update.after[key]]};"
        for key in stage.update.stored
    ]
    return [*stored, f"out[i] = ({c.message(name).name}){values[stage.update.output]};"]


def _loop(head: str, size: int, lines: Sequence[str]) -> str:
    unused = [] if any("c->" in line for line in lines) else ["  (void)c;\n"]
    body = "".join(f"    {line}\n" for line in lines)
    return f"\n{head} {{\n{''.join(unused)}  for (int32_t i = 0; i < {size}; i++) {{\n{body}  }}\n}}\n"
