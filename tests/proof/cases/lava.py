"""Real Lava runs the generator's networks; every output and every state equals the reference's."""

# pyright: reportMissingImports=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

from collections import Counter
from functools import partial

from neurodeploy.targets.loihi_sim import TARGET
from neurodeploy.targets.loihi_sim.runner import Run, run_many

from neurodeploy.conformance import Family, census, differing_cells, generate
from neurodeploy.reference.program_runner import run_program
from tests.proof.case import Counts, ProofCase
from tests.proof.cases.census import BRANCHES

OWN = "own process model"


def count(family: Family, seeds: range) -> Counts:
    """Lower, run on Lava and compare every seed's network; a seed fails where a single cell differs."""
    cases = [generate(seed, family) for seed in seeds]
    artifacts = [TARGET.lower(case.program, {"neurons": family}) for case in cases]
    traces = run_many([Run(a, case.stimulus, states=True) for a, case in zip(artifacts, cases, strict=True)])
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed, case, artifact, trace in zip(seeds, cases, artifacts, traces, strict=True):
        expected = run_program(case.program, case.stimulus, states=True)
        counted = census(case.program, expected)
        tallies.update({name.replace("_", " "): getattr(counted, name) for name in BRANCHES})
        tallies["spikes"] += sum(each.fired for each in counted.activity)
        tallies["own process models"] += sum(OWN in note for note in artifact.notes)
        if differing_cells(expected, trace):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


def _case(family: Family, seeds: int, with_what: str) -> ProofCase:
    proves = (
        f"random networks of the {family} family, 100 steps: real Lava with {with_what} equals the reference "
        "in every output, membrane and current"
    )
    return ProofCase(f"lava-{family}", proves, seeds, batch=25, run=partial(count, family))


CASES = (_case("stock", 200, "stock processes only"), _case("held", 100, "our own process models"))
