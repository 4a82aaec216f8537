"""A population's update in vectors: a group of neurons at a time, and nothing where all is silent and stays so."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.context import Context, state_type
from neurodeploy.codegen.expressions import statements
from neurodeploy.codegen.machine import AVX512, Machine
from neurodeploy.codegen.native.choice import Native
from neurodeploy.codegen.native.expressions import Vectors, cut, vectors
from neurodeploy.codegen.native.part import NAMELESS, shared
from neurodeploy.codegen.native.vectors import group, lanes
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.types import INT32, CType, literal
from neurodeploy.step.neuron import CURRENT, MEMBRANE
from neurodeploy.step.plan import Stage
from neurodeploy.step.value import Value, reachable

GROUPS = 8
"""Groups of neurons whose rest is noted together."""
APART = "__attribute__((noinline)) "
"""Compiled once, and nothing moves out of it. Not as cold: at -O1 gcc 12 drops calls between cold functions."""
PASSED = "@@"
"""Stands for all that a row hands on, until that is known."""
SEEN = ("seen_u", "seen_v", "seen_before")


def rest_flags(n: Native, machine: Machine) -> int:
    """Flags per row."""
    return -(-n.block.length // (GROUPS * group(machine)))


def sums_of(n: Native) -> list[tuple[str, int]]:
    """Names and bits of the pointers to sums that a row is updated from."""
    found: list[tuple[str, int]] = []
    for each in n.stage.arrival.accumulators:
        found += [(f"a_{each.name}", each.bits)] if n.blocked(each) else []
        found += [(f"f_{each.name}", each.bits)] if n.full(each) else []
    return found


@dataclass
class Given:
    """What a function that stages share is given: what it names by parameter, in the order it first asked for it."""

    parameters: list[str] = field(default_factory=list[str])
    arguments: list[str] = field(default_factory=list[str])

    def __call__(self, kind: str, argument: str) -> str:
        """The parameter for this argument, an expression in C."""
        if argument not in self.arguments:
            self.arguments.append(argument)
            self.parameters.append(f"{kind}p{len(self.parameters)}")
        return f"p{self.arguments.index(argument)}"

    def number(self, value: int) -> str:
        """A parameter of its own: numbers that are equal here may differ elsewhere."""
        self.arguments.append(literal(value, INT32))
        self.parameters.append(f"int32_t p{len(self.parameters)}")
        return f"p{len(self.arguments) - 1}"

    @property
    def names(self) -> list[str]:
        """The parameters."""
        return [f"p{k}" for k in range(len(self.parameters))]


@dataclass(frozen=True)
class Rows:
    """The update of one row: functions to write, the one to call, and what it is given beside sums and row."""

    text: str
    name: str
    arguments: tuple[str, ...]


def update_rows(c: Context, n: Native, tables: Tables, machine: Machine, seen: bool) -> Rows:
    """The update of one row from its sums, which also records its states if ``seen``.

    Populations that differ in their thresholds, and in where their states stand, share it.
    """
    given, texts = Given(), list[str]()
    whole = n.block.length // group(machine) * group(machine)
    cell = _cell(c, n, given, tables, machine, seen) if whole else ""
    body = (_groups(c, n, given, machine, whole, seen) if whole else "") + _rest(c, n, given, tables, whole, seen)
    parameters = ", ".join([*_parameters(c, n, seen), *given.parameters])
    unused = "".join(f"  (void){name};\n" for name in [*_names(n, seen), *given.names])
    passed = ", ".join([*_names(n, seen), *given.names])
    if cell:
        head = f"static inline nd_words {NAMELESS}_cell({parameters}, int32_t i, int32_t k, nd_words *live)"
        cell = f"\n{head} {{\n{unused}  (void)i;\n  (void)k;\n  (void)live;\n{cell}}}\n"
    head = f"{APART}static void {NAMELESS}({parameters}, int32_t row, int some)"
    start = f"{unused}  (void)some;\n  const int32_t base = row * {n.block.length};\n"
    text = f"{cell}\n{head} {{\n{start}{body.replace(PASSED, passed)}}}\n"
    name = shared(tables, texts, text)
    return Rows("".join(texts), name, tuple(given.arguments))


def cuts(n: Native, machine: Machine, seen: bool) -> bool:
    """Whether rows are updated under a rounding mode toward zero, as functions that nothing moves out of."""
    vector = n.block.length >= group(machine) and machine is not AVX512
    return vector and any(cut(value) for value in reachable(_roots(n.stage, seen)))


def _names(n: Native, seen: bool) -> list[str]:
    return ["out", *(SEEN if seen else ()), *(name for name, _ in sums_of(n))]


def _parameters(c: Context, n: Native, seen: bool) -> list[str]:
    out = c.message(n.stage.population.name).name
    sums = [f"const uint{bits}_t *restrict {name}" for name, bits in sums_of(n)]
    return [f"{out} *restrict out", *(f"int64_t *restrict {each}" for each in SEEN if seen), *sums]


def _roots(stage: Stage, seen: bool) -> list[Value]:
    stored = [stage.update.after[key] for key in stage.update.stored]
    return [stage.update.output, *stored, *_shown(stage, seen)]


def _shown(stage: Stage, seen: bool) -> list[Value]:
    if not seen or stage.update.before is None:
        return []
    return [stage.update.after[CURRENT], stage.update.after[MEMBRANE], stage.update.before]


def _cell(c: Context, n: Native, given: Given, tables: Tables, machine: Machine, seen: bool) -> str:
    """The update of one vector of neurons, which returns their output and joins their states in ``live``."""
    stage = n.stage

    def load(value: Value) -> str:
        if value.table is not None:
            table, kind = _table(c, n, given, tables, value.table)
            return f"nd_from_{kind.dtype}({table} + i)"
        if value.op == "state":
            return f"nd_from_{state_type(stage, value.name).dtype}({_state(c, n, given, value.name)} + i)"
        parts = [
            (f"nd_from_int{bits}({pointer} + k)", bits) for pointer, bits in sums_of(n) if pointer[2:] == value.name
        ]
        return parts[0][0] if len(parts) == 1 else f"nd_joined{parts[0][1]}({parts[0][0]}, {parts[1][0]})"

    made = vectors(_roots(stage, seen), load, given.number)
    lines = [*made.lines]
    for key in stage.update.stored:
        after = made[stage.update.after[key]]
        lines.append(f"nd_to_int{state_type(stage, key).bits}({_state(c, n, given, key)} + i, {after});")
        lines.append(f"*live |= {after};")
    lines += [f"nd_to_int64({to} + i, {made[v]});" for to, v in zip(SEEN, _shown(stage, seen), strict=False)]
    lines.append(f"return {_returned(made, stage)};")
    return "".join(f"  {line}\n" for line in lines)


def _state(c: Context, n: Native, given: Given, key: str) -> str:
    return given(f"{state_type(n.stage, key).name} *restrict ", c.state(n.stage.population.name, key))


def _table(c: Context, n: Native, given: Given, tables: Tables, values: NDArray[np.int64]) -> tuple[str, CType]:
    table, kind = tables.add(values[c.layouts[n.stage.population.name].order])
    return given(f"const {kind.name} *restrict ", table), kind


def _returned(made: Vectors, stage: Stage) -> str:
    return made.mask(stage.update.output) or made[stage.update.output]


def _groups(c: Context, n: Native, given: Given, machine: Machine, whole: int, seen: bool) -> str:
    size, width, stage = group(machine), lanes(machine), n.stage
    kind = c.message(stage.population.name)
    cells = [f"{NAMELESS}_cell({PASSED}, base + k + {q * width}, k + {q * width}, &live)" for q in range(4)]
    made = "\n".join(f"      const nd_words o{q} = {text};" for q, text in enumerate(cells))
    masked = _is_mask(c, n)
    store = _store(kind.dtype, kind.bits, masked, width)
    flag = _flag(c, n, given, machine) if n.rests and stage.update.stored else ""
    still = _still(c, n, given, machine, whole * kind.bytes) if flag and not seen else ""
    return f"""{still}  for (int32_t from = 0; from < {whole}; from += {GROUPS * size}) {{
    const int32_t end = from + {GROUPS * size} < {whole} ? from + {GROUPS * size} : {whole};
    nd_words live = {{0}};
{_skip(n, flag, kind.bytes) if n.rests and not seen else ""}    for (int32_t k = from; k < end; k += {size}) {{
{made}
      {store}
    }}
    {f"{flag} = !nd_any(live);" if flag else "(void)live;"}
  }}
