"""A population's update in vectors: a group of neurons at a time, and nothing where all is silent and stays so."""

from __future__ import annotations

from neurodeploy.codegen.c.context import Context, state_type
from neurodeploy.codegen.c.expressions import statements
from neurodeploy.codegen.c.machine import AVX512, Machine
from neurodeploy.codegen.c.native.choice import Native
from neurodeploy.codegen.c.native.expressions import Vectors, cut, vectors
from neurodeploy.codegen.c.native.vectors import group, lanes
from neurodeploy.codegen.c.tables import Tables
from neurodeploy.codegen.neuron import CURRENT, MEMBRANE
from neurodeploy.codegen.plan import Stage
from neurodeploy.codegen.value import Value, reachable

GROUPS = 8
"""Groups of neurons whose rest is noted together."""
RARE = "__attribute__((noinline)) "
"""What only records of states need is compiled once. Not as cold: at -O1 gcc 12 drops calls between cold functions."""
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


def update_rows(c: Context, n: Native, number: int, prefix: str, tables: Tables, machine: Machine, seen: bool) -> str:
    """``<prefix>_row<number>`` (``_look<number>``, which also records): the update of one row from its sums."""
    name = f"{prefix}_{'look' if seen else 'row'}{number}"
    whole = n.block.length // group(machine) * group(machine)
    cell = _cell(c, n, name, prefix, tables, machine, seen) if whole else ""
    body = (_groups(c, n, name, machine, whole, seen) if whole else "") + _rest(c, n, tables, whole, seen)
    apart = RARE if seen else "__attribute__((noinline)) " if cuts(n, machine, seen) else ""
    head = f"{apart}static void {name}({_parameters(c, n, prefix, seen)}, int32_t row, int some)"
    return f"{cell}\n{head} {{\n{_unused(n, seen)}  const int32_t base = row * {n.block.length};\n{body}}}\n"


def cuts(n: Native, machine: Machine, seen: bool) -> bool:
    """Whether rows are updated under a rounding mode toward zero, as functions that nothing moves out of."""
    vector = n.block.length >= group(machine) and machine is not AVX512
    return vector and any(cut(value) for value in reachable(_roots(n.stage, seen)))


def _unused(n: Native, seen: bool) -> str:
    """What an update whose result is known beforehand does not read."""
    names = ["c", "out", "some", *(SEEN if seen else ()), *(name for name, _ in sums_of(n))]
    return "".join(f"  (void){name};\n" for name in names)


def _parameters(c: Context, n: Native, prefix: str, seen: bool) -> str:
    out = c.message(n.stage.population.name).name
    sums = [f"const uint{bits}_t *restrict {name}" for name, bits in sums_of(n)]
    looks = [f"int64_t *restrict {each}" for each in SEEN] if seen else []
    return ", ".join([f"{prefix}_context *restrict c", f"{out} *restrict out", *looks, *sums])


def _roots(stage: Stage, seen: bool) -> list[Value]:
    stored = [stage.update.after[key] for key in stage.update.stored]
    return [stage.update.output, *stored, *_shown(stage, seen)]


def _shown(stage: Stage, seen: bool) -> list[Value]:
    if not seen or stage.update.before is None:
        return []
    return [stage.update.after[CURRENT], stage.update.after[MEMBRANE], stage.update.before]


def _cell(c: Context, n: Native, name: str, prefix: str, tables: Tables, machine: Machine, seen: bool) -> str:
    """The update of one vector of neurons, which returns their output and joins their states in ``live``."""
    stage, own = n.stage, n.stage.population.name

    def load(value: Value) -> str:
        if value.table is not None:
            table, kind = tables.add(value.table[c.layouts[own].order])
            return f"nd_from_{kind.dtype}({table} + i)"
        if value.op == "state":
            kind = state_type(stage, value.name)
            return f"nd_from_{kind.dtype}({c.state(own, value.name)} + i)"
        parts = [
            (f"nd_from_int{bits}({pointer} + k)", bits) for pointer, bits in sums_of(n) if pointer[2:] == value.name
        ]
        return parts[0][0] if len(parts) == 1 else f"nd_joined{parts[0][1]}({parts[0][0]}, {parts[1][0]})"

    made = vectors(_roots(stage, seen), load)
    lines = [*made.lines]
    for key in stage.update.stored:
        after = made[stage.update.after[key]]
        kind = state_type(stage, key)
        lines.append(f"nd_to_int{kind.bits}({c.state(own, key)} + i, {after});")
        lines.append(f"*live |= {after};")
    lines += [f"nd_to_int64({to} + i, {made[v]});" for to, v in zip(SEEN, _shown(stage, seen), strict=False)]
    lines.append(f"return {_returned(made, stage)};")
    text = "".join(f"  {line}\n" for line in lines)
    head = (
        f"static inline nd_words {name}_cell({_parameters(c, n, prefix, seen)}, int32_t i, int32_t k, nd_words *live)"
    )
    unused = _unused(n, seen).replace("  (void)some;\n", "") + "  (void)i;\n  (void)k;\n  (void)live;\n"
    return f"\n{head} {{\n{unused}{text}}}\n"


