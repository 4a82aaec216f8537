"""A streaming encoder in C99, of integers alone; it needs no library but ``stdint.h``.

- ``<prefix>_encoder`` is its memory, and ``<prefix>_encoder_reset(e)`` resets it.
- ``<prefix>_encode(e, samples, sent)`` is one step of the network. ``samples``, one per signal, are read in the first
  step and then every ``<PREFIX>_SAMPLE_STEPS`` steps; ``sent`` are the network's input messages of the step.

An encoder is a ``Stream`` of *lanes*, one per signal and channel. ``take`` is what a sample does to every lane,
``tick``, where there is one, what every step does. Some lanes sum over *places*, a line of past values.
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
    """The encoder that feeds the input ``node``, in C.

    - ``kind``: the encoding method; ``header``, ``source``: declarations and definitions.
    - ``sample``: the type of a sample; ``features``: number of signals; ``steps``: steps of the network per sample.
    - ``memory``: bytes of its struct.
    """

    kind: str
    node: str
    header: str
    source: str
    sample: IntegerType
    features: int
    steps: int
    memory: int


def encoder_text(stream: Stream, node: str, prefix: str, message: IntegerType, spike: int) -> EncoderText:
    """A stream as C, feeding the input ``node``.

    ``message``: the type of the network's input messages; ``spike``: what a spike is sent as.
    """
    tables = Tables(f"{prefix}_encoder")
    members = _members(stream)
    names = {"prefix": prefix, "sample": stored_type(0, (1 << stream.bits) - 1).name, "message": message.name}
    body = _take(stream, names, tables, message, spike)
    if stream.tick is not None:
        body += _tick(stream, names, tables, message, spike)
    body += _reset(stream, prefix) + _encode(stream, names)
    fields = "\n".join(f"  {member.declaration}" for member in members)
    header = f"""
enum {{ {prefix.upper()}_SAMPLE_STEPS = {stream.steps} }};

typedef struct {{
{fields}
}} {prefix}_encoder;

void {prefix}_encoder_reset({prefix}_encoder *e);
void {prefix}_encode({_parameters(names)});
"""
    align = max(member.kind.bytes for member in members)
    memory = -(-sum(member.bytes for member in members) // align) * align
    source = "\n".join(["", *tables.texts]) + body
    kind = stored_type(0, (1 << stream.bits) - 1)
    return EncoderText(stream.kind, node, header, source, kind, stream.features, stream.steps, memory)


def _members(stream: Stream) -> list[Member]:
    lanes = len(stream.source)
    members = [Member(state.name, stored_type(state.low, state.high), lanes) for state in stream.states]
    places = stream.places
    if places is not None and places.line is not None:
        line = places.line
        members.append(Member(line.name, stored_type(line.low, line.high), lanes * places.count))
    if stream.tick is not None:
        members.append(Member("step", UINT16, 0))
    return sorted(members, key=lambda state: -state.kind.bytes)


def _parameters(names: Mapping[str, str]) -> str:
    return f"{names['prefix']}_encoder *e, const {names['sample']} *samples, {names['message']} *sent"


def _source(stream: Stream) -> str:
    """C text of the index of a lane's sample."""
    lanes, source = np.arange(len(stream.source)), np.asarray(stream.source)
    if (source == lanes).all():
        return "i"
    per_signal = len(lanes) // stream.features
    return f"i / {per_signal}" if (source == lanes // per_signal).all() else f"i % {stream.features}"


def _load(stream: Stream, tables: Tables, places: int = 0) -> Load:
    """How values of a lane are read; with ``places``, those of place ``k`` of a lane."""
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


def _kept(stream: Stream, step: Step, values: Statements) -> list[str]:
    kinds = {state.name: stored_type(state.low, state.high).name for state in stream.states}
    return [f"e->{name}[i] = ({kinds[name]}){values[value]};" for name, value in step.after.items()]


def _sent(stream: Stream, step: Step, values: Statements, message: IntegerType, spike: int) -> list[str]:
    lines: list[str] = []
    for number, value in enumerate(step.outputs):
        index = f"{number * len(stream.source)} + i" if number else "i"
        text = values[value] if spike == 1 else f"({values[value]} != 0 ? {literal(spike, message)} : 0)"
        lines.append(f"sent[{index}] = ({message.name}){text};")
    return lines


def _take(stream: Stream, names: Mapping[str, str], tables: Tables, message: IntegerType, spike: int) -> str:
    """The function ``<prefix>_encoder_take``: what a sample does to every lane."""
    load = _load(stream, tables)
    lines = _summed(stream, tables) if stream.places is not None else []
    values = statements([*stream.take.after.values(), *stream.take.outputs], load, {})
    lines += [*values.lines, *_kept(stream, stream.take, values), *_sent(stream, stream.take, values, message, spike)]
    lines += _line_after(stream, tables, values)
    parameters = _parameters(names) if stream.tick is None else _parameters(names).rpartition(",")[0]
    return _loop(f"static void {names['prefix']}_encoder_take({parameters})", stream, lines)


def _summed(stream: Stream, tables: Tables) -> list[str]:
    """C statements that sum over the places of a lane, into ``sum``."""
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
    values = statements([places.term], _place_load(stream, tables), {})
    inner += [*values.lines, f"sum += {values[places.term]};"]
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
    values = statements([places.after], _place_load(stream, tables), {})
    inner = [f"const {kind} {places.line.name} = {at};", *values.lines, f"{at} = ({kind}){values[places.after]};"]
    lines = [f"const int32_t fired = {take[stream.take.outputs[0]]};"]
    return [*lines, f"for (int32_t k = 0; k < {places.count}; k++) {{", *(f"  {line}" for line in inner), "}"]


def _tick(stream: Stream, names: Mapping[str, str], tables: Tables, message: IntegerType, spike: int) -> str:
    """The function ``<prefix>_encoder_tick``: what every step does to every lane."""
    assert stream.tick is not None
    values = statements([*stream.tick.after.values(), *stream.tick.outputs], _load(stream, tables), {})
    lines = [*values.lines, *_kept(stream, stream.tick, values), *_sent(stream, stream.tick, values, message, spike)]
    parameters = f"{names['prefix']}_encoder *e, {names['message']} *sent"
    return _loop(f"static void {names['prefix']}_encoder_tick({parameters})", stream, lines)


def _loop(head: str, stream: Stream, lines: Sequence[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"\n{head} {{\n  for (int32_t i = 0; i < {len(stream.source)}; i++) {{\n{body}  }}\n}}\n"


def _reset(stream: Stream, prefix: str) -> str:
    lanes, places = len(stream.source), stream.places
    starts = [(state, lanes) for state in stream.states]
    if places is not None and places.line is not None:
        starts.append((places.line, lanes * places.count))
    lines = [
        f"  for (int32_t i = 0; i < {count}; i++) e->{state.name}[i] = {state.start};\n" for state, count in starts
    ]
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
