"""What every rule makes of a network at one width: a job, for a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

import torch

from benchmarks.quantization import networks
from benchmarks.quantization.measure import POINTS, Accuracy, Bench, Loss
from benchmarks.quantization.peers import PEERS, rounded_by
from benchmarks.quantization.results import CALIBRATED, OURS, SPLIT, Result
from neurodeploy.errors import NeurodeployError
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.program import Program

SPLIT_BITS = 16
NONE = Accuracy(0.0, 0.0)
"""Where there is no program."""


def of_network(name: str, bits: int) -> list[Result]:
    """Every rule at that width; at 16 bits, two projections of 8 bits."""
    torch.set_num_threads(1)
    bench = _bench(name)
    return [_result(bench, bits, rule) for rule in ((SPLIT,) if bits == SPLIT_BITS else (*OURS[:3], *PEERS))]


@lru_cache(maxsize=1)
def _bench(name: str) -> Bench:
    """The network, trained, with what its float run gives: kept for the next width."""
    return Bench.of(networks.trained(name))


def _result(bench: Bench, bits: int, rule: str) -> Result:
    name, unseen, start = bench.trained.name, bench.trained.name in networks.UNSEEN, time.perf_counter()
    shown, before = bench.trained.held_out, bench.accuracy
    if rule not in (CALIBRATED, SPLIT):
        shown = shown.fewer()
    counts = shown.count, len(shown.labels)
    try:
        program = maker(bench, bits, rule)()
    except NeurodeployError as error:
        lost = Loss(POINTS * before.shared, 0.0)
        return Result(name, unseen, bits, rule, 0.0, 0.0, NONE, before, lost, *counts, 0.0, str(error))
    seconds, kept = time.perf_counter() - start, bench.kept(program, shown)
    worst = kept.worst, kept.worst_isolated
    return Result(name, unseen, bits, rule, *worst, kept.accuracy, before, kept.loss, *counts, seconds)


def maker(bench: Bench, bits: int, rule: str) -> Callable[[], Program]:
    """What makes the program of a rule."""
    network, shown = bench.trained.network, bench.trained.calibration
    if rule in PEERS:
        return lambda: rounded_by(PEERS[rule], network, bits)
    calibrate = shown if rule in (CALIBRATED, SPLIT) else None
    unit = "power-of-two" if rule == "plain" else "row"
    return lambda: quantize(network, LOIHI2, calibrate, unit=unit, weight_bits=bits).program
