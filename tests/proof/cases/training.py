"""The forward that training uses is the integer program."""

from __future__ import annotations

from collections import Counter

from neurodeploy.conformance import Family, generate
from neurodeploy.reference.program_runner import run_program
from tests.proof.case import Counts, ProofCase
from tests.torch.support import differing, differing_with_gradients

FAMILIES: tuple[Family, ...] = ("stock", "held")


def count(seeds: range) -> Counts:
    """A seed fails where a single output, current or membrane differs from the reference, or gradients change any."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        case = generate(seed // 2, FAMILIES[seed % 2])
        trace = run_program(case.program, case.stimulus)
        for population in case.program.populations:
            tallies[f"populations: {population.kind}"] += 1
            tallies["spikes"] += int((trace[population.name].output != 0).sum())
        for projection in case.program.projections:
            tallies[f"projections: {projection.kind}"] += 1
            tallies["projections: late"] += projection.delay > 0
        if differing(case.program, case.stimulus) or differing_with_gradients(case):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


CASES = (
    ProofCase(
        "training",
        "random networks of both families, 100 steps: the forward of the module that is trained equals the reference "
        "in every output, membrane and current, with and without gradients",
        seeds=200,
        batch=10,
        run=count,
    ),
)
