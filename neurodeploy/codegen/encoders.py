"""A streaming encoder in C99: integers alone, and nothing of a library but ``stdint.h``.

- ``<prefix>_encoder``: its memory; ``<prefix>_encoder_reset(e)``.
- ``<prefix>_encode(e, samples, sent)``: one step of the network. ``samples`` are read in the first step and then every
  ``<PREFIX>_SAMPLE_STEPS``; ``sent`` are the network's input messages of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurodeploy.codegen.context import Member
from neurodeploy.codegen.expressions import Statements, computed, statements
from neurodeploy.codegen.integer_types import literal, stored_type
from neurodeploy.codegen.tables import Tables
from neurodeploy.integers import UINT16, IntegerType
from neurodeploy.step.value import Value, reachable
from neurodeploy.streams.stream import Step, Stream

Load = Callable[[Value], str]


@dataclass(frozen=True)
class EncoderText:
    """Declarations and definitions of what feeds the input ``node``.

    ``sample``: the type of each signal's sample, one per ``steps`` steps; ``memory``: bytes of its struct.
    """

    kind: str
    node: str
    header: str
    source: str
    sample: IntegerType
    features: int
    steps: int
    memory: int


def encoder_text(stream: Stream, node: str, prefix: str, message: IntegerType, one: int) -> EncoderText:
    """The encoder whose spikes are sent as ``one``, in the type of the network's input."""
    tables = Tables(f"{prefix}_encoder")
    members = _members(stream)
    names = {"prefix": prefix, "sample": stored_type(0, (1 << stream.bits) - 1).name, "message": message.name}
    body = _take(stream, names, tables, message, one)
    if stream.tick is not None:
        body += _tick(stream, names, tables, message, one)
    body += _reset(stream, prefix) + _encode(stream, names)
    own = "\n".join(f"  {each.kind.name} {each.name}" + (f"[{each.count}];" if each.count else ";") for each in members)
    header = f"""
enum {{ {prefix.upper()}_SAMPLE_STEPS = {stream.steps} }};

typedef struct {{
{own}
}} {prefix}_encoder;

void {prefix}_encoder_reset({prefix}_encoder *e);
void {prefix}_encode({_parameters(names)});
"""
    align = max(each.kind.bytes for each in members)
    memory = -(-sum(each.bytes for each in members) // align) * align
    source = "\n".join(["", *tables.texts]) + body
    kind = stored_type(0, (1 << stream.bits) - 1)
    return EncoderText(stream.kind, node, header, source, kind, stream.features, stream.steps, memory)


def _members(stream: Stream) -> list[Member]:
    lanes = len(stream.source)
    members = [Member(each.name, stored_type(each.low, each.high), lanes) for each in stream.states]
    places = stream.places
    if places is not None and places.line is not None:
        line = places.line
        members.append(Member(line.name, stored_type(line.low, line.high), lanes * places.count))
    if stream.tick is not None:
        members.append(Member("step", UINT16, 0))
    return sorted(members, key=lambda each: -each.kind.bytes)


def _parameters(names: Mapping[str, str]) -> str:
    return f"{names['prefix']}_encoder *e, const {names['sample']} *samples, {names['message']} *sent"


def _source(stream: Stream) -> str:
    """The index of a lane's sample."""
    lanes, source = np.arange(len(stream.source)), np.asarray(stream.source)
    if (source == lanes).all():
        return "i"
    each = len(lanes) // stream.features
    return f"i / {each}" if (source == lanes // each).all() else f"i % {stream.features}"


def _load(stream: Stream, tables: Tables, places: int = 0) -> Load:
    """How values of a lane are read, or, with ``places``, those of place k."""
    lanes = len(stream.source)

    def load(value: Value) -> str:
        if value.table is not None:
            rows = value.table.size // (places or 1)
            row = "i" if rows == lanes else f"i % {rows}"
            index = row if not places else "k" if rows == 1 else f"{row} * {places} + k" if rows == lanes else ""
            index = index or f"({row}) * {places} + k"
            return f"{tables.add(value.table)[0]}[{index}]"
        if value.op == "state":
            return value.name if places else f"e->{value.name}[i]"
        return f"samples[{_source(stream)}]" if value.name == "sample" else value.name

    return load


def _kept(stream: Stream, step: Step, made: Statements) -> list[str]:
    kinds = {each.name: stored_type(each.low, each.high).name for each in stream.states}
    return [f"e->{name}[i] = ({kinds[name]}){made[value]};" for name, value in step.after.items()]


def _sent(stream: Stream, step: Step, made: Statements, message: IntegerType, one: int) -> list[str]:
    lines: list[str] = []
    for number, value in enumerate(step.outputs):
        index = f"{number * len(stream.source)} + i" if number else "i"
        spike = made[value] if one == 1 else f"({made[value]} != 0 ? {literal(one, message)} : 0)"
        lines.append(f"sent[{index}] = ({message.name}){spike};")
    return lines


def _take(stream: Stream, names: Mapping[str, str], tables: Tables, message: IntegerType, one: int) -> str:
    """What a sample does to every lane."""
    load = _load(stream, tables)
    lines = _summed(stream, tables) if stream.places is not None else []
    made = statements([*stream.take.after.values(), *stream.take.outputs], load, {})
    lines += [*made.lines, *_kept(stream, stream.take, made), *_sent(stream, stream.take, made, message, one)]
    lines += _line_after(stream, tables, made)
    given = _parameters(names) if stream.tick is None else _parameters(names).rpartition(",")[0]
    return _loop(f"static void {names['prefix']}_encoder_take({given})", stream, lines)


def _summed(stream: Stream, tables: Tables) -> list[str]:
    """The sum over the places of a lane, as ``sum``."""
    places = stream.places
    assert places is not None
    named = {id(value): f"in{number}" for number, value in enumerate(reachable([places.operand]))}
    lines = [*statements([places.operand], _load(stream, tables), {**named, id(places.operand): "given"}).lines]
    total = computed(places.total)
    inner: list[str] = []
    if places.line is not None:
        at, kind = f"e->{places.line.name}[i * {places.count} + k", stored_type(places.line.low, places.line.high).name
        inner.append(f"const {kind} {places.line.name} = k < {places.count - 1} ? {at} + 1] : ({kind})given;")
        inner.append(f"{at}] = {places.line.name};")
    made = statements([places.term], _place_load(stream, tables), {})
    inner += [*made.lines, f"sum += {made[places.term]};"]
    lines.append(f"{total.name} sum = 0;")
    return [*lines, f"for (int32_t k = 0; k < {places.count}; k++) {{", *(f"  {line}" for line in inner), "}"]


def _place_load(stream: Stream, tables: Tables) -> Load:
    assert stream.places is not None
    return _load(stream, tables, stream.places.count)


def _line_after(stream: Stream, tables: Tables, take: Statements) -> list[str]:
    places = stream.places
    if places is None or places.line is None or places.after is None:
        return []
    at, kind = f"e->{places.line.name}[i * {places.count} + k]", stored_type(places.line.low, places.line.high).name
    made = statements([places.after], _place_load(stream, tables), {})
    inner = [f"const {kind} {places.line.name} = {at};", *made.lines, f"{at} = ({kind}){made[places.after]};"]
    lines = [f"const int32_t fired = {take[stream.take.outputs[0]]};"]
    return [*lines, f"for (int32_t k = 0; k < {places.count}; k++) {{", *(f"  {line}" for line in inner), "}"]


def _tick(stream: Stream, names: Mapping[str, str], tables: Tables, message: IntegerType, one: int) -> str:
    """What every step does to every lane."""
    assert stream.tick is not None
    made = statements([*stream.tick.after.values(), *stream.tick.outputs], _load(stream, tables), {})
    lines = [*made.lines, *_kept(stream, stream.tick, made), *_sent(stream, stream.tick, made, message, one)]
    given = f"{names['prefix']}_encoder *e, {names['message']} *sent"
    return _loop(f"static void {names['prefix']}_encoder_tick({given})", stream, lines)


def _loop(head: str, stream: Stream, lines: Sequence[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"\n{head} {{\n  for (int32_t i = 0; i < {len(stream.source)}; i++) {{\n{body}  }}\n}}\n"


def _reset(stream: Stream, prefix: str) -> str:
    lanes, places = len(stream.source), stream.places
    starts = [(each, lanes) for each in stream.states]
    if places is not None and places.line is not None:
        starts.append((places.line, lanes * places.count))
    lines = [f"  for (int32_t i = 0; i < {count}; i++) e->{each.name}[i] = {each.start};\n" for each, count in starts]
    if stream.tick is not None:
        lines.append("  e->step = 0;\n")
    return f"\nvoid {prefix}_encoder_reset({prefix}_encoder *e) {{\n{''.join(lines)}}}\n"


def _encode(stream: Stream, names: Mapping[str, str]) -> str:
    p = names["prefix"]
    if stream.tick is None:
        body = f"  {p}_encoder_take(e, samples, sent);\n"
    else:
        body = (
            f"  if (e->step == 0) {p}_encoder_take(e, samples);\n"
            f"  e->step = (uint16_t)(e->step + 1 == {stream.steps} ? 0 : e->step + 1);\n"
            f"  {p}_encoder_tick(e, sent);\n"
        )
    return f"\nvoid {p}_encode({_parameters(names)}) {{\n{body}}}\n"
