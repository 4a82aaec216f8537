"""A population's update in vectors: a row of neurons from its sums, and nothing where all are at rest.

``row_update`` renders two C functions: one *cell* is a vector of neurons, and the row function goes through the row a
group of four cells at a time, so that four vectors of 32-bit outputs are packed into one of bytes. Neurons that no
whole group is left for are updated one by one in the portable form. Groups are skipped where their sums are 0 and a
flag says that their states were 0 after the last step.

Populations that differ only in their thresholds, and in where their states stand, share both functions: those things
are parameters (``Parameters``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.context import Context, state_type
from neurodeploy.codegen.expressions import statements
from neurodeploy.codegen.integer_types import literal
from neurodeploy.codegen.machine import AVX512, Machine
from neurodeploy.codegen.native.dispatch import NativeStage
from neurodeploy.codegen.native.expressions import Vectors, truncates, vectors
from neurodeploy.codegen.native.vector_widths import group, lanes
from neurodeploy.codegen.native.weight_runs import NAMELESS, shared
from neurodeploy.codegen.tables import Tables
from neurodeploy.integers import INT32, IntegerType
from neurodeploy.step.neuron import CURRENT, MEMBRANE
from neurodeploy.step.plan import Stage
from neurodeploy.step.value import Value, reachable

GROUPS = 8
"""Groups of neurons that share a flag of rest."""
NOINLINE = "__attribute__((noinline)) "
"""Compiled once, and nothing moves out of it. Not as cold: at -O1 gcc 12 drops calls between cold functions."""
PASSED = "@@"
"""Stands for the arguments that a row function hands on to its cells, until all are known."""
RECORDED = ("seen_u", "seen_v", "seen_before")
"""C names of where the current, the membrane, and the membrane before threshold are recorded."""


def _row_flags(n: NativeStage, machine: Machine) -> int:
    """Flags of rest in a row."""
    return -(-n.block.length // (GROUPS * group(machine)))


def sum_pointers(n: NativeStage) -> list[tuple[str, int]]:
    """C names and bits of the pointers to sums that a row is updated from.

    ``a_<accumulator>`` are sums of the block, ``f_<accumulator>`` those of the whole population.
    """
    pointers: list[tuple[str, int]] = []
    for sums in n.stage.arrival.accumulators:
        pointers += [(f"a_{sums.name}", sums.bits)] if n.blocked(sums) else []
        pointers += [(f"f_{sums.name}", sums.bits)] if n.full(sums) else []
    return pointers


@dataclass
class Parameters:
    """The further parameters of a row function that stages share, and this stage's arguments for them, in order."""

    declared: list[str] = field(default_factory=list[str])
    arguments: list[str] = field(default_factory=list[str])

    def __call__(self, kind: str, argument: str) -> str:
        """The name of the parameter of C type ``kind`` for this argument, a C expression."""
        if argument not in self.arguments:
            self.arguments.append(argument)
            self.declared.append(f"{kind}p{len(self.declared)}")
        return f"p{self.arguments.index(argument)}"

    def number(self, value: int) -> str:
        """The name of a new parameter for a constant: numbers that are equal in one stage may differ in another."""
        self.arguments.append(literal(value, INT32))
        self.declared.append(f"int32_t p{len(self.declared)}")
        return f"p{len(self.arguments) - 1}"

    @property
    def names(self) -> list[str]:
        """Names of all parameters."""
        return [f"p{k}" for k in range(len(self.declared))]


@dataclass(frozen=True)
class RowUpdate:
    """The update of one row.

    ``text``: functions to write; ``name``: the one to call; ``arguments``: what it takes between sums and row number.
    """

    text: str
    name: str
    arguments: tuple[str, ...]


def row_update(c: Context, n: NativeStage, tables: Tables, machine: Machine, recorded: bool) -> RowUpdate:
    """The update of one row from its sums; ``recorded``: it also records the states."""
    parameters, texts = Parameters(), list[str]()
    grouped = n.block.length // group(machine) * group(machine)
    cell = _cell(c, n, parameters, tables, machine, recorded) if grouped else ""
    body = _groups(c, n, parameters, machine, grouped, recorded) if grouped else ""
    body += _single(c, n, parameters, tables, grouped, recorded)
    declared = ", ".join([*_declared(c, n, recorded), *parameters.declared])
    names = [*_names(n, recorded), *parameters.names]
    unused = "".join(f"  (void){name};\n" for name in names)
    if cell:
        head = f"static inline nd_words {NAMELESS}_cell({declared}, int32_t i, int32_t k, nd_words *live)"
        cell = f"\n{head} {{\n{unused}  (void)i;\n  (void)k;\n  (void)live;\n{cell}}}\n"
    head = f"{NOINLINE}static void {NAMELESS}({declared}, int32_t row, int some)"
    start = f"{unused}  (void)some;\n  const int32_t base = row * {n.block.length};\n"
    text = f"{cell}\n{head} {{\n{start}{body.replace(PASSED, ', '.join(names))}}}\n"
    name = shared(tables, texts, text)
    return RowUpdate("".join(texts), name, tuple(parameters.arguments))


