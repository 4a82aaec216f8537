"""The width of graded messages: exact where a grid is known, else traded against weight bits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.contract import Terms
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.messages import message_output
from neurodeploy.passes.pipeline import quantize
from neurodeploy.passes.values import Values, grid_of


def values(low, high, grid=None):
    return Values(np.array([low]), np.array([high]), grid)


def test_a_known_grid_takes_the_fewest_bits_that_lose_nothing():
    assert (message_output(values(0.0, 2.0, 0), 8).width, message_output(values(0.0, 2.0, 0), 8).scale) == (2, 0)
    signed = message_output(values(-4.0, 3.96875, 5), 8)
    assert (signed.width, signed.scale, signed.signed) == (8, 5, True)
    assert message_output(values(-1.0, 0.0, 0), 8).width == 2, "one bit would be a spike, whose value is +1"


@given(st.floats(-100, 0), st.floats(0.01, 100), st.integers(2, 16))
def test_every_value_fits_and_one_more_bit_of_scale_does_not(low, high, bits):
    output = message_output(values(low, high), bits)
    assert output.low <= low * 2.0**output.scale
    assert high * 2.0**output.scale <= output.high
    finer = 2.0 ** (output.scale + 1)
    assert high * finer > output.high or low * finer < output.low


@given(st.lists(st.integers(-1000, 1000), min_size=1), st.integers(0, 12))
def test_the_grid_of_numbers(integers, bits):
    numbers = np.array(integers) / 2.0**bits
    grid = grid_of(numbers)
    assert np.all(numbers * 2.0**grid == np.rint(numbers * 2.0**grid))
    assert grid == 0 or np.any(numbers * 2.0 ** (grid - 1) != np.rint(numbers * 2.0 ** (grid - 1)))
    assert grid_of(np.array([0.1])) is None


def graded_network(inputs):
    """A graded input without a grid into one neuron: weight bits and message bits share one accumulator."""
    build = NetworkBuilder(Terms())
    at = build.input("input", (inputs,), InputRange(-1.0, 1.0, None, declared=True))
    weight = np.random.default_rng(0).uniform(-1, 1, (2, inputs))
    build.output("output", build.integrate("if", build.linear("fc", at, weight), 1.0))
    return build.build()


def test_message_bits_give_way_when_the_fan_in_leaves_no_room():
    widths = [quantize(graded_network(n), LOIHI2).layers[0] for n in (4, 64, 400, 2000)]
    assert [layer.message_bits for layer in widths] == sorted((layer.message_bits for layer in widths), reverse=True)
    assert widths[0].message_bits == 8
    assert widths[-1].message_bits < 8
    for layer in widths:
        assert layer.weight_bits >= 4
        assert abs(layer.weight_bits - layer.message_bits) <= 2 or layer.message_bits == 8


def test_the_smaller_of_the_two_is_as_large_as_any_width_makes_it():
    network = graded_network(600)
    chosen = quantize(network, LOIHI2).layers[0]
    others = [quantize(network, LOIHI2, message_bits=bits).layers[0] for bits in range(3, 8)]
    best = max(min(layer.weight_bits, layer.message_bits) for layer in others)
    assert min(chosen.weight_bits, chosen.message_bits) >= best


def test_what_only_the_host_reads_may_be_wider():
    build = NetworkBuilder()
    at = build.input("input", (3,), InputRange(-1.0, 1.0, None, declared=True))
    build.output("output", build.add("sum", [build.linear("fc", at, np.random.default_rng(0).normal(size=(2, 3)))]))
    [relay] = quantize(build.build(), INT32).program.populations
    assert (relay.kind, relay.output.width) == ("relay", 16)
