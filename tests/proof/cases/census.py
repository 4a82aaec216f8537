"""The generator's networks are the same whenever their seed is drawn, and what they exercise is counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from functools import partial

import numpy as np

from neurodeploy.conformance import Case, Census, Family, census, generate
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace
from tests.proof.case import Counts, ProofCase

BRANCHES = tuple(each.name for each in fields(Census) if each.name not in ("networks", "activity"))


def count(family: Family, seeds: range) -> Counts:
    """Draw and run every seed's network twice; a seed fails where the two runs differ in any output or state."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        case = generate(seed, family)
        trace = _run(case)
        counted = census(case.program, trace)
        tallies.update({name.replace("_", " "): getattr(counted, name) for name in BRANCHES})
        tallies["cells that fired"] += sum(each.fired for each in counted.activity)
        tallies["silent"] += any(each.fired == 0 for each in counted.activity if each.kind == "cuba-lif")
        if not _same(trace, _run(generate(seed, family))):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


def _run(case: Case) -> Trace:
    return run_program(case.program, case.stimulus, states=True)


def _same(a: Trace, b: Trace) -> bool:
    return a.entries.keys() == b.entries.keys() and all(
        np.array_equal(x, y) for name in a.entries for x, y in zip(_arrays(a[name]), _arrays(b[name]), strict=True)
    )


def _arrays(entry: Entry) -> list[np.ndarray]:
    return [each for each in (entry.output, entry.u, entry.v, entry.v_before) if each is not None]


def _case(family: Family) -> ProofCase:
    proves = f"random networks of the {family} family: a seed draws the same network and the reference runs it the same"
    return ProofCase(f"census-{family}", proves, seeds=1000, batch=50, run=partial(count, family))


CASES = (_case("stock"), _case("held"))