def rounds_down(n: NativeStage, machine: Machine, recorded: bool) -> bool:
    """Whether rows are updated under a rounding mode toward zero; AVX-512 rounds in the instruction instead."""
    vector = n.block.length >= group(machine) and machine is not AVX512
    return vector and any(truncates(value) for value in reachable(_roots(n.stage, recorded)))


def _names(n: NativeStage, recorded: bool) -> list[str]:
    return ["out", *(RECORDED if recorded else ()), *(name for name, _ in sum_pointers(n))]


def _declared(c: Context, n: NativeStage, recorded: bool) -> list[str]:
    out = c.message(n.stage.population.name).name
    sums = [f"const uint{bits}_t *restrict {name}" for name, bits in sum_pointers(n)]
    return [f"{out} *restrict out", *(record_pointers(c, n.stage) if recorded else ()), *sums]


def record_pointers(c: Context, stage: Stage) -> list[str]:
    """The parameters for what is recorded, in the order of ``RECORDED``."""
    return [f"{c.record(stage.update).name} *restrict {name}" for name in RECORDED]


def _roots(stage: Stage, recorded: bool) -> list[Value]:
    stored = [stage.update.after[key] for key in stage.update.stored]
    return [stage.update.output, *stored, *_recorded(stage, recorded)]


def _recorded(stage: Stage, recorded: bool) -> list[Value]:
    """The values that are recorded, in the order of ``RECORDED``."""
    if not recorded or stage.update.before is None:
        return []
    return [stage.update.after[CURRENT], stage.update.after[MEMBRANE], stage.update.before]


def _cell(c: Context, n: NativeStage, parameters: Parameters, tables: Tables, machine: Machine, recorded: bool) -> str:
    """The update of one vector of neurons, which returns their output and joins their states in ``live``."""
    stage = n.stage

    def load(value: Value) -> str:
        if value.table is not None:
            table, kind = _table(c, n, parameters, tables, value.table)
            return f"nd_from_{kind.dtype}({table} + i)"
        if value.op == "state":
            return f"nd_from_{state_type(stage, value.name).dtype}({_state(c, n, parameters, value.name)} + i)"
        pointers = [(pointer, bits) for pointer, bits in sum_pointers(n) if pointer[2:] == value.name]
        sums = [f"nd_from_int{bits}({pointer} + k)" for pointer, bits in pointers]
        return sums[0] if len(sums) == 1 else f"nd_joined{pointers[0][1]}({sums[0]}, {sums[1]})"

    computed = vectors(_roots(stage, recorded), load, parameters.number)
    lines = [*computed.lines]
    for key in stage.update.stored:
        after = computed[stage.update.after[key]]
        lines.append(f"nd_to_int{state_type(stage, key).bits}({_state(c, n, parameters, key)} + i, {after});")
        lines.append(f"*live |= {after};")
    records = zip(RECORDED, _recorded(stage, recorded), strict=False)
    lines += [f"nd_to_int{c.record(stage.update).bits}({to} + i, {computed[value]});" for to, value in records]
    lines.append(f"return {_returned(computed, stage)};")
    return "".join(f"  {line}\n" for line in lines)


def _state(c: Context, n: NativeStage, parameters: Parameters, key: str) -> str:
    return parameters(f"{state_type(n.stage, key).name} *restrict ", c.state(n.stage.population.name, key))


def _table(
    c: Context, n: NativeStage, parameters: Parameters, tables: Tables, values: NDArray[np.int64]
) -> tuple[str, IntegerType]:
    table, kind = tables.add(values[c.layouts[n.stage.population.name].order])
    return parameters(f"const {kind.name} *restrict ", table), kind


def _returned(computed: Vectors, stage: Stage) -> str:
    """The output of a cell: its mask where it has one."""
    return computed.mask(stage.update.output) or computed[stage.update.output]


