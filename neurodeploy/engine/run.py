"""Run a Program as compiled code, with the reference's Trace."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.c import render
from neurodeploy.codegen.plan import plan, sent_range
from neurodeploy.engine.batch import Records, run_batch, thread_count
from neurodeploy.engine.compiler import FLAGS, Compiler, find_compiler, machine
from neurodeploy.engine.fingerprint import fingerprint
from neurodeploy.engine.library import Compiled, load
from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import quantize_stimulus, run_program
from neurodeploy.trace import Entry, Trace

IntArray = NDArray[np.int64]
Ranges = dict[str, tuple[int, int]]
ENGINE = "engine"
_loaded: dict[tuple[str, ...], Compiled] = {}
KEPT = 256
"""Loaded programs remembered by this process; the cache holds the others."""


class EngineWarning(UserWarning):
    """The compiled engine could not be used, and the reference ran instead."""


def run_compiled(
    program: Program,
    stimulus: Mapping[str, NDArray[Any]],
    states: bool = False,
    drive: Trace | None = None,
    threads: int | None = None,
    compact: bool = False,
) -> Trace:
    """What ``run_program`` gives for the same arguments, by compiled code; ``meta["engine"]`` says what ran.

    ``compact`` leaves outputs in the narrow types they were recorded in, which saves most of the memory and time that
    a trace takes.

    Without a C compiler the reference runs, with an EngineWarning. Raises InputError for a stimulus that does not fit,
    EnvironmentFailureError where the compiler fails.
    """
    sent = quantize_stimulus(program, stimulus)
    compiler = find_compiler()
    if compiler is None:
        warnings.warn(
            "no C compiler found (CC, cc, gcc, clang or the package ziglang): the slower reference runs instead",
            EngineWarning,
            stacklevel=2,
        )
        trace = run_program(program, stimulus, states, drive)
        return Trace(trace.entries, {**trace.meta, ENGINE: "reference"})
    fed = sent if drive is None else driven(program, drive, *_length(sent))
    compiled = compile_program(program, compiler, beyond(program, fed))
    return run_loaded(compiled, program, sent, fed, states, threads, compact)


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
    records = run_batch(compiled, fed, *_length(sent), states, thread_count(threads), compact)
    return _trace(program, sent, records)


def _length(sent: Mapping[str, IntArray]) -> tuple[int, int]:
    first = next(iter(sent.values()))
    return first.shape[0], first.shape[1]


def compile_program(program: Program, compiler: Compiler, extra: Ranges | None = None) -> Compiled:
    """The program as loaded code, for messages that may also lie in ``extra``."""
    key = fingerprint(program), compiler.identity, " ".join((*compiler.command, *FLAGS)), repr(extra), machine()
    if key not in _loaded:
        if len(_loaded) >= KEPT:
            _loaded.pop(next(iter(_loaded)))
        _loaded[key] = load([render(plan(program, extra))], compiler)[0]
    return _loaded[key]


def driven(program: Program, drive: Trace, batch: int, steps: int) -> dict[str, IntArray]:
    """What every node is fed in an isolated run. Raises InputError where the trace does not fit."""
    fed: dict[str, IntArray] = {}
    for node in (*program.inputs, *program.populations):
        values = drive[node.name].output.astype(np.int64)
        if values.shape[0] != batch or values.shape[1] < steps or values.shape[2:] != node.shape:
            wanted = (batch, steps, *node.shape)
            raise InputError(f"has shape {values.shape}, not {wanted}", f"trace of {node.name!r}", "record it again")
        fed[node.name] = values[:, :steps]
    return fed


def beyond(program: Program, fed: Mapping[str, IntArray]) -> Ranges | None:
    """Ranges of fed messages that no node of the program would send itself; coarse, so that few variants are made."""
    found: Ranges = {}
    for name, values in fed.items():
        low, high = sent_range(program.node(name), program.numerics)
        least, most = int(values.min(initial=0)), int(values.max(initial=0))
        if least < low or most > high:
            found[name] = _power(least), _power(most)
    return found or None


def _power(number: int) -> int:
    """The bound of the narrowest signed type that holds the number."""
    bits = next(bits for bits in (8, 16, 32, 64) if -(1 << (bits - 1)) <= number < 1 << (bits - 1))
    return (1 << (bits - 1)) - 1 if number > 0 else -(1 << (bits - 1)) if number < 0 else 0


def _trace(program: Program, sent: Mapping[str, IntArray], records: Records) -> Trace:
    entries = {each.name: Entry(sent[each.name], each.output.kind == "graded", each.scale) for each in program.inputs}
    for p in program.populations:
        record = records[p.name]
        state_scale = p.scale + (0 if p.kind == "relay" else program.numerics.state_shift)
        entries[p.name] = Entry(
            record["output"],
            p.output.kind == "graded",
            p.output.scale,
            record.get("v"),
            record.get("u"),
            record.get("v_before"),
            state_scale,
            p.inserted,
        )
    return Trace(entries, {"rung": "program", "numerics": program.numerics.name, ENGINE: "compiled"})
