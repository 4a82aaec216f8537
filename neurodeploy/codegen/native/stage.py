"""A stage in native code: lists of what arrives, then sums and update a few rows at a time.

Two C functions per stage. ``<prefix>_arrive<number>(c)`` lists events or fills maps, and lets portable kernels add.
``<prefix>_update<number>(c, out)`` goes through the population a block of rows at a time: it clears the block's sums,
calls the kernels, and updates the rows. A block that nothing reaches keeps its cleared sums, and no kernel is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurodeploy.codegen.context import SUMS, Context, Member
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import matrix_saturating, relay_bytes
from neurodeploy.codegen.native.dispatch import ONLY_PORTABLE, Dispatch, NativeStage
from neurodeploy.codegen.native.kernel import KernelTask, source_rows
from neurodeploy.codegen.native.kernels import KERNELS, MATRIX, POOL
from neurodeploy.codegen.native.sum_block import ALIGN
from neurodeploy.codegen.native.update import (
    NOINLINE,
    RECORDED,
    RowUpdate,
    record_pointers,
    rest_flags,
    rounds_down,
    row_update,
    sum_pointers,
)
from neurodeploy.codegen.tables import Tables
from neurodeploy.integers import INT32, UINT8, UINT16


def members(stages: Sequence[NativeStage], identifiers: Mapping[str, str], machine: Machine) -> list[Member]:
    """What native stages keep in the context: a block and lists that all share, and flags of rest of their own."""
    shared: list[Member] = []
    for bits, kind in SUMS.items():
        most = max((len(_blocked(n, bits)) * n.block.size for n in stages), default=0)
        shared += [Member(f"block{bits}", kind, most + ALIGN)] if most else []
    events = max((n.events for n in stages), default=0)
    if events:
        shared += [Member("events", UINT16, events), Member("starts", INT32, max(n.starts for n in stages))]
    maps = max((n.maps for n in stages), default=0)
    shared += [Member("map", UINT8, maps)] if maps else []
    choosing = [n for n in stages if any(len(dispatch.kernels) > 1 for dispatch in n.dispatches)]
    shared += [Member("kernel", UINT8, max(len(n.dispatches) for n in choosing))] if choosing else []
    flags = [(identifiers[n.stage.population.name], rest_flags(n, machine)) for n in stages]
    return [*shared, *(Member(f"rest_{name}", UINT8, count) for name, count in flags if count)]


def _blocked(n: NativeStage, bits: int) -> list[str]:
    """The accumulators of that width whose sums lie in the block."""
    return [sums.name for sums in n.stage.arrival.accumulators if sums.bits == bits and n.blocked(sums)]


def native_text(c: Context, n: NativeStage, number: int, prefix: str, tables: Tables, machine: Machine) -> str:
    """The stage's kernels, ``<prefix>_arrive<number>(c)`` and ``<prefix>_update<number>(c, out)``."""
    if n.stage.arrival.deliveries:
        arrive = matrix_saturating.arrive(c, n.stage, number, prefix, tables, machine)
        rows = row_update(c, n, tables, machine, recorded=False)
        return arrive + rows.text + _update(c, n, number, prefix, machine, rows, recorded=False)
    if relay_bytes.applies(n):
        return relay_bytes.relay_text(c, n, number, prefix)
    kernels = "".join(
        KERNELS[kernel].render(KernelTask(dispatch.edge, machine, n.block), _name(prefix, number, k, kernel), tables)
        for k, dispatch in enumerate(n.dispatches)
        for kernel in dispatch.names
    )
    rows = row_update(c, n, tables, machine, recorded=False)
    arrive = _arrive(c, n, number, prefix, machine)
    return kernels + arrive + rows.text + _update(c, n, number, prefix, machine, rows, recorded=False)


def native_observe(c: Context, n: NativeStage, number: int, prefix: str, tables: Tables, machine: Machine) -> str:
    """``<prefix>_observe<number>``: the same update, which also records the states."""
    if n.stage.update.before is None:
        return ""
    rows = row_update(c, n, tables, machine, recorded=True)
    return rows.text + _update(c, n, number, prefix, machine, rows, recorded=True)


