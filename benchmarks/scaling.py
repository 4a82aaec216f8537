"""How a step of the engine grows: with area, with neurons, with the batch and its threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks import engine, loading
from benchmarks.interleave import Contestant, interleave
from benchmarks.results import Scaling
from benchmarks.roofline import Microbenchmarks
from benchmarks.workload import workload
from neurodeploy.errors import NeurodeployError

Progress = Callable[[str], None]
ALONE = "a fixed number of products in registers, shared out among the threads"


def sizes(family: str, activity: float, values: Iterable[int], rounds: int, progress: Progress) -> Scaling:
    """Seconds per step by size."""
    contestants: list[Contestant] = []
    for size in values:
        progress(f"set up {size}")
        contestants.append(_sized(family, size, activity))
    axis = "pixels along a side" if family == "W1" else "neurons"
    return Scaling(axis, f"{family} at {100 * activity:g} %", interleave(contestants, rounds, progress))


def _sized(family: str, size: int, activity: float) -> Contestant:
    try:
        work = workload(family, size, activity)
        samples = engine.prepare(loading.as_shipped(work.program), work.stimulus)
    except NeurodeployError as error:
        return Contestant(str(size), missing=str(error))
    fired = engine.raster(samples, work.steps)
    memory = [name for name, p in work.program.by_name.items() if name in fired and p.kind == "cuba-lif"]
    rates = ", ".join(f"{100 * float((fired[name] != 0).mean()):.1f} %" for name in memory if "pool" not in name)
    return Contestant(str(size), lambda: engine.per_step(samples), note=f"fires at {rates}")


def batches(
    family: str,
    size: int,
    activity: float,
    values: Iterable[int],
    rounds: int,
    machine: Microbenchmarks,
    progress: Progress,
) -> list[Scaling]:
    """Seconds per step and sample by batch, on one thread and on two; only the network's output is recorded.

    Every sample's record has a place of its own, and with inner populations in it memory would be what is measured.
    Beside them what two threads gain that share nothing, multiplying in registers: what this machine gives to two.
    """
    work = workload(family, size, activity)
    compiled = loading.as_shipped(work.program)
    measured: list[Scaling] = []
    for batch in values:
        samples = engine.prepare(compiled, work.stimulus, batch, work.program.outputs)
        counts = (1, 2) if batch > 1 else (1,)
        contestants = [
            Contestant(threads_name(n), lambda n=n, samples=samples: engine.per_step_and_sample(samples, n))
            for n in counts
        ]
        if batch > 1:
            contestants += [Contestant(alone_name(n), lambda n=n: machine.shared(n), note=ALONE) for n in counts]
        measured.append(Scaling(f"batch of {batch}", work.name, interleave(contestants, rounds, progress)))
    return measured


def alone_name(count: int) -> str:
    """The name of threads that share nothing, as a contestant."""
    return f"registers alone, {threads_name(count)}"


def threads_name(count: int) -> str:
    """``1 thread`` or ``2 threads``."""
    return f"{count} thread{'s' if count > 1 else ''}"
