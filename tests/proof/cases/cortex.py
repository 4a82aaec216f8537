"""The exported C as firmware, on a board that QEMU emulates; every output and every state equals the reference's."""

# pyright: reportMissingImports=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

from collections import Counter

import numpy as np
from neurodeploy.targets.cortex_m import TARGET
from neurodeploy.targets.cortex_m.board import BOARDS
from neurodeploy.targets.cortex_m.runner import available, run_many

from neurodeploy.conformance import census, differing_cells, generate
from neurodeploy.embedded.job import job
from neurodeploy.reference.program_runner import run_program
from tests.proof.case import Counts, ProofCase
from tests.proof.cases.census import counts

FAMILIES = ("stock", "held")


def count(seeds: range) -> Counts:
    """Deploy every seed's network, run all as one firmware, and compare; a seed fails where a single cell differs.

    Families and boards alternate by seed and by unit of work.
    """
    machine = tuple(BOARDS)[seeds.start // len(seeds) % len(BOARDS)]
    cases = [generate(seed, FAMILIES[seed % 2]) for seed in seeds]
    artifacts = [
        TARGET.lower(case.program, {"prefix": f"p{seed}", "machine": machine})
        for seed, case in zip(seeds, cases, strict=True)
    ]
    jobs = [job(a, case.stimulus, states=True) for a, case in zip(artifacts, cases, strict=True)]
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed, case, trace in zip(seeds, cases, run_many(jobs), strict=True):
        expected = run_program(case.program, case.stimulus, states=True)
        counted = census(case.program, expected)
        tallies.update(counts(counted))
        tallies["spikes"] += sum(each.fired for each in counted.activity)
        tallies["steps"] += int(np.prod(expected.entries[case.program.inputs[0].name].output.shape[:2]))
        if differing_cells(expected, trace):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


CASES = (
    ProofCase(
        "cortex-m",
        "random networks of both families, 100 steps: the exported C on an emulated Cortex-M4 or M7 equals the "
        "reference in every output, membrane and current",
        seeds=50,
        batch=10,
        run=count,
        lacks=available,
    ),
)
