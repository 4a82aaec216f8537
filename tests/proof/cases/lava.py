"""Real Lava runs the generator's networks; every output and state equals the reference's, and the compiled engine's."""

# pyright: reportMissingImports=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

from collections import Counter
from functools import partial

from neurodeploy.targets.fixed import TARGET as FIXED
from neurodeploy.targets.loihi_sim import TARGET
from neurodeploy.targets.loihi_sim.runner import Run, run_many

from neurodeploy.conformance import Case, Family, census, differing_cells, generate
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace
from tests.proof.case import Claim, Counts, ProofCase, together
from tests.proof.cases.census import counts

OWN = "own process model"


def count(family: Family, seeds: range) -> Counts:
    """Lower, run on Lava and compare every seed's network; a seed fails where a single cell differs.

    The reference and the engine are compared with Lava, not with each other.
    """
    cases = [generate(seed, family) for seed in seeds]
    artifacts = [TARGET.lower(case.program, {"neurons": family}) for case in cases]
    traces = run_many([Run(a, case.stimulus, states=True) for a, case in zip(artifacts, cases, strict=True)])
    tallies: Counter[str] = Counter()
    failed: dict[str, list[int]] = {name: [] for name in _names(family)}
    for seed, case, artifact, trace in zip(seeds, cases, artifacts, traces, strict=True):
        expected = run_program(case.program, case.stimulus, states=True)
        counted = census(case.program, expected)
        tallies.update(counts(counted))
        tallies["spikes"] += sum(each.fired for each in counted.activity)
        tallies["own process models"] += sum(OWN in note for note in artifact.notes)
        for name, other in zip(_names(family), (expected, by_engine(case)), strict=True):
            if differing_cells(other, trace):
                failed[name].append(seed)
    return together({name: Counts(len(seeds), tuple(each), dict(tallies)) for name, each in failed.items()})


def by_engine(case: Case) -> Trace:
    """What the target ``fixed`` does with a case. Raises RuntimeError where that is not compiled code."""
    trace = FIXED.run(FIXED.lower(case.program, {}), case.stimulus, states=True)
    if trace.evidence != INDEPENDENT:
        raise RuntimeError("no C compiler was found: nothing is proved of compiled code")
    return trace


def _names(family: Family) -> tuple[str, str]:
    return f"lava-{family}", f"lava-engine-{family}"


def _case(family: Family, seeds: int, with_what: str) -> ProofCase:
    claims = [
        Claim(
            name,
            f"random networks of the {family} family, 100 steps: real Lava with {with_what} equals {what} "
            "in every output, membrane and current",
        )
        for name, what in zip(_names(family), ("the reference", "the compiled engine"), strict=True)
    ]
    return ProofCase(
        f"lava-{family}", claims[0].proves, seeds, batch=25, run=partial(count, family), parts=tuple(claims)
    )


CASES = (_case("stock", 200, "stock processes only"), _case("held", 100, "our own process models"))
