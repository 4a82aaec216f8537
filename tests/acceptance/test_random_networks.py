"""Random networks of stock processes only: the reference equals real Lava in every output, membrane and current.

A slice of the seeds; ``make proof`` runs them all, and the conformance suite draws networks of our own processes.
"""

import pytest
from neurodeploy.targets.loihi_sim import TARGET
from neurodeploy.targets.loihi_sim.runner import Run, run_many

from neurodeploy.conformance import case_census, differing_cells, generate
from neurodeploy.reference.program_runner import run_program

from .lava import lava

__all__ = ["lava"]
SEEDS = range(0, 200, 40)


@pytest.mark.usefixtures("lava")
def test_real_lava_equals_the_reference() -> None:
    cases = [generate(seed, "stock") for seed in SEEDS]
    artifacts = [TARGET.lower(case.program, {"neurons": "stock"}) for case in cases]
    assert not any("own process model" in note for artifact in artifacts for note in artifact.notes)
    runs = [Run(artifact, case.stimulus, states=True) for artifact, case in zip(artifacts, cases, strict=True)]
    for case, trace in zip(cases, run_many(runs), strict=True):
        assert not differing_cells(run_program(case.program, case.stimulus, states=True), trace), case.name
    lively = sum(case_census(case).lively for case in cases)
    assert lively >= 0.8 * len(cases)