def _name(prefix: str, number: int, k: int, kernel: str) -> str:
    """The function of a kernel of the stage's projection ``k``."""
    return f"{prefix}_{kernel}{number}_{k}"


def _sent(c: Context, dispatch: Dispatch) -> str:
    """Where the messages of a projection's source stand, its delay included."""
    return c.past(dispatch.edge.projection.source, dispatch.edge.projection.delay)


def _arrive(c: Context, n: NativeStage, number: int, prefix: str, machine: Machine) -> str:
    """``<prefix>_arrive<number>``: event lists, portable kernels, and the choice between kernels."""
    lines: list[str] = []
    for sums in n.stage.arrival.accumulators:
        if n.full(sums):
            place = c.accumulator(n.stage, sums.name)
            lines.append(f"  nd_clear({place}, {n.stage.population.size * sums.bits // 8});")
    for k, dispatch in enumerate(n.dispatches):
        if dispatch.names == ONLY_PORTABLE:
            place = c.accumulator(n.stage, dispatch.sums.name)
            lines.append(f"  {_name(prefix, number, k, 'portable')}({place}, {_sent(c, dispatch)});")
        elif dispatch.listed:
            rows, length = source_rows(dispatch.edge)
            lines.append(
                f"  nd_rows{dispatch.edge.message.bytes}({_lists(dispatch)}, {_sent(c, dispatch)}, {rows}, {length});"
            )
        elif dispatch.paired:
            (rows, width), channels = dispatch.lists, dispatch.edge.source.shape[0]
            lines.append(f"  nd_pairs({_lists(dispatch)}, {_sent(c, dispatch)}, {rows * width}, {channels});")
        lines += [f"  {line}" for line in _decision(c, dispatch, k, machine)]
    body = "\n".join(lines or ["  (void)c;"])
    return f"\nstatic void {prefix}_arrive{number}({prefix}_context *c) {{\n{body}\n}}\n"


def _lists(dispatch: Dispatch) -> str:
    """C arguments: where a projection's events and their starts stand."""
    return f"c->events + {dispatch.events}, c->starts + {dispatch.starts}"


def _decision(c: Context, dispatch: Dispatch, k: int, machine: Machine) -> list[str]:
    """C statements that choose the kernel for this step by its events, and fill the map of the chosen one."""
    lines: list[str] = []
    if len(dispatch.kernels) > 1:
        taken = " + ".join(f"({dispatch.count} >= {least})" for least, _ in dispatch.kernels[1:])
        lines.append(f"c->kernel[{k}] = (uint8_t)({taken});")
    for rank, kernel in enumerate(dispatch.names):
        fill = _fill(c, dispatch, kernel, machine)
        lines += fill if len(dispatch.kernels) == 1 or not fill else [f"if (c->kernel[{k}] == {rank}) {{", *fill, "}"]
    return lines


def _fill(c: Context, dispatch: Dispatch, kernel: str, machine: Machine) -> list[str]:
    """C statements that make the map of a kernel that reads one."""
    map_ = KERNELS[kernel].map
    if map_ is None:
        return []
    return map_.fill(dispatch.edge, machine, f"c->map + {dispatch.map}", f"({_sent(c, dispatch)})")


def _update(
    c: Context, n: NativeStage, number: int, prefix: str, machine: Machine, row: RowUpdate, recorded: bool
) -> str:
    """``<prefix>_update<number>``, or ``<prefix>_observe<number>``, which also records the states."""
    kind = c.message(n.stage.population.name).name
    records = "".join(f", {pointer}" for pointer in record_pointers(c, n.stage)) if recorded else ""
    name = f"{prefix}_{'observe' if recorded else 'update'}{number}"
    head = f"{NOINLINE if recorded else ''}static void {name}({prefix}_context *c, {kind} *restrict out{records})"
    sums = [_row(c, n, pointer) for pointer, _ in sum_pointers(n)]
    arguments = ", ".join(["out", *(RECORDED if recorded else ()), *sums, *row.arguments, "first + r", "some"])
    mode = rounds_down(n, machine, recorded)
    begin, end = ("  const unsigned mode = nd_round_down();\n", "  _mm_setcsr(mode);\n") if mode else ("", "")
    b = n.block
    return f"""
{head} {{
{begin}  (void)c;
  int some = 1;
  for (int32_t first = 0; first < {b.rows}; first += {b.height}) {{
    const int32_t rows = first + {b.height} < {b.rows} ? {b.height} : {b.rows} - first;
{_block_sums(c, n, number, prefix)}    for (int32_t r = 0; r < rows; r++) {row.name}({arguments});
  }}
{end}}}
"""


