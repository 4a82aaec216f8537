"""Random integer networks: the reference equals real Lava in every output, membrane and current.

A slice of the seeds; ``make proof`` runs them all.
"""

import pytest
from neurodeploy.targets.loihi_sim import TARGET
from neurodeploy.targets.loihi_sim.runner import Run, run_many

from neurodeploy.conformance import Family, case_census, differing_cells, generate
from neurodeploy.reference.program_runner import run_program

from .lava import lava

__all__ = ["lava"]
SEEDS: dict[Family, range] = {"stock": range(0, 200, 20), "held": range(0, 100, 20)}


@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("family", ["stock", "held"])
def test_real_lava_equals_the_reference(family: Family) -> None:
    cases = [generate(seed, family) for seed in SEEDS[family]]
    artifacts = [TARGET.lower(case.program, {"neurons": family}) for case in cases]
    own = [any("own process model" in note for note in artifact.notes) for artifact in artifacts]
    assert all(own) if family == "held" else not any(own)
    runs = [Run(artifact, case.stimulus, states=True) for artifact, case in zip(artifacts, cases, strict=True)]
    for case, trace in zip(cases, run_many(runs), strict=True):
        assert not differing_cells(run_program(case.program, case.stimulus, states=True), trace), case.name
    lively = sum(case_census(case).lively for case in cases)
    assert lively >= 0.8 * len(cases)
