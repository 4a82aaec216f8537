"""A population's part of a step in native code: lists of what arrives, then sums and update a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from neurodeploy.codegen.context import SUMS, Context, Member
from neurodeploy.codegen.kernels import kernel as portable
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import dense as products
from neurodeploy.codegen.native import direct, saturating
from neurodeploy.codegen.native import table as picking
from neurodeploy.codegen.native.block import ALIGN
from neurodeploy.codegen.native.choice import PORTABLE, Choice, Native
from neurodeploy.codegen.native.columns import columns
from neurodeploy.codegen.native.cost import MAPS
from neurodeploy.codegen.native.matrix import matrix
from neurodeploy.codegen.native.pairs import pairs
from neurodeploy.codegen.native.part import Part, source_rows
from neurodeploy.codegen.native.pool import pool
from neurodeploy.codegen.native.scatter import scatter
from neurodeploy.codegen.native.update import APART, SEEN, Rows, cuts, flags, sums_of, update_rows
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.types import INT32, UINT8, UINT16
from neurodeploy.codegen.window import window_of

KERNELS: Mapping[str, Callable[[Part, str, Tables], str]] = {
    "portable": lambda part, name, tables: portable(part.edge, name, tables),
    "scatter": scatter,
    "pairs": pairs,
    "table": picking.table,
    "dense": products.dense,
    "columns": columns,
    "matrix": matrix,
    "pool": pool,
}


def members(found: Sequence[Native], identifiers: Mapping[str, str], machine: Machine) -> list[Member]:
    """What native stages keep in the context: a block and lists that they share, and resting flags of their own."""
    made: list[Member] = []
    for bits, kind in SUMS.items():
        most = max((len(_blocked(n, bits)) * n.block.size for n in found), default=0)
        made += [Member(f"block{bits}", kind, most + ALIGN)] if most else []
    events = max((n.events for n in found), default=0)
    made += [Member("events", UINT16, events), Member("starts", INT32, max(n.starts for n in found))] if events else []
    maps = max((n.maps for n in found), default=0)
    deciding = max((len(n.choices) for n in found if any(len(each.kernels) > 1 for each in n.choices)), default=0)
    made += [Member("map", UINT8, maps)] if maps else []
    made += [Member("kernel", UINT8, deciding)] if deciding else []
    for n in found:
        count = flags(n, machine)
        made += [Member(f"rest_{identifiers[n.stage.population.name]}", UINT8, count)] if count else []
    return made


def _blocked(n: Native, bits: int) -> list[str]:
    return [each.name for each in n.stage.arrival.accumulators if each.bits == bits and n.blocked(each)]


def native_text(c: Context, n: Native, number: int, prefix: str, tables: Tables, machine: Machine) -> str:
    """Kernels, ``<prefix>_arrive<number>(c)`` and ``<prefix>_update<number>(c, out)``."""
    if n.stage.arrival.deliveries:
        arrive = saturating.arrive(c, n.stage, number, prefix, tables, machine)
        rows = update_rows(c, n, tables, machine, seen=False)
        return arrive + rows.text + _update(c, n, number, prefix, machine, rows, seen=False)
    if direct.applies(n):
        return direct.text(c, n, number, prefix)
    kernels = "".join(
        KERNELS[kernel](Part(each.edge, machine, n.block), _name(prefix, number, k, kernel), tables)
        for k, each in enumerate(n.choices)
        for kernel in each.names
    )
    rows = update_rows(c, n, tables, machine, seen=False)
    arrive = _arrive(c, n, number, prefix, machine)
    return kernels + arrive + rows.text + _update(c, n, number, prefix, machine, rows, seen=False)


def native_observe(c: Context, n: Native, number: int, prefix: str, tables: Tables, machine: Machine) -> str:
    """``<prefix>_observe<number>``: the same update, which also records the states."""
    if n.stage.update.before is None:
        return ""
    rows = update_rows(c, n, tables, machine, seen=True)
    return rows.text + _update(c, n, number, prefix, machine, rows, seen=True)


def _name(prefix: str, number: int, k: int, kernel: str) -> str:
    return f"{prefix}_{kernel}{number}_{k}"


def _sent(c: Context, each: Choice) -> str:
    return c.past(each.edge.projection.source, each.edge.projection.delay)


def _arrive(c: Context, n: Native, number: int, prefix: str, machine: Machine) -> str:
    lines: list[str] = []
    for each in n.stage.arrival.accumulators:
        if n.full(each):
            place = c.accumulator(n.stage, each.name)
            lines.append(f"  nd_clear({place}, {n.stage.population.size * each.bits // 8});")
    for k, each in enumerate(n.choices):
        if each.names == PORTABLE:
            place = c.accumulator(n.stage, each.sums.name)
            lines.append(f"  {_name(prefix, number, k, 'portable')}({place}, {_sent(c, each)});")
        elif each.listed:
            rows, length = source_rows(each.edge)
            lines.append(f"  nd_rows{each.edge.message.bytes}({_lists(each)}, {_sent(c, each)}, {rows}, {length});")
        elif each.paired:
            (rows, width), channels = each.lists, each.edge.source.shape[0]
            lines.append(f"  nd_pairs({_lists(each)}, {_sent(c, each)}, {rows * width}, {channels});")
        lines += [f"  {line}" for line in _decided(c, each, k, machine)]
    body = "\n".join(lines or ["  (void)c;"])
    return f"\nstatic void {prefix}_arrive{number}({prefix}_context *c) {{\n{body}\n}}\n"


def _lists(each: Choice) -> str:
    return f"c->events + {each.events}, c->starts + {each.starts}"


def _decided(c: Context, each: Choice, k: int, machine: Machine) -> list[str]:
    """The decision for this step, and what the kernel that is taken needs prepared."""
    lines: list[str] = []
    if len(each.kernels) > 1:
        taken = " + ".join(f"({each.count} >= {least})" for least, _ in each.kernels[1:])
        lines.append(f"c->kernel[{k}] = (uint8_t)({taken});")
    for rank, kernel in enumerate(each.names):
        made = _prepared(c, each, kernel, machine)
        lines += made if len(each.kernels) == 1 or not made else [f"if (c->kernel[{k}] == {rank}) {{", *made, "}"]
    return lines


def _prepared(c: Context, each: Choice, kernel: str, machine: Machine) -> list[str]:
    to, sent = f"c->map + {each.map}", f"({_sent(c, each)})"
    if kernel == "dense":
        return products.fill(each.edge, to, sent)
    if kernel == "table":
        return picking.fill(each.edge, machine, to, sent)
    return []


def _update(c: Context, n: Native, number: int, prefix: str, machine: Machine, row: Rows, seen: bool) -> str:
    kind = c.message(n.stage.population.name).name
    looks = "".join(f", int64_t *restrict {each}" for each in SEEN) if seen else ""
    name = f"{prefix}_{'observe' if seen else 'update'}{number}"
    head = f"{APART if seen else ''}static void {name}({prefix}_context *c, {kind} *restrict out{looks})"
    sums = [_row(c, n, name) for name, _ in sums_of(n)]
    given = ", ".join(["out", *(SEEN if seen else ()), *sums, *row.arguments, "first + r", "some"])
    b = n.block
    clears, calls = (
        "".join(f"      {line}\n" for line in lines) for lines in (_clears(c, n), _calls(c, n, number, prefix))
    )
    made = f"    if (some) {{\n{clears}    }}\n    some = {_some(c, n)};\n    if (some) {{\n{calls}    }}\n"
    mode = cuts(n, machine, seen)
    begin, end = ("  const unsigned mode = nd_round_down();\n", "  _mm_setcsr(mode);\n") if mode else ("", "")
    return f"""
{head} {{
{begin}  (void)c;
  int some = 1;
  for (int32_t first = 0; first < {b.rows}; first += {b.height}) {{
    const int32_t rows = first + {b.height} < {b.rows} ? {b.height} : {b.rows} - first;
{made}    for (int32_t r = 0; r < rows; r++) {row.name}({given});
  }}
{end}}}
"""


def _base(n: Native, name: str) -> str:
    """The first sum of an accumulator's block, margin included."""
    bits = next(each.bits for each in n.stage.arrival.accumulators if each.name == name)
    place = _blocked(n, bits).index(name) * n.block.size
    return f"c->block{bits}" + (f" + {place}" if place else "")


