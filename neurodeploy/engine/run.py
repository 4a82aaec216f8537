"""Run a Program as compiled code, with the reference's Trace."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.engine.batch import Recording, Records, Source, run_batch, thread_count
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.library import Compiled
from neurodeploy.engine.prepare import beyond, compile_program
from neurodeploy.engine.sources import array_sources, driven_messages, input_sources
from neurodeploy.errors import InputError
from neurodeploy.evidence import INDEPENDENT, same_code
from neurodeploy.program.program import Program
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace

IntArray = NDArray[np.int64]
ENGINE = "engine"
MISSING = "no C compiler found (CC, cc, gcc, clang or the package ziglang)"


class EngineWarning(UserWarning):
    """The compiled engine could not be used, and the reference ran instead."""


def run_compiled(
    program: Program,
    stimulus: Mapping[str, NDArray[Any]],
    states: bool = False,
    drive: Trace | None = None,
    threads: int | None = None,
    compact: bool = True,
    record: Iterable[str] | None = None,
) -> Trace:
    """What ``run_program`` gives for the same arguments, by compiled code; ``evidence`` of the trace says what ran.

    Outputs and states stay in the narrow types they were recorded in (what is computed from them may need wider ones);
    without ``compact`` they are int64 like the reference's, which takes most of the memory and time of a trace.
    ``record`` names the nodes that are kept (default: all); nothing is allocated or written for the others.

    Without a C compiler the reference runs, with an EngineWarning. Raises InputError for a stimulus that does not fit
    and for an unknown node, EnvironmentFailureError where the compiler fails.
    """
    recording = recorded(program, record, states, not compact)
    compiler = find_compiler()
    if compiler is None:
        warnings.warn(f"{MISSING}: the slower reference runs instead", EngineWarning, stacklevel=2)
        return _by_reference(program, stimulus, recording, drive)
    sources, batch, steps = input_sources(program, stimulus)
    if drive is None:
        compiled = compile_program(program, compiler)
        records = run_batch(compiled, sources, batch, steps, recording, thread_count(threads))
        return traced(program, records)
    sent = quantize_inputs(program, stimulus)
    fed = driven_messages(program, drive, batch, steps)
    return _run_driven(compile_program(program, compiler, beyond(program, fed)), program, sent, fed, recording, threads)


def run_loaded(
    compiled: Compiled,
    program: Program,
    sent: Mapping[str, IntArray],
    fed: Mapping[str, IntArray],
    states: bool = False,
    threads: int | None = None,
    compact: bool = False,
) -> Trace:
    """The same for a program loaded before. ``sent``: what the inputs send; ``fed``: what the synapses get."""
    return _run_driven(compiled, program, sent, fed, Recording(None, states, not compact), threads)


def recorded(program: Program, record: Iterable[str] | None, states: bool, wide: bool = False) -> Recording:
    """What to keep. Raises InputError for a name the program does not have, and where nothing is kept."""
    if record is None:
        return Recording(None, states, wide)
    known = [*program.input_by_name, *program.by_name]
    names = [record] if isinstance(record, str) else list(record)
    for name in names or [""]:
        if name not in known:
            problem = f"there is no node {name!r}" if names else "names no node"
            raise InputError(problem, "record", f"the nodes are: {', '.join(known)}")
    return Recording(frozenset(names), states, wide)


def traced(program: Program, records: Records) -> Trace:
    """The trace of what was recorded by compiled code."""
    entries = recorded_entries(program, records)
    return Trace(entries, {"rung": "program", "numerics": program.numerics.name, ENGINE: "compiled"}, INDEPENDENT)


def recorded_entries(program: Program, records: Records) -> dict[str, Entry]:
    """What was recorded, ``(B, T, *shape)`` arrays by node, with scales, in the order of the program's nodes."""
    entries: dict[str, Entry] = {}
    for node in (*program.inputs, *program.populations):
        record = records.get(node.name)
        if record is None:
            continue
        graded = node.output.kind == "graded"
        if node.name in program.input_by_name:
            entries[node.name] = Entry(record["output"], graded, node.scale)
            continue
        p = program.by_name[node.name]
        scale = p.scale + (0 if p.kind == "relay" else program.numerics.state_shift)
        states = record.get("v"), record.get("u"), record.get("v_before")
        entries[p.name] = Entry(record["output"], graded, p.output.scale, *states, scale, p.inserted, p.unit)
    return entries


def _run_driven(
    compiled: Compiled,
    program: Program,
    sent: Mapping[str, IntArray],
    fed: Mapping[str, IntArray],
    recording: Recording,
    threads: int | None,
) -> Trace:
    batch, steps = next(iter(sent.values())).shape[:2]
    sources: dict[str, Source] = array_sources(fed)
    records = run_batch(compiled, sources, batch, steps, recording, thread_count(threads))
    input_records = {name: {"output": sent[name]} for name in program.input_by_name if recording.keeps(name)}
    return traced(program, {**records, **input_records})


def _by_reference(
    program: Program, stimulus: Mapping[str, NDArray[Any]], recording: Recording, drive: Trace | None
) -> Trace:
    trace = run_program(program, stimulus, recording.states, drive)
    entries = {name: entry for name, entry in trace.entries.items() if recording.keeps(name)}
    return Trace(entries, {**trace.meta, ENGINE: "reference"}, same_code("no C compiler was found"))
