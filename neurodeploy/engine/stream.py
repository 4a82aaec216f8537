"""A compiled program that is fed in chunks: every sample goes on where its last chunk ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from numpy.typing import NDArray

from neurodeploy.engine.batch import Recording, advance, thread_count
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.library import Compiled
from neurodeploy.engine.prepare import compile_program
from neurodeploy.engine.run import MISSING, recorded, traced
from neurodeploy.engine.sources import array_sources, driven_messages, input_sources
from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.extras import install_command
from neurodeploy.memory import Pool
from neurodeploy.program.program import Program
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.trace import Trace


class Stream:
    """``batch`` samples of a program under way; made by ``open_stream``. One thread at a time may use it."""

    def __init__(
        self, program: Program, compiled: Compiled, batch: int, recording: Recording, threads: int, pool: Pool
    ) -> None:
        self.program = program
        self.batch = batch
        self._compiled = compiled
        self._recording = recording
        self._threads = threads
        self._pool = pool
        self._contexts = compiled.new_contexts(batch)
        self.reset()

    def reset(self) -> None:
        """Every sample starts anew: silence in every delay, and the initial states."""
        for context in self._contexts:
            self._compiled.reset(context.ctypes.data)

    def feed(self, stimulus: Mapping[str, NDArray[Any]], drive: Trace | None = None) -> Trace:
        """What the next steps do, for real values ``(B, T, *shape)`` per input; chunks joined are the whole run.

        With ``drive`` every synapse gets that trace's outputs, ``(B, T, *shape)``, instead of this run's own. They must
        lie in the range that their node itself can send.

        Raises InputError for a stimulus that does not fit. Values that are not finite are refused too, but by then some
        samples have gone on: reset before the stream is used again.
        """
        sources, batch, steps = input_sources(self.program, stimulus)
        if batch != self.batch:
            raise InputError(f"holds {batch} samples", "stimulus", f"the stream has {self.batch}")
        if drive is not None:
            sources |= array_sources(driven_messages(self.program, drive, batch, steps))
        records = advance(self._compiled, self._contexts, sources, steps, self._recording, self._threads, self._pool)
        kept = {name for name in self.program.input_by_name if self._recording.keeps(name)}
        if drive is not None and kept:
            sent = quantize_inputs(self.program, stimulus)
            records |= {name: {"output": array} for name, array in sent.items() if name in kept}
        return traced(self.program, records)

    def __repr__(self) -> str:
        return f"Stream of {self.batch} samples through a program of {len(self.program.populations)} populations"


def open_stream(
    program: Program,
    batch: int = 1,
    states: bool = False,
    record: Iterable[str] | None = None,
    threads: int | None = None,
    pool: Pool | None = None,
) -> Stream:
    """Compile a program and hold ``batch`` samples of it at their first step.

    ``pool``: where records lie, by default one of its own.

    ``record`` names the nodes that traces hold (default: all); nothing is allocated or written for the others. Raises
    InputError for an unknown one, UnavailableError without a C compiler, EnvironmentFailureError where it fails.
    """
    if batch < 1:
        raise InputError(f"{batch} is no number of samples", "batch", "give 1 or more")
    recording = recorded(program, record, states)
    compiler = find_compiler()
    if compiler is None:
        raise UnavailableError(MISSING, "engine", f"install gcc, or the extra: {install_command('cc')}")
    return Stream(
        program,
        compile_program(program, compiler),
        batch,
        recording,
        thread_count(threads),
        Pool() if pool is None else pool,
    )
