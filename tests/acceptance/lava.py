"""What the tests on real Lava share."""

from __future__ import annotations

import pytest
from neurodeploy.targets.loihi_sim import TARGET, environment

from neurodeploy.flow import lower
from neurodeploy.network.network import Network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace


@pytest.fixture(scope="session")
def lava() -> None:
    """Lava's environment; installed if it is missing."""
    environment.install()


def program_and_lava(network: Network, stimulus: Stimulus) -> tuple[Trace, Trace]:
    """The program's trace by the reference, and by real Lava, both with states."""
    artifact = lower(network, TARGET).artifact
    expected = run_program(artifact.program, stimulus, states=True)
    return expected, TARGET.run(artifact, stimulus, states=True)


def activity(trace: Trace, node: str) -> float:
    """Fraction of a node's cells that fired."""
    return float((trace[node].output != 0).mean())
