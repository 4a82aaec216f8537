"""A population's update and its reset in C."""

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
    """``<prefix>_update<number>(c, out)``: one step of all its neurons from what its accumulators hold."""
    name, kind = stage.population.name, c.message(stage.population.name).name
    head = f"static void {prefix}_update{number}({prefix}_context *c, {kind} *restrict out)"
    roots = [stage.update.output, *(stage.update.after[key] for key in stage.update.stored)]
    made = _statements(c, stage, tables, roots)
    return _loop(head, c.layouts[name].size, [*made.lines, *_stores(c, stage, made)])


def observe_text(c: Context, stage: Stage, number: int, prefix: str, tables: Tables) -> str:
    """The same update, which also records current, membrane, and membrane before threshold."""
    if stage.update.before is None:
        return ""
    name, kind = stage.population.name, c.message(stage.population.name).name
    head = (
        f"static void {prefix}_observe{number}({prefix}_context *c, {kind} *restrict out,\n"
        "    int64_t *restrict seen_u, int64_t *restrict seen_v, int64_t *restrict seen_before)"
    )
    shown = (stage.update.after[CURRENT], stage.update.after[MEMBRANE], stage.update.before)
    roots = [stage.update.output, *(stage.update.after[key] for key in stage.update.stored), *shown]
    made = _statements(c, stage, tables, roots)
    records = [f"seen_{to}[i] = {made[value]};" for to, value in zip(("u", "v", "before"), shown, strict=True)]
    return _loop(head, c.layouts[name].size, [*made.lines, *_stores(c, stage, made), *records])


def reset_text(c: Context, prefix: str, tables: Tables, further: Sequence[str] = ()) -> str:
    """``<prefix>_reset(c)``: silence in every delay, the initial states, and ``further`` lines."""
    lines: list[str] = [*further]
    for name, sender in c.plan.senders.items():
        own, size = c.identifiers[name], c.layouts[name].size * sender.slots
        lines.append(f"  for (int32_t i = 0; i < {size}; i++) c->sent_{own}[i] = 0;")
        if sender.slots > 1:
            lines.append(f"  c->at_{own} = 0;")
    for stage in c.plan.stages:
        name = stage.population.name
        for key in stage.update.stored:
            start = _start(c, stage, key, tables)
            lines.append(f"  for (int32_t i = 0; i < {c.layouts[name].size}; i++) {c.state(name, key)}[i] = {start};")
    return f"\nvoid {prefix}_reset({prefix}_context *c) {{\n" + "\n".join(lines) + "\n}\n"


def _start(c: Context, stage: Stage, key: str, tables: Tables) -> str:
    value = stage.update.start[key]
    if value.table is None:
        return literal(value.low, state_type(stage, key))
    return f"{tables.add(value.table[c.layouts[stage.population.name].order])[0]}[i]"


def _statements(c: Context, stage: Stage, tables: Tables, roots: Sequence[Value]) -> Statements:
    name = stage.population.name

    def load(value: Value) -> str:
        if value.table is not None:
            return f"{tables.add(value.table[c.layouts[name].order])[0]}[i]"
        if value.op == "state":
            return f"{c.state(name, value.name)}[i]"
        bits = next(each.bits for each in stage.arrival.accumulators if each.name == value.name)
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


def _stores(c: Context, stage: Stage, made: Statements) -> list[str]:
    name = stage.population.name
    stored = [
        f"{c.state(name, key)}[i] = ({state_type(stage, key).name}){made[stage.update.after[key]]};"
        for key in stage.update.stored
    ]
    return [*stored, f"out[i] = ({c.message(name).name}){made[stage.update.output]};"]


def _loop(head: str, size: int, lines: Sequence[str]) -> str:
    unused = [] if any("c->" in line for line in lines) else ["  (void)c;\n"]
    body = "".join(f"    {line}\n" for line in lines)
    return f"\n{head} {{\n{''.join(unused)}  for (int32_t i = 0; i < {size}; i++) {{\n{body}  }}\n}}\n"
