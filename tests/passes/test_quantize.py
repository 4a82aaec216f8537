"""The quantizer: every integer within the machine's limits, the largest scale, and no loss where none is needed."""

from dataclasses import replace

import nir
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurodeploy.analysis.ranges import accumulator_range
from neurodeploy.network import NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

from .limits import check_population, check_projection, quantized
from .networks import graph, random_network, stimulus

MACHINES = pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda n: n.name)
SEEDS = st.integers(0, 2**32 - 1)


@MACHINES
@settings(max_examples=60)
@given(SEEDS, st.none() | st.integers(2, 8))
def test_every_integer_is_within_the_limits_of_the_machine(numerics, seed, bits):
    program = quantized(random_network(seed), numerics, weight_bits=bits).program
    for projection in program.projections:
        check_projection(projection, numerics)
    for population in program.populations:
        check_population(population, numerics)
        low, high = accumulator_range(program, population.name)
        bound = numerics.relay_bound if population.kind == "relay" else numerics.accumulator_bound
        assert max(-low.min(), high.max()) < bound


@MACHINES
@settings(max_examples=60)
@given(SEEDS)
def test_networks_of_few_bits_lose_nothing(numerics, seed):
    network = random_network(seed, exact=True)
    result = quantized(network, numerics, message_bits=16)
    assume(all(layer.exact for layer in result.layers))
    given_ = stimulus(network)
    expected, actual = run_network(network, given_, states=True), run_program(result.program, given_)
    for name in network.populations:
        if expected[name].v_before is not None:  # a decaying membrane may saturate
            room = 2.0 ** (numerics.membrane_bits - 1 - numerics.state_shift - result.program.by_name[name].scale)
            assume(np.abs(expected[name].v_before).max() < room)
        grid = 2.0 ** -actual[name].scale
        assume(np.all(np.mod(expected[name].values, grid) == 0))  # a sum may need more bits than a message has
        assert np.array_equal(expected[name].values, actual[name].values), name


@MACHINES
def test_a_membrane_that_never_decays_has_all_the_room_that_costs_nothing(numerics):
    weight, steps = np.array([[-1.25], [1.25]]), 700
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (1,)), weight)
    build.output("output", build.integrate("if", at, 0.75, reset="subtract"))
    network = build.build()
    program = quantize(network, numerics).program
    assert program.by_name["if"].scale <= 3
    given_ = {"input": np.ones((1, steps, 1))}
    actual = run_program(program, given_, states=True)["if"]
    assert np.array_equal(actual.v_before / 2.0**actual.state_scale, run_network(network, given_, True)["if"].v_before)
    assert actual.v_before.min() / 2.0**actual.state_scale == -1.25 * steps


@MACHINES
@settings(max_examples=80)
@given(SEEDS, st.floats(0.05, 4.0), st.floats(-1.0, 1.0), st.integers(1, 40), st.booleans())
def test_the_scale_is_the_largest_that_fits(numerics, seed, threshold, bias, inputs, one_sign):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(3, inputs))
    weight = np.abs(weight) if one_sign else weight
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (inputs,)), weight, np.full(3, bias))
    build.output("output", build.integrate("if", at, threshold))
    result = quantized(build.build(), numerics, unit="power-of-two")
    k = result.program.by_name["if"].scale

    def fits(k):
        state = 2.0 ** (k + numerics.state_shift)
        worst = max(np.maximum(weight, 0).sum(1).max(), -np.minimum(weight, 0).sum(1).min())
        largest_bias = ((1 << (numerics.bias_mantissa_bits - 1)) - 1) << numerics.bias_exponent_max
        mixed = weight.min() < 0 < weight.max()
        top, low = {"twos-complement": (32767, 32768), "sign-magnitude": (254, 256) if mixed else (255, 255)}[
            numerics.weight_rule
        ]
        return (
            threshold * 2.0**k <= numerics.threshold_max
            and abs(bias) * state <= largest_bias
            and worst * 2.0**k < numerics.accumulator_bound
            and weight.max() * 2.0**k <= top << numerics.shift_max
            and -weight.min() * 2.0**k <= low << numerics.shift_max
        )

    assert fits(k)
    if fits(k + 1):  # rounding up alone can cross the bound: then one more bit must really cross it
        up = 2.0 ** (k + 1)
        step = 2.0 ** (result.layers[0].shift + 1) * (2 if not one_sign and numerics is LOIHI2 else 1)
        rounded = np.rint(weight * up / step) * step
        assert max(np.maximum(rounded, 0).sum(1).max(), -np.minimum(rounded, 0).sum(1).min()) >= (
            numerics.accumulator_bound
        )


@MACHINES
@settings(max_examples=12)
@given(SEEDS, st.floats(1e-3, 5e-2), st.floats(1e-3, 5e-2), st.booleans())
def test_slow_currents_and_sent_membranes_never_leave_their_width(numerics, seed, tau_syn, tau_mem, spiking):
    rng = np.random.default_rng(seed)
    one, weight = np.ones(1), rng.normal(size=(1, 4))
    parameters = (tau_syn * one, tau_mem * one, one, 0.1 * one)
    node = nir.CubaLIF(*parameters, 1e3 * one) if spiking else nir.CubaLI(*parameters)
    edges = [("input", "fc"), ("fc", "m")]
    program = quantized(graph({"fc": nir.Linear(weight), "m": node}, edges, inputs=(4,)), numerics).program
    unlimited = replace(numerics, current_bits=48, membrane_bits=48, wide_bits=60)
    for active in (weight > 0, weight < 0):
        worst = {"input": np.broadcast_to(active, (1, 150, 4)).astype(float)}
        expected = run_program(replace(program, numerics=unlimited), worst, states=True)["m"]
        actual = run_program(program, worst, states=True)["m"]
        assert np.array_equal(actual.u, expected.u)
        assert spiking or np.array_equal(actual.v, expected.v)
