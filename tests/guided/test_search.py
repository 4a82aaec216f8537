"""A search finds what exercises a program, the same for the same seed, within the values that its inputs take."""

import numpy as np
import pytest

from neurodeploy.flow import quantize
from neurodeploy.guided import Effort, guided_stimulus
from neurodeploy.guided.families import FAMILIES, mutated, scaled
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.numerics import LOIHI2
from neurodeploy.parity.coverage import coverage
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimuli import open_stimulus
from tests.cli.support import small_network


def picky() -> Network:
    """Neurons that fire for one arrangement of signs out of sixteen each, on inputs from -1 to 1."""
    signs = np.array([[1 if n >> bit & 1 else -1 for bit in range(4)] for n in range(16)], float)
    build = NetworkBuilder()
    start = build.input("input", (4,), InputRange(-1.0, 1.0, 0.25, declared=True))
    build.output("output", build.integrate("cells", build.linear("fc", start, signs), 3.9, reset="zero"))
    return build.build()


def test_a_search_reaches_what_noise_does_not() -> None:
    network = picky()
    program = quantize(network, LOIHI2).program
    noise = coverage(program, run_program(program, open_stimulus(None, network, steps=6, samples=12), states=True))
    found = guided_stimulus(program, network, 6, effort=Effort(400))
    reached = coverage(program, run_program(program, found, states=True))
    assert noise["cells"]["neurons_fired"] < 0.5
    assert reached["cells"]["neurons_fired"] == 1.0
    assert reached["cells"]["synapses_active"] == 1.0


def test_the_same_seed_finds_the_same_samples() -> None:
    network = small_network()
    program = quantize(network, LOIHI2).program
    first, again, other = (guided_stimulus(program, network, 8, seed, Effort(40, 3)) for seed in (1, 1, 2))
    assert first.batch <= 3
    np.testing.assert_array_equal(first["input"], again["input"])
    assert first["input"].shape != other["input"].shape or np.any(first["input"] != other["input"])
    assert str(first.origin) == "guided search, seed 1"


@pytest.mark.parametrize("shape", [(3,), (2, 5), (2, 4, 4), (1,)])
def test_every_family_stays_within_the_range_and_on_the_grid_of_its_input(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    for draw in FAMILIES.values():
        sample, mate = draw(rng, 7, shape), draw(rng, 7, shape)
        for made in (sample, *(mutated(rng, sample, mate) for _ in range(12))):
            assert made.shape == (7, *shape)
            for low, high, grid in ((0.0, 1.0, 1.0), (-4.0, 3.96875, 0.03125), (0.0, 15.0, 1.0), (2.0, 3.0, None)):
                values = scaled(made, low, high, grid)
                assert values.min() >= low and values.max() <= high
                assert grid is None or np.all(values % grid == 0)