"""


def _flags(c: Context, n: Native, given: Given) -> str:
    return given("uint8_t *restrict ", f"c->rest_{c.identifiers[n.stage.population.name]}")


def _flag(c: Context, n: Native, given: Given, machine: Machine) -> str:
    return f"{_flags(c, n, given)}[row * {rest_flags(n, machine)} + from / {GROUPS * group(machine)}]"


def _skip(n: Native, flag: str, size: int) -> str:
    silent = " && ".join(f"nd_silent({name} + from, (end - from) * {bits // 8})" for name, bits in sums_of(n))
    tests = [*([flag] if flag else []), *([f"(!some || ({silent}))"] if silent else [])]
    clear = f"nd_clear(out + base + from, (end - from) * {size});"
    return f"    if ({' && '.join(tests or ['1'])}) {{\n      {clear}\n      continue;\n    }}\n"


def _still(c: Context, n: Native, given: Given, machine: Machine, size: int) -> str:
    """Nothing reaches the row, and all its neurons rest: what most rows of a silent network are."""
    if n.block.length % group(machine):
        return ""
    count = rest_flags(n, machine)
    return f"""  if (!some && nd_resting({_flags(c, n, given)} + row * {count}, {count})) {{
    nd_clear(out + base, {size});
    return;
  }}
