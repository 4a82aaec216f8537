"""The speeds that are asked of the engine, and how they were met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from benchmarks.costs import Costs
from benchmarks.interleave import ratio
from benchmarks.results import CaseResult, Results
from benchmarks.scaling import alone_name, threads_name

FASTER: dict[tuple[str, str], float] = {
    ("W1", "Lava"): 200,
    ("W1", "PyTorch eager, 1 thread"): 12,
    ("W2", "PyTorch eager, 1 thread"): 5,
    ("W1", "PyTorch eager, 2 threads"): 8,
    ("W2", "PyTorch eager, 2 threads"): 3,
    ("W1", "PyTorch bit-exact, 1 thread"): 20,
    ("W1", "Norse"): 18,
    ("W1", "SpikingJelly"): 18,
    ("W3X", "xylosim"): 300,
}
"""How many times faster than a peer, by family."""
SPARSE_ROOF, DENSE_ROOF, ROOFED = 0.4, 0.7, ("W1", "W2")
COMPILE_S = {"W1": 1.5, "W2": 4.0}
MEMORY = {"W1": 2.5e6, "W2": 8e6}
CACHED_S, SILENT, TWO_THREADS = 0.015, 0.25, 1.8
SILENT_OF = "W1 128 at 2 %"


@dataclass(frozen=True)
class Floor:
    """A limit and what was measured.

    - ``name``: what is asked; ``sense``: whether the ``limit`` is a least or a largest value.
    - ``unit``: of both; ``beside``: a figure to read it with.
    """

    name: str
    workload: str
    sense: Literal["≥", "≤"]
    limit: float
    value: float | None
    unit: str
    beside: str = ""

    @property
    def met(self) -> bool | None:
        """None where nothing was measured."""
        if self.value is None:
            return None
        return self.value >= self.limit if self.sense == "≥" else self.value <= self.limit

    @property
    def verdict(self) -> str:
        """As printed."""
        return "not measured" if self.met is None else "met" if self.met else "NOT MET"


def floors(results: Results) -> list[Floor]:
    """Every floor that this run could have measured."""
    return [*_speeds(results), *_roofs(results), *_threads(results), *_costs(results)]


def _speeds(results: Results) -> Iterator[Floor]:
    for (family, peer), limit in FASTER.items():
        for case in results.cases:
            if case.family == family and peer in case.measured:
                yield Floor(f"faster than {peer}", case.name, "≥", limit, case.faster(peer), "×")


def _roofs(results: Results) -> Iterator[Floor]:
    for case in results.cases:
        if case.family in ROOFED:
            yield _roof(case)


def _roof(case: CaseResult) -> Floor:
    kind, limit = ("dense", DENSE_ROOF) if case.dense else ("sparse", SPARSE_ROOF)
    share = case.of_roof
    return Floor(f"of the roofline ({kind})", case.name, "≥", 100 * limit, None if share is None else 100 * share, "%")


def _threads(results: Results) -> Iterator[Floor]:
    for scaling in results.scaling:
        single, double = (scaling.points.get(threads_name(n)) for n in (1, 2))
        if double is not None:
            alone = ratio(*(scaling.points.get(alone_name(n)) for n in (1, 2)))
            note = "" if alone is None else f"threads that share nothing: {alone:.3g} ×"
            gain = ratio(single, double)
            yield Floor(f"two threads, {scaling.axis}", scaling.network, "≥", TWO_THREADS, gain, "×", note)


def _costs(results: Results) -> Iterator[Floor]:
    for cost in results.costs:
        yield from _cost(cost)


def _cost(cost: Costs) -> Iterator[Floor]:
    name = cost.workload
    if cost.family in COMPILE_S:
        yield Floor("compile", name, "≤", COMPILE_S[cost.family], cost.compile_s, "s")
        yield Floor("memory per sample", name, "≤", MEMORY[cost.family] / 1e6, cost.context_bytes / 1e6, "MB")
        yield Floor("cached load and first step", name, "≤", 1e3 * CACHED_S, 1e3 * cost.cached_s, "ms")
    if name == SILENT_OF:
        yield Floor("silent step, share of the 2 % case", name, "≤", SILENT, cost.silent, "")