def _block_sums(c: Context, n: NativeStage, number: int, prefix: str) -> str:
    """C statements that clear a block where the last one was filled, and fill it where anything reaches it."""
    clears = "".join(f"      {line}\n" for line in _clears(c, n))
    calls = "".join(f"      {line}\n" for line in _calls(c, n, number, prefix))
    return f"    if (some) {{\n{clears}    }}\n    some = {_some(c, n)};\n    if (some) {{\n{calls}    }}\n"


def _base(n: NativeStage, name: str) -> str:
    """The first sum of an accumulator's block, margin included."""
    bits = next(sums.bits for sums in n.stage.arrival.accumulators if sums.name == name)
    place = _blocked(n, bits).index(name) * n.block.size
    return f"c->block{bits}" + (f" + {place}" if place else "")


def _row(c: Context, n: NativeStage, pointer: str) -> str:
    """The first sum of row ``r`` of the block, or of the whole accumulator, as the pointer's name says."""
    name = pointer[2:]
    if pointer.startswith("a_"):
        return f"{_base(n, name)} + {n.block.lead} + r * {n.block.stride}"
    return f"{c.accumulator(n.stage, name)} + (first + r) * {n.block.length}"


def _clears(c: Context, n: NativeStage) -> list[str]:
    """C statements that clear the block's sums."""
    return [
        f"nd_clear({_base(n, sums.name)}, {n.block.size * sums.bits // 8});"
        for sums in n.stage.arrival.accumulators
        if n.blocked(sums)
    ]


def _some(c: Context, n: NativeStage) -> str:
    """C text: whether anything may reach the rows of the block."""
    if any(n.full(sums) for sums in n.stage.arrival.accumulators):
        return "1"
    return " || ".join(_reaches(c, dispatch) for dispatch in n.dispatches) or "0"


def _reaches(c: Context, dispatch: Dispatch) -> str:
    """C text: whether any message of this projection may reach the rows of the block."""
    if dispatch.names == (MATRIX.name,):
        return f"c->starts[{dispatch.starts + 1}] != 0"
    window = dispatch.edge.window
    if dispatch.names == (POOL.name,):
        size = window.kernel[0] * source_rows(dispatch.edge)[1]
        return f"!nd_still({_sent(c, dispatch)} + first * {size}, rows * {size})"
    if not (dispatch.listed or dispatch.paired):
        return "1"
    above, below = window.padding[0], window.kernel[0] - 1 - window.padding[0]
    starts = f"c->starts + {dispatch.starts}"
    return f"nd_reached({starts}, {dispatch.lists[1]}, {window.space[0]}, first - {above}, first + rows + {below})"


def _calls(c: Context, n: NativeStage, number: int, prefix: str) -> list[str]:
    """C statements that call every projection's kernel, the one chosen for this step where there are several."""
    lines: list[str] = []
    for k, dispatch in enumerate(n.dispatches):
        if dispatch.names == ONLY_PORTABLE:
            continue
        calls = [_call(c, n, dispatch, _name(prefix, number, k, kernel), kernel) for kernel in dispatch.names]
        tests = [f"if (c->kernel[{k}] == {rank}) " for rank in range(len(calls) - 1)] + [""]
        lines.append(" else ".join(test + call for test, call in zip(tests, calls, strict=True)))
    return lines


def _call(c: Context, n: NativeStage, dispatch: Dispatch, name: str, kernel: str) -> str:
    """C statement that calls a kernel for the rows of the block."""
    sums = f"{_base(n, dispatch.sums.name)} + {n.block.lead}"
    if KERNELS[kernel].reads == "map":
        return f"{name}({sums}, c->map + {dispatch.map}, first, rows);"
    lists = _lists(dispatch) if dispatch.listed or dispatch.paired else "0, 0"
    return f"{name}({sums}, {_sent(c, dispatch)}, {lists}, first, rows);"
