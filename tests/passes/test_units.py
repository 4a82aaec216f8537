"""The unit in which a spiking population counts: free, so that its weights fill the machine's levels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.engine import run_compiled
from neurodeploy.errors import InputError
from neurodeploy.network import NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.program.store import program_files, read_program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace

from .limits import check_population, check_projection, quantized
from .networks import chain, dense, events, random_network, stimulus, worst_jaccard

UNITS = pytest.mark.parametrize("unit", ["layer", "row"])
MACHINES = pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda n: n.name)


@UNITS
@MACHINES
def test_weights_that_powers_of_two_hold_keep_the_unit_one(unit, numerics):
    network = dense(np.random.default_rng(0).integers(-8, 9, (6, 9)) / 8)
    plain, real = (quantize(network, numerics, unit=kind).program for kind in ("power-of-two", unit))
    assert program_files(plain) == program_files(real)


@UNITS
@MACHINES
def test_weights_on_a_grid_of_any_step_become_whole(unit, numerics):
    counts = np.random.default_rng(1).integers(-20, 21, (8, 12))
    result = quantize(dense((counts * 0.0137).astype(np.float32)), numerics, unit=unit)
    ratio = result.program.projections[0].weights / np.where(counts == 0, 1, counts)
    assert np.unique(ratio[counts != 0]).size == 1
    assert result.layers[0].largest_error < 1e-6


@UNITS
def test_the_largest_weight_becomes_the_last_level(unit):
    program = quantize(chain(0), LOIHI2 if unit == "layer" else INT32, weight_bits=8, unit=unit).program
    for projection in program.projections:
        peaks = np.abs(projection.weights).max(axis=1) if unit == "row" else np.abs(projection.weights).max()
        assert np.all(peaks >= (254 if unit == "layer" else 127 * 256))


def test_rows_of_a_machine_with_one_threshold_per_population_share_a_unit():
    one_threshold = replace(LOIHI2, per_neuron_threshold=False)
    population = quantize(chain(0), one_threshold, unit="row").program.populations[0]
    assert isinstance(population.threshold, int) and isinstance(population.unit, float)


@UNITS
def test_states_stand_for_the_same_numbers_whatever_the_unit(unit):
    network = chain(2, sizes=(30, 40))
    given_events, population = events(network), network.populations[0]
    program = quantize(network, INT32, unit=unit).program
    entry = run_program(program, given_events, states=True)[population]
    expected = run_network(network, given_events, states=True)[population]
    real = entry.v_before / 2.0**entry.state_scale / entry.state_unit
    agreeing = (entry.output == expected.output).all(axis=(0, 1))
    assert agreeing.mean() > 0.9
    assert np.abs(real - expected.v_before)[:, :, agreeing].max() < 1e-3


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1), numerics=st.sampled_from([LOIHI2, INT32]), unit=st.sampled_from(["layer", "row"])
)
def test_every_integer_stays_within_the_limits_of_the_machine(seed, numerics, unit):
    program = quantized(random_network(seed), numerics, unit=unit).program
    for population in program.populations:
        check_population(population, numerics)
        assert np.all(np.asarray(population.unit) > 0)
        assert population.kind == "cuba-lif" or population.unit == 1
    for projection in program.projections:
        check_projection(projection, numerics)


def test_real_units_lose_fewer_spikes_than_powers_of_two():
    losses = {
        unit: np.mean([1 - worst_jaccard(run_network(n, events(n)), run_program(p, events(n)), n) for n, p in programs])
        for unit, programs in (
            (unit, [(n, quantize(n, INT32, weight_bits=6, unit=unit).program) for n in map(chain, range(4))])
            for unit in ("power-of-two", "layer", "row")
        )
    }
    assert losses["row"] < losses["layer"] < losses["power-of-two"]


@pytest.mark.parametrize("seed", range(6))
def test_compiled_code_and_files_carry_a_unit_per_neuron(seed, tmp_path):
    network = random_network(seed)
    program = quantize(network, INT32, unit="row").program
    again = read_program(program_files(program))
    for one, other in zip(program.populations, again.populations, strict=True):
        np.testing.assert_array_equal(one.unit, other.unit)
    expected = run_program(program, stimulus(network), states=True)
    actual = run_compiled(again, stimulus(network), states=True)
    expected.save(tmp_path / "trace.npz")
    for name, entry in Trace.load(tmp_path / "trace.npz").entries.items():
        np.testing.assert_array_equal(entry.state_unit, expected[name].state_unit)
        np.testing.assert_array_equal(actual[name].state_unit, expected[name].state_unit)
        np.testing.assert_array_equal(actual[name].output, expected[name].output)


def test_a_clamp_keeps_the_unit_of_its_layer_in_one_number():
    network = chain(3)
    clamped = replace(network, contract=network.contract.override("lif0", v_min=-0.3))
    population = quantize(clamped, INT32, unit="row").program.by_name["lif0"]
    assert isinstance(population.unit, float) and isinstance(population.floor, int)


def test_an_unknown_unit_is_refused_with_the_choices():
    with pytest.raises(InputError, match=r"-O unit.*'column' is not auto or power-of-two or layer or row"):
        quantize(dense([[1.0]]), LOIHI2, unit="column")


def test_a_channel_has_one_unit_at_its_borders_too():
    rng = np.random.default_rng(2)
    build = NetworkBuilder()
    image = build.input("input", (2, 6, 5))
    conv = build.conv("conv", image, rng.normal(size=(3, 2, 3, 3)), padding=1)
    build.output("output", build.lif("lif", conv, 5e-3, 3.0))
    result = quantize(build.build(), LOIHI2, unit="row")
    unit = np.asarray(result.program.populations[0].unit).reshape(3, -1)
    assert result.program.projections[0].kind == "conv2d"
    assert np.all(unit == unit[:, :1])
    assert np.unique(unit).size == 3


def test_by_default_narrow_weights_have_units_by_row_and_wide_ones_a_power_of_two():
    network = chain(0)
    narrow, wide = quantize(network, LOIHI2).program, quantize(network, LOIHI2, weight_bits=16).program
    by_row = quantize(network, LOIHI2, unit="row").program
    powers = quantize(network, LOIHI2, weight_bits=16, unit="power-of-two").program
    for found, same in ((narrow, by_row), (wide, powers)):
        assert all(np.array_equal(a.unit, b.unit) for a, b in zip(found.populations, same.populations, strict=True))
    assert np.ndim(narrow.populations[0].unit) == 1
    assert wide.populations[0].unit == 1


@pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda each: each.name)
def test_a_pooling_into_neurons_has_one_unit_whatever_its_window(numerics):
    build = NetworkBuilder()
    at = build.pool("pool", build.input("input", (1, 7, 7)), 3, 2, average=True)
    build.output("output", build.lif("n", at, 5e-3, 0.4))
    network = build.build()
    shown = {"input": (np.random.default_rng(0).random((2, 40, 1, 7, 7)) < 0.6).astype(float)}
    program = quantize(network, numerics).program
    assert worst_jaccard(run_network(network, shown), run_program(program, shown), network) > 0.95