"""


def _is_mask(c: Context, n: Native) -> bool:
    made = vectors([n.stage.update.output], lambda value: "x")
    return made.mask(n.stage.update.output) is not None


def _store(dtype: str, bits: int, masked: bool, width: int) -> str:
    if masked and bits == 8:
        return "nd_pack_spikes(out + base + k, o0, o1, o2, o3);"
    if dtype == "uint8":
        return "nd_pack_bytes(out + base + k, o0, o1, o2, o3);"
    one = " & 1" if masked else ""
    return " ".join(f"nd_to_int{bits}(out + base + k + {q * width}, o{q}{one});" for q in range(4))


def _rest(c: Context, n: Native, given: Given, tables: Tables, whole: int, seen: bool) -> str:
    """The neurons that no whole group is left for, one by one, in the portable form."""
    if whole == n.block.length:
        return ""
    stage, own = n.stage, n.stage.population.name

    def load(value: Value) -> str:
        if value.table is not None:
            return f"{_table(c, n, given, tables, value.table)[0]}[i]"
        if value.op == "state":
            return f"{_state(c, n, given, value.name)}[i]"
        bits = next(bits for pointer, bits in sums_of(n) if pointer[2:] == value.name)
        total = " + ".join(f"{pointer}[k]" for pointer, _ in sums_of(n) if pointer[2:] == value.name)
        return f"nd_i{bits}((uint{bits}_t)({total}))"

    made = statements(_roots(stage, seen), load, {})
    lines = [
        *made.lines,
        *(
            f"{_state(c, n, given, key)}[i] = ({state_type(stage, key).name}){made[stage.update.after[key]]};"
            for key in stage.update.stored
        ),
        f"out[i] = ({c.message(own).name}){made[stage.update.output]};",
        *(f"{to}[i] = {made[v]};" for to, v in zip(SEEN, _shown(stage, seen), strict=False)),
    ]
    text = "".join(f"    {line}\n" for line in lines)
    start = f"  for (int32_t k = {whole}; k < {n.block.length}; k++) {{\n    const int32_t i = base + k;\n"
    return f"{start}{text}  }}\n"


def flags(n: Native, machine: Machine) -> int:
    """Flags of a whole population; 0 where it cannot rest, or has no states to note."""
    wanted = n.block.length >= group(machine) and bool(n.stage.update.stored) and n.rests
    return n.block.rows * rest_flags(n, machine) if wanted else 0