def _row(c: Context, n: Native, pointer: str) -> str:
    name = pointer[2:]
    if pointer.startswith("a_"):
        return f"{_base(n, name)} + {n.block.lead} + r * {n.block.stride}"
    return f"{c.accumulator(n.stage, name)} + (first + r) * {n.block.length}"


def _clears(c: Context, n: Native) -> list[str]:
    return [
        f"nd_clear({_base(n, each.name)}, {n.block.size * each.bits // 8});"
        for each in n.stage.arrival.accumulators
        if n.blocked(each)
    ]


def _some(c: Context, n: Native) -> str:
    """Whether anything may reach these rows; where nothing does, their sums stay as they were cleared."""
    if any(n.full(each) for each in n.stage.arrival.accumulators):
        return "1"
    return " || ".join(_reaches(c, each) for each in n.choices) or "0"


def _reaches(c: Context, each: Choice) -> str:
    if each.names == ("matrix",):
        return f"c->starts[{each.starts + 1}] != 0"
    window = window_of(each.edge.projection, each.edge.source.shape)
    if each.names == ("pool",):
        size = window.kernel[0] * source_rows(each.edge)[1]
        return f"!nd_still({_sent(c, each)} + first * {size}, rows * {size})"
    if not (each.listed or each.paired):
        return "1"
    above, below = window.padding[0], window.kernel[0] - 1 - window.padding[0]
    starts = f"c->starts + {each.starts}"
    return f"nd_reached({starts}, {each.lists[1]}, {window.space[0]}, first - {above}, first + rows + {below})"


def _calls(c: Context, n: Native, number: int, prefix: str) -> list[str]:
    lines: list[str] = []
    for k, each in enumerate(n.choices):
        if each.names == PORTABLE:
            continue
        calls = [_call(c, n, each, _name(prefix, number, k, kernel), kernel) for kernel in each.names]
        tests = [f"if (c->kernel[{k}] == {rank}) " for rank in range(len(calls) - 1)] + [""]
        lines.append(" else ".join(test + call for test, call in zip(tests, calls, strict=True)))
    return lines


def _call(c: Context, n: Native, each: Choice, name: str, kernel: str) -> str:
    sums = f"{_base(n, each.sums.name)} + {n.block.lead}"
    if kernel in MAPS:
        return f"{name}({sums}, c->map + {each.map}, first, rows);"
    return f"{name}({sums}, {_sent(c, each)}, {_lists(each) if each.listed or each.paired else '0, 0'}, first, rows);"
