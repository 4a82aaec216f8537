"""One workload, run by everybody who can run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import engine, lava, loading
from benchmarks.interleave import Contestant, Measured, interleave
from benchmarks.operations import Operations, operations
from benchmarks.peers import PEERS, Peer, PeerError, Worker, Workers
from benchmarks.results import OURS, ROOF, CaseResult, Equality
from benchmarks.roofline import Microbenchmarks
from benchmarks.words import one_line
from benchmarks.workload import Workload, missing, workload, write
from neurodeploy.engine.library import Compiled
from neurodeploy.errors import NeurodeployError

SLICE = 0.15
"""Seconds that a peer is measured for in each round."""
FEWEST = 8
"""Fewest steps that a peer is measured over, however slow it is."""
LAVA = "Lava"
FAILURES = (PeerError, NeurodeployError, OSError)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Case:
    """What to measure on one workload.

    ``peers``: whether the peers take part; ``lava``: rounds in which Lava takes part; ``variants``: whether the
    engine's instruction sets and its end-to-end call are measured too.
    """

    family: str
    size: int
    activity: float
    peers: bool = True
    lava: int = 0
    variants: bool = False

    @property
    def name(self) -> str:
        """As ``Workload.name``."""
        return f"{self.family} {self.size} at {100 * self.activity:g} %"


def run_case(
    case: Case, rounds: int, machine: Microbenchmarks, workers: Workers, folder: Path, progress: Progress
) -> CaseResult:
    """Measure everybody on one workload, in turn, and compare the rasters of those that compute the same.

    ``folder`` takes the file that the peers read; ``progress`` is told what is being done.
    """
    reason = missing(case.family)
    if reason:
        return _unmeasured(case, one_line(reason))
    progress("set up")
    work = workload(case.family, case.size, case.activity)
    samples = engine.prepare(loading.as_shipped(work.program), work.stimulus)
    sent = {**engine.steady(samples), **{name: array[0] for name, array in work.stimulus.items()}}
    counted = operations(work.program, sent)
    real = lava.Lava(work.program, work.stimulus, 2 * work.steps)
    contestants = _contestants(case, work, samples, counted, machine, workers, folder)
    contestants += [_lava(real, case.lava)] if case.lava else []
    measured = interleave(contestants, rounds, progress)
    progress("compare rasters")
    return CaseResult(
        work.name,
        case.family,
        case.size,
        case.activity,
        work.dense,
        {name: float((array != 0).mean()) for name, array in sent.items()},
        counted,
        measured,
        dict(_checked(measured, workers, samples, real)),
        float(np.median(real.startup)) if real.startup else None,
    )


def _unmeasured(case: Case, reason: str) -> CaseResult:
    """The result of a workload that this version cannot run."""
    names = [OURS, *(peer.name for peer in PEERS if case.family in peer.families)]
    nobody = {name: Measured(name, missing=reason) for name in names}
    return CaseResult(case.name, case.family, case.size, case.activity, False, {}, None, nobody)


def _contestants(
    case: Case,
    work: Workload,
    samples: engine.Samples,
    counted: Operations,
    machine: Microbenchmarks,
    workers: Workers,
    folder: Path,
) -> list[Contestant]:
    """Everybody but Lava, each ready to be measured."""
    file = folder / f"{case.family}-{case.size}-{case.activity}.npz"
    write(work, file)
    contestants = [_ours(work, samples), _roof(machine, counted), *(_variants(work) if case.variants else ())]
    return contestants + (_peers(workers, file, case.family) if case.peers else [])


def _ours(work: Workload, samples: engine.Samples) -> Contestant:
    samples.reset()
    return Contestant(OURS, lambda: engine.per_step(samples), note="compiled loop, one sample, every output recorded")


def _roof(machine: Microbenchmarks, counted: Operations) -> Contestant:
    note = "no contestant: the machine's limits in the same round"
    return Contestant(ROOF, lambda: machine.roof(counted), note=note)


def _variants(work: Workload) -> Iterator[Contestant]:
    """The engine end to end, with less to record, in portable C, and for each instruction set by itself."""
    repeated = {name: np.tile(array, (1, 4, *[1] * (array.ndim - 2))) for name, array in work.stimulus.items()}
    yield Contestant(
        f"{OURS}, end to end", lambda: engine.end_to_end(work.program, repeated), note="run_compiled(compact=True)"
    )
    alone = engine.prepare(loading.as_shipped(work.program), work.stimulus, record=work.program.outputs)
    yield Contestant(
        f"{OURS}, its output alone", lambda: engine.per_step(alone), note="nothing recorded of inner populations"
    )
    yield _variant("portable C", lambda: loading.portable(work.program), work)
    for machine, lacks in loading.lacking().items():
        if lacks:
            yield Contestant(f"{OURS}, {machine.name}", missing=f"this processor lacks {lacks}")
        else:
            yield _variant(machine.name, lambda machine=machine: loading.for_machine(work.program, machine), work)


def _variant(name: str, make: Callable[[], Compiled], work: Workload) -> Contestant:
    try:
        samples = engine.prepare(make(), work.stimulus)
    except NeurodeployError as error:
        return Contestant(f"{OURS}, {name}", missing=str(error))
    return Contestant(f"{OURS}, {name}", lambda: engine.per_step(samples))


def _peers(workers: Workers, file: Path, family: str) -> list[Contestant]:
    """The peers that can run the family, and those that one would expect there, with why they cannot."""
    return [_peer(peer, workers, file, family) for peer in PEERS if family in (*peer.families, *peer.not_for)]


def _peer(peer: Peer, workers: Workers, file: Path, family: str) -> Contestant:
    if family not in peer.families:
        return Contestant(peer.name, missing=peer.why_not)
    try:
        worker = workers.of(peer)
        worker.load(file, peer.threads)
        steps = int(np.clip(SLICE / worker.seconds(FEWEST), FEWEST, 2000))
    except FAILURES as error:
        return Contestant(peer.name, missing=str(error))
    return Contestant(peer.name, lambda: _seconds(worker, file, peer, steps), note=worker.version)


def _seconds(worker: Worker, file: Path, peer: Peer, steps: int) -> float:
    worker.load(file, peer.threads)
    return worker.seconds(steps)


def _lava(real: lava.Lava, rounds: int) -> Contestant:
    reason = lava.missing()
    if reason:
        return Contestant(LAVA, missing=reason)
    return Contestant(LAVA, real.per_step, rounds, note="start-up subtracted")


def _checked(
    measured: Mapping[str, Measured], workers: Workers, samples: engine.Samples, real: lava.Lava
) -> Iterator[tuple[str, Equality]]:
    """How the rasters of the peers that compute the same compare with the engine's."""
    for peer in PEERS:
        if peer.exact and peer.name in measured and not measured[peer.name].missing:
            theirs = workers.of(peer).raster()
            yield peer.name, compared(engine.raster(samples, samples.steps), theirs)
    if real.last is not None:
        theirs = {name: real.last[name].output[0] for name in samples.outputs}
        yield LAVA, compared(engine.raster(samples, real.last.steps), theirs)


def compared(ours: Mapping[str, NDArray[Any]], theirs: Mapping[str, NDArray[Any]]) -> Equality:
    """Rasters compared cell by cell, over the nodes in ``theirs``; ``(T, *shape)`` each."""
    pairs = [(ours[name], theirs[name]) for name in theirs]
    return Equality(sum(a.size for a, _ in pairs), sum(int((a != b).sum()) for a, b in pairs), len(pairs))