def _returned(made: Vectors, stage: Stage) -> str:
    return made.mask(stage.update.output) or made[stage.update.output]


def _groups(c: Context, n: Native, name: str, machine: Machine, whole: int, seen: bool) -> str:
    size, width, stage = group(machine), lanes(machine), n.stage
    kind = c.message(stage.population.name)
    looks = [*SEEN] if seen else []
    passed = ", ".join(["c", "out", *looks, *(each for each, _ in sums_of(n))])
    cells = [f"{name}_cell({passed}, base + k + {q * width}, k + {q * width}, &live)" for q in range(4)]
    made = "\n".join(f"      const nd_words o{q} = {text};" for q, text in enumerate(cells))
    masked = _is_mask(c, n)
    store = _store(kind.dtype, kind.bits, masked, width)
    still = _still(c, n, machine, whole * kind.bytes) if n.rests and not seen and stage.update.stored else ""
    return f"""{still}  for (int32_t from = 0; from < {whole}; from += {GROUPS * size}) {{
    const int32_t end = from + {GROUPS * size} < {whole} ? from + {GROUPS * size} : {whole};
    nd_words live = {{0}};
{_skip(c, n, machine, kind.bytes) if n.rests and not seen else ""}    for (int32_t k = from; k < end; k += {size}) {{
{made}
      {store}
    }}
{_note(c, n, machine) if n.rests and stage.update.stored else "    (void)live;" + chr(10)}  }}
"""


def _flag(c: Context, n: Native, machine: Machine) -> str:
    own = c.identifiers[n.stage.population.name]
    return f"c->rest_{own}[row * {rest_flags(n, machine)} + from / {GROUPS * group(machine)}]"


def _skip(c: Context, n: Native, machine: Machine, size: int) -> str:
    tests = [_flag(c, n, machine)] if n.stage.update.stored else []
    silent = " && ".join(f"nd_silent({name} + from, (end - from) * {bits // 8})" for name, bits in sums_of(n))
    tests += [f"(!some || ({silent}))"] if silent else []
    clear = f"nd_clear(out + base + from, (end - from) * {size});"
    return f"    if ({' && '.join(tests or ['1'])}) {{\n      {clear}\n      continue;\n    }}\n"


def _still(c: Context, n: Native, machine: Machine, size: int) -> str:
    """Nothing reaches the row, and all its neurons rest: what most rows of a silent network are."""
    if n.block.length % group(machine):
        return ""
    own, count = c.identifiers[n.stage.population.name], rest_flags(n, machine)
    return f"""  if (!some && nd_resting(c->rest_{own} + row * {count}, {count})) {{
    nd_clear(out + base, {size});
    return;
  }}
"""


def _note(c: Context, n: Native, machine: Machine) -> str:
    return f"    {_flag(c, n, machine)} = !nd_any(live);\n"


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


def _rest(c: Context, n: Native, tables: Tables, whole: int, seen: bool) -> str:
    """The neurons that no whole group is left for, one by one, in the portable form."""
    if whole == n.block.length:
        return ""
    stage, own = n.stage, n.stage.population.name

    def load(value: Value) -> str:
        if value.table is not None:
            return f"{tables.add(value.table[c.layouts[own].order])[0]}[i]"
        if value.op == "state":
            return f"{c.state(own, value.name)}[i]"
        bits = next(bits for pointer, bits in sums_of(n) if pointer[2:] == value.name)
        total = " + ".join(f"{pointer}[k]" for pointer, _ in sums_of(n) if pointer[2:] == value.name)
        return f"nd_i{bits}((uint{bits}_t)({total}))"

    made = statements(_roots(stage, seen), load, {})
    lines = [
        *made.lines,
        *(
            f"{c.state(own, key)}[i] = ({state_type(stage, key).name}){made[stage.update.after[key]]};"
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
