"""The generator's networks are the same whenever their seed is drawn, and what they exercise is counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from functools import partial

from neurodeploy.analysis.branches import Branches
from neurodeploy.conformance import Case, Census, Family, census, differing_cells, generate
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace
from tests.proof.case import Counts, ProofCase


def counts(counted: Census) -> dict[str, int]:
    """How many networks were lively, and in how many cells each branch was taken, in the words of the table."""
    names = (field.name for field in fields(Branches) if field.name not in ("cells", "fired"))
    branches = {name.replace("_", " "): getattr(counted.branches, name) for name in names}
    return {"lively": counted.lively, **branches}


def count(family: Family, seeds: range) -> Counts:
    """Draw and run every seed's network twice; a seed fails where the two runs differ in any output or state."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        case = generate(seed, family)
        trace = _run(case)
        counted = census(case.program, trace)
        tallies.update(counts(counted))
        tallies["cells that fired"] += sum(each.fired for each in counted.activity)
        tallies["silent"] += any(each.fired == 0 for each in counted.activity if each.kind == "cuba-lif")
        if differing_cells(trace, _run(generate(seed, family))):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


def _run(case: Case) -> Trace:
    return run_program(case.program, case.stimulus, states=True)


def _case(family: Family) -> ProofCase:
    proves = f"random networks of the {family} family: a seed draws the same network and the reference runs it the same"
    return ProofCase(f"census-{family}", proves, seeds=1000, batch=50, run=partial(count, family))


CASES = (_case("stock"), _case("held"))
