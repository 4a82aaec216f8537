"""Weights wider than the machine's: two projections whose exponents differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.errors import InputError
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2
from neurodeploy.passes.machine import split, widest_weights
from neurodeploy.passes.pipeline import quantize
from neurodeploy.program.projection import Projection
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from tests.passes.limits import check_population, check_projection, quantized
from tests.passes.networks import random_network, stimulus

SEEDS = st.integers(0, 10**6)
SIGNS = ["mixed", "positive", "negative"]


def jaccard(a, b):
    return np.minimum(a, b).sum() / max(np.maximum(a, b).sum(), 1)


@given(st.integers(1, 8), st.sampled_from([1, 2]), SEEDS)
def test_the_parts_of_fine_integers_add_up_to_them(low_bits, step, seed):
    rng = np.random.default_rng(seed)
    integers = rng.integers(-(127 << low_bits), 128 << low_bits, 20) * int(rng.integers(0, 2) * 2 - 1)
    integers = np.clip(integers, -(127 << low_bits), None)
    upper, lower = split(integers, low_bits, step)
    assert np.array_equal(upper // step * 2**low_bits + lower, integers)
    assert np.abs(lower).max(initial=0) < 2**low_bits
    assert not (np.any(lower > 0) and np.any(lower < 0))
    assert np.all(upper % step == 0)


@pytest.mark.parametrize("bits", [9, 12, 16])
@given(SEEDS)
def test_both_parts_keep_to_the_limits_of_the_machine(bits, seed):
    network = random_network(seed)
    program = quantized(network, LOIHI2, weight_bits=bits).program
    for population in program.populations:
        check_population(population, LOIHI2)
    for projection in program.projections:
        check_projection(projection, LOIHI2)
    run_program(program, stimulus(network))


def wide(signs, kind, seed=3):
    """One path of real weights as a program with 16 bits, and its weights in units of the accumulator."""
    rng = np.random.default_rng(seed)
    build = NetworkBuilder()
    at = build.input("input", (2, 6, 5))
    shape = (3, 2, 3, 2) if kind == "conv" else (7, 60)
    weight = rng.normal(size=shape) * 0.1
    weight = {"mixed": weight, "positive": np.abs(weight), "negative": -np.abs(weight)}[signs]
    at = build.conv("w", at, weight) if kind == "conv" else build.linear("w", build.flatten("flat", at), weight)
    build.output("output", build.threshold("n", at, 0.5))
    return weight, quantize(build.build(), LOIHI2, weight_bits=16)


@pytest.mark.parametrize("kind", ["dense", "conv"])
@pytest.mark.parametrize("signs", SIGNS)
def test_two_projections_are_finer_than_one_by_up_to_eight_bits(signs, kind):
    weight, result = wide(signs, kind)
    upper, lower = result.program.projections
    assert (upper.name, lower.name) == ("w", "w.low")
    scale = 2.0 ** result.program.populations[0].scale
    total = upper.weights * 2.0**upper.shift + lower.weights * 2.0**lower.shift
    error = np.abs(total / scale - weight).max()
    assert error <= 0.5 * 2.0**lower.shift / scale
    assert error < 1 / 64 * np.abs(weight).max() / 256
    assert result.layers[0].largest_error == pytest.approx(error)


@pytest.mark.parametrize("largest", [254.0, 255.0, 256.0, 257.0, 510.0, 511.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_last_level_of_one_sign(largest, sign):
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), [[sign * largest, sign * 3.0]])
    build.output("output", build.threshold("n", at, 90.0))
    for bits in range(9, 17):
        program = quantize(build.build(), LOIHI2, weight_bits=bits).program
        for projection in program.projections:
            check_projection(projection, LOIHI2)


def test_weights_that_one_projection_holds_stay_one_projection():
    program = quantize(random_network(4, exact=True), LOIHI2, weight_bits=16).program
    narrow = quantize(random_network(4, exact=True), LOIHI2).program
    assert len(program.projections) == len(narrow.projections)


@given(SEEDS)
def test_wider_weights_are_never_further_from_the_network(seed):
    network = random_network(seed)
    narrow = quantized(network, LOIHI2, unit="power-of-two")
    both = quantized(network, LOIHI2, weight_bits=16)
    errors = {layer.projection: layer.largest_error for layer in narrow.layers}
    assert all(layer.largest_error <= errors.get(layer.projection, np.inf) * (1 + 1e-9) for layer in both.layers)


def test_a_deep_network_keeps_its_spikes():
    network, events = chain()
    expected = run_network(network, events)
    found = {bits: run_program(quantize(network, LOIHI2, weight_bits=bits).program, events) for bits in (8, 16)}
    worst = {
        bits: min(jaccard(expected[name].output, trace[name].output) for name in network.populations)
        for bits, trace in found.items()
    }
    assert worst[16] > 0.99 > worst[8]


def chain():
    """Six layers of 40 neurons without structure, and spikes."""
    rng = np.random.default_rng(0)
    build = NetworkBuilder()
    at = build.input("input", (40,))
    for number in range(6):
        at = build.linear(f"fc{number}", at, rng.normal(size=(40, 40)) * 0.35)
        at = build.lif(f"n{number}", at, 5e-3, 0.25)
    build.output("output", at)
    return build.build(), {"input": (rng.random((4, 60, 40)) < 0.2).astype(float)}


def test_a_number_per_layer():
    network, _ = chain()
    result = quantize(network, LOIHI2, weight_bits={"fc0": 16, "fc2": 4, "*": 6})
    names = [projection.name for projection in result.program.projections]
    assert names[:4] == ["fc0", "fc0.low", "fc1", "fc2"]
    bits = {layer.projection: layer.weight_bits for layer in result.layers}
    assert (bits["fc1"], bits["fc2"]) == (6, 4)
    assert bits["fc0"] > 8


def test_a_layer_that_does_not_exist_is_named():
    with pytest.raises(InputError, match="no layer is called 'fc9'"):
        quantize(chain()[0], LOIHI2, weight_bits={"fc9": 4})


def test_a_machine_without_shifts_has_no_second_part():
    assert widest_weights(INT32) == 16
    assert widest_weights(XYLO_V2) == XYLO_V2.weight_bits == 8  # it shifts nothing that arrives
    with pytest.raises(InputError, match="from 1 to 16"):
        quantize(chain()[0], INT32, weight_bits=17)


def test_the_cost_is_told():
    _, result = wide("mixed", "dense")
    parts: list[Projection] = list(result.program.projections)
    assert sum(part.weights.size for part in parts) == 2 * parts[0].weights.size


def test_the_lower_part_is_no_wider_than_the_accumulator_leaves_room_for():
    """Beside 8-bit messages the accumulator leaves ten bits, of which the lower part then has few."""
    rng = np.random.default_rng(0)
    build = NetworkBuilder()
    at = build.input("input", (2, 8, 8), InputRange(-4.0, 3.96875, 1 / 32, declared=True))
    at = build.conv("conv", at, rng.normal(size=(4, 2, 3, 3)) * 0.2, padding=1)
    build.output("output", build.lif("lif", at, 5e-3, 0.5))
    _, lower = quantize(build.build(), LOIHI2, weight_bits=16).program.projections
    assert 0 < lower.weights.max() < 16
