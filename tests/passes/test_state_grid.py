"""A population on a grid of its own: the quantizer takes its scale from there, and its integers are the machine's."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import CannotRepresentError, RefusedError
from neurodeploy.frontends.lava_dl.chain import cuba_node
from neurodeploy.frontends.lava_dl.layers import Cuba
from neurodeploy.network import NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.profiles.lava_dl import PROFILE
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

X = {"input": (np.random.default_rng(0).random((2, 100, 6)) < 0.4).astype(float)}


def network(threshold=4.0, bias=None, grid=PROFILE.terms.state_grid):
    build = NetworkBuilder(replace(PROFILE.terms, state_grid=grid))
    weights = np.random.default_rng(1).integers(-20, 40, (5, 6)) / 32
    at = build.linear("w", build.input("input", (6,)), weights, bias)
    neuron = cuba_node(Cuba(900, 140, int(64 * threshold)), (5,), np.zeros(5), build.dt)
    build.output("output", build.place("n", at, neuron))
    return build.build()


@pytest.mark.parametrize(("numerics", "scale"), [(LOIHI2, 6), (INT32, 12)], ids=["loihi2", "int32"])
def test_the_scale_is_that_of_the_grid_and_the_raster_the_same(numerics, scale):
    made = network()
    program = quantize(made, numerics).program
    assert program.by_name["n"].scale == scale
    expected = run_network(made, X)["n"].output
    assert expected.sum() > 50
    assert np.array_equal(run_program(program, X)["n"].output, expected)


def test_without_the_grid_the_truncation_is_noticed():
    stepped, real = (run_network(network(grid=grid), X, states=True)["n"].v for grid in (2.0**-12, None))
    assert np.all(stepped == np.rint(stepped * 4096) / 4096)
    assert np.any(stepped != real)


def test_a_threshold_that_does_not_fit_at_that_scale_is_told():
    with pytest.raises(CannotRepresentError, match=r"asks for the scale 2\^6") as error:
        quantize(network(threshold=3000.0), LOIHI2)
    assert error.value.where == "node n"


def test_a_constant_into_a_decaying_current_is_refused():
    with pytest.raises(RefusedError, match="rounds in every step"):
        quantize(network(bias=np.full(5, 0.25)), LOIHI2)


ODD = {"two": ([[21.0, -9.0]], 41.0, -3), "one": ([[1.0, -1.0]], 2.0, -7), "even": ([[20.0, -8.0]], 41.0, 0)}


@pytest.mark.parametrize("name", ODD)
def test_odd_weights_of_two_signs_stand_on_their_grid_with_a_negative_exponent(name):
    """Lava's netx carries them as multiples of 2 with an exponent below 0: none is rounded."""
    weights, threshold, least = ODD[name]
    build = NetworkBuilder(PROFILE.terms)
    at = build.linear("w", build.input("input", (2,)), np.array(weights) / 64)
    neuron = cuba_node(Cuba(4096, 0, int(threshold)), (1,), np.zeros(1), build.dt)
    build.output("output", build.place("n", at, neuron))
    made = build.build()
    x = {"input": (np.random.default_rng(0).random((2, 100, 2)) < 0.6).astype(float)}
    quantized = quantize(made, LOIHI2)
    [layer], [projection] = quantized.layers, quantized.program.projections
    assert layer.exact
    assert least <= projection.shift <= min(least + 7, 0)
    assert (projection.shift < 0) == (name != "even")
    assert np.array_equal(projection.weights * 2.0**projection.shift, weights)
    expected = run_network(made, x)["n"].output
    assert expected.any()
    assert np.array_equal(run_program(quantized.program, x)["n"].output, expected)