def _groups(c: Context, n: NativeStage, parameters: Parameters, machine: Machine, grouped: int, recorded: bool) -> str:
    """C statements that update the row's first ``grouped`` neurons, and note which groups are at rest."""
    size, width, stage = group(machine), lanes(machine), n.stage
    kind = c.message(stage.population.name)
    cells = [f"{NAMELESS}_cell({PASSED}, base + k + {q * width}, k + {q * width}, &live)" for q in range(4)]
    outputs = "\n".join(f"      const nd_words o{q} = {text};" for q, text in enumerate(cells))
    store = _store(kind.dtype, kind.bits, _is_mask(n), width)
    flag = _flag(c, n, parameters, machine) if n.rests and stage.update.stored else ""
    still = _still(c, n, parameters, machine, grouped * kind.bytes) if flag and not recorded else ""
    return f"""{still}  for (int32_t from = 0; from < {grouped}; from += {GROUPS * size}) {{
    const int32_t end = from + {GROUPS * size} < {grouped} ? from + {GROUPS * size} : {grouped};
    nd_words live = {{0}};
{_skip(n, flag, kind.bytes) if n.rests and not recorded else ""}    for (int32_t k = from; k < end; k += {size}) {{
{outputs}
      {store}
    }}
    {f"{flag} = !nd_any(live);" if flag else "(void)live;"}
  }}
"""


def _flags(c: Context, n: NativeStage, parameters: Parameters) -> str:
    return parameters("uint8_t *restrict ", f"c->rest_{c.identifiers[n.stage.population.name]}")


def _flag(c: Context, n: NativeStage, parameters: Parameters, machine: Machine) -> str:
    return f"{_flags(c, n, parameters)}[row * {_row_flags(n, machine)} + from / {GROUPS * group(machine)}]"


def _skip(n: NativeStage, flag: str, size: int) -> str:
    """C statements that clear the outputs of groups at rest and go on to the next ones."""
    silent = " && ".join(f"nd_silent({name} + from, (end - from) * {bits // 8})" for name, bits in sum_pointers(n))
    tests = [*([flag] if flag else []), *([f"(!some || ({silent}))"] if silent else [])]
    clear = f"nd_clear(out + base + from, (end - from) * {size});"
    return f"    if ({' && '.join(tests or ['1'])}) {{\n      {clear}\n      continue;\n    }}\n"


def _still(c: Context, n: NativeStage, parameters: Parameters, machine: Machine, size: int) -> str:
    """C statements that clear a row that nothing reaches and that is all at rest, as most are in a silent network."""
    if n.block.length % group(machine):
        return ""
    count = _row_flags(n, machine)
    return f"""  if (!some && nd_resting({_flags(c, n, parameters)} + row * {count}, {count})) {{
    nd_clear(out + base, {size});
    return;
  }}
"""


def _is_mask(n: NativeStage) -> bool:
    """Whether cells return their output as a mask."""
    return vectors([n.stage.update.output], lambda value: "x").mask(n.stage.update.output) is not None


def _store(dtype: str, bits: int, masked: bool, width: int) -> str:
    """C statements that store the outputs ``o0 .. o3`` of a group."""
    if masked and bits == 8:
        return "nd_pack_spikes(out + base + k, o0, o1, o2, o3);"
    if dtype == "uint8":
        return "nd_pack_bytes(out + base + k, o0, o1, o2, o3);"
    spike = " & 1" if masked else ""
    return " ".join(f"nd_to_int{bits}(out + base + k + {q * width}, o{q}{spike});" for q in range(4))


def _single(c: Context, n: NativeStage, parameters: Parameters, tables: Tables, grouped: int, recorded: bool) -> str:
    """C statements that update the neurons that no whole group is left for, one by one, in the portable form."""
    if grouped == n.block.length:
        return ""
    stage = n.stage

    def load(value: Value) -> str:
        if value.table is not None:
            return f"{_table(c, n, parameters, tables, value.table)[0]}[i]"
        if value.op == "state":
            return f"{_state(c, n, parameters, value.name)}[i]"
        pointers = [(pointer, bits) for pointer, bits in sum_pointers(n) if pointer[2:] == value.name]
        bits, total = pointers[0][1], " + ".join(f"{pointer}[k]" for pointer, _ in pointers)
        return f"nd_i{bits}((uint{bits}_t)({total}))"

    computed = statements(_roots(stage, recorded), load, {})
    states = [
        f"{_state(c, n, parameters, key)}[i] = ({state_type(stage, key).name}){computed[stage.update.after[key]]};"
        for key in stage.update.stored
    ]
    output = f"out[i] = ({c.message(stage.population.name).name}){computed[stage.update.output]};"
    shown = zip(RECORDED, _recorded(stage, recorded), strict=False)
    records = [f"{to}[i] = ({c.record(stage.update).name}){computed[value]};" for to, value in shown]
    text = "".join(f"    {line}\n" for line in (*computed.lines, *states, output, *records))
    start = f"  for (int32_t k = {grouped}; k < {n.block.length}; k++) {{\n    const int32_t i = base + k;\n"
    return f"{start}{text}  }}\n"


def rest_flags(n: NativeStage, machine: Machine) -> int:
    """Flags of rest of a whole population; 0 where it cannot rest, or has no states."""
    flagged = n.block.length >= group(machine) and bool(n.stage.update.stored) and n.rests
    return n.block.rows * _row_flags(n, machine) if flagged else 0
