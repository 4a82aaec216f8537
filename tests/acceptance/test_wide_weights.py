"""Weights of 16 bits on 8-bit hardware, a unit per row: real Lava, the engine and C equal the reference everywhere."""

import numpy as np
import pytest
from neurodeploy.targets.c import TARGET as C
from neurodeploy.targets.fixed import TARGET as FIXED
from neurodeploy.targets.loihi_sim import TARGET as LOIHI_SIM

from neurodeploy.conformance import differing_cells
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus

from .lava import lava

__all__ = ["lava"]
TARGETS = {"fixed": FIXED, "c": C, "loihi-sim": LOIHI_SIM}


def network() -> Network:
    """A convolution with padding, then a dense layer onto neurons with a decaying current."""
    rng = np.random.default_rng(5)
    build = NetworkBuilder()
    at = build.input("input", (2, 7, 6))
    at = build.conv("conv", at, rng.normal(size=(4, 2, 3, 3)) * 0.2, rng.normal(size=4) * 0.01, stride=2, padding=1)
    at = build.flatten("flat", build.lif("lif", at, 5e-3, 0.15))
    at = build.linear("fc", at, rng.normal(size=(9, 48)) * 0.2)
    build.output("output", build.cuba_lif("cuba", at, 3e-3, 6e-3, 0.1, reset="subtract"))
    return build.build()


def program() -> Program:
    return quantize(network(), LOIHI2, weight_bits=16, unit="row").program


STIMULUS = Stimulus({"input": (np.random.default_rng(6).random((3, 40, 2, 7, 6)) < 0.25).astype(float)})


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_equals_the_reference(target: str, lava: None) -> None:
    wide = program()
    assert sum(projection.name.endswith(".low") for projection in wide.projections) == 2
    trace = TARGETS[target].run(TARGETS[target].lower(wide, {}), STIMULUS, states=True)
    assert not differing_cells(run_program(wide, STIMULUS, states=True), trace)


def test_the_spikes_are_those_of_the_network() -> None:
    expected, found = run_network(network(), STIMULUS), run_program(program(), STIMULUS)
    for name in network().populations:
        a, b = expected[name].output, found[name].output
        assert np.minimum(a, b).sum() > 0.99 * np.maximum(a, b).sum() > 50
