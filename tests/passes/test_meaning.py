"""What a network means to its program: feedback, currents, leaks, membranes, shared biases, reports."""

from dataclasses import replace

import nir
import numpy as np
import pytest
from hypothesis import strategies as st

from neurodeploy.analysis.ranges import accumulator_range
from neurodeploy.contract import Contract, Terms
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

from .networks import dense, graph, lif, recurrent_network, stimulus

MACHINES = pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda n: n.name)
SEEDS = st.integers(0, 2**32 - 1)


def test_fewer_weight_bits_are_used_where_asked():
    network = dense(np.random.default_rng(0).normal(size=(20, 30)))
    for numerics in (LOIHI2, INT32):
        for bits in range(2, 9):
            result = quantize(network, numerics, weight_bits=bits)
            weights = result.program.projections[0].weights
            assert result.layers[0].weight_bits <= bits
            assert 2 ** (bits - 2) < len(np.unique(weights)) <= 2**bits


def test_two_bit_weights_of_a_large_fan_in_are_not_all_zero():
    rng = np.random.default_rng(0)
    network = dense(rng.choice([-0.5, 0.0, 0.5], size=(4, 3000)), threshold=40.0)
    result = quantize(network, LOIHI2, weight_bits=2)
    assert result.layers[0].exact
    assert result.layers[0].weight_bits == 2


def test_a_sum_inside_a_loop_that_holds_a_neuron_is_bounded():
    nodes = {"sum": nir.Scale(np.ones(2)), "lif": lif(), "after": nir.Scale(np.ones(2)), "last": lif()}
    edges = [("input", "sum"), ("sum", "lif"), ("lif", "after"), ("after", "sum"), ("after", "last")]
    network = graph(nodes, edges)
    given_ = stimulus(network)
    trace = run_program(quantize(network).program, given_)
    expected = run_network(network, given_)
    for name in network.populations:
        assert np.array_equal(trace[name].values, expected[name].values), name


@MACHINES
@pytest.mark.parametrize("delay", [1, 3])
def test_recurrent_networks_of_few_bits_lose_nothing(numerics, delay):
    network = recurrent_network(delay=delay)
    given_ = stimulus(network, steps=12, samples=4)
    expected, actual = run_network(network, given_), run_program(quantize(network, numerics).program, given_)
    assert 0.05 < expected["lif"].output.mean() < 0.95
    assert np.array_equal(expected["lif"].output, actual["lif"].output)
    silent = replace(network, graph=recurrent_network(weight=np.zeros((4, 4))).graph)
    assert not np.array_equal(run_network(silent, given_)["lif"].output, expected["lif"].output)


@MACHINES
@pytest.mark.parametrize("bias", [0.0, 0.25, -0.125])
@pytest.mark.parametrize("stateless", [False, True])
def test_a_synaptic_current_under_bias_settles_as_in_the_network(numerics, bias, stateless):
    one = np.ones(2)
    cuba = nir.CubaLIF(4e-3 * one, 2e-3 * one, one, 0.25 * one, 0.4 * one)
    nodes = {"fc": nir.Affine(np.array([[1.5, -0.5], [0.5, 0.75]]), np.full(2, bias)), "cuba": cuba}
    timing = "every-step" if stateless else "same-step"
    network = graph(nodes, [("input", "fc"), ("fc", "cuba")], Contract(Terms(reset_timing=timing)))
    given_ = stimulus(network, steps=60)
    expected = run_network(network, given_, states=True)["cuba"]
    actual = run_program(quantize(network, numerics).program, given_, states=True)["cuba"]
    assert np.array_equal(expected.output, actual.output)
    np.testing.assert_allclose(actual.v_before / 2.0**actual.state_scale, expected.v_before, atol=3e-4)


@MACHINES
def test_leak_and_reset_values(numerics):
    build = NetworkBuilder(Terms(dt=1e-3, reset="value"))
    at = build.linear("fc", build.input("input", (3,)), [[1.5, -1.0, 0.5]])
    build.output("output", build.lif("lif", at, 2e-3, 0.75, v_leak=0.5, v_reset=-0.25))
    network = build.build()
    given_ = stimulus(network, samples=8)
    expected, actual = run_network(network, given_), run_program(quantize(network, numerics).program, given_)
    assert 0 < expected["lif"].output.mean() < 1
    assert np.array_equal(expected["lif"].output, actual["lif"].output)


@MACHINES
@pytest.mark.parametrize("kind", ["I", "LI", "CubaLI"])
@pytest.mark.parametrize("v_min", [None, 0.0])
def test_non_spiking_neurons_send_their_membrane(numerics, kind, v_min):
    one = np.ones(2)
    node = {
        "I": nir.I(125 * one),
        "LI": nir.LI(2e-3 * one, one, 0.25 * one),
        "CubaLI": nir.CubaLI(4e-3 * one, 2e-3 * one, one, 0.25 * one),
    }[kind]
    terms = Terms(v_min=v_min, fire_once=True, max_spikes_per_step=5)
    nodes = {"fc": nir.Linear(np.array([[1.0, -0.5], [-0.75, 0.25]])), "m": node}
    edges = [("input", "fc"), ("fc", "m"), ("m", "output")]
    network = graph({**nodes, "output": nir.Output({"output": np.array([2])})}, edges, Contract(terms))
    given_ = stimulus(network, steps=40)
    program = quantize(network, numerics).program
    assert (program.by_name["m"].kind, program.by_name["m"].reset, program.by_name["m"].fire_once) == (
        "li",
        "none",
        False,
    )
    expected, actual = run_network(network, given_)["m"], run_program(program, given_)["m"]
    np.testing.assert_allclose(actual.values, expected.values, atol=2e-3)
    assert (expected.values.min() < 0) == (v_min is None)


def test_a_membrane_without_leak_has_room_for_256_steps_and_then_saturates():
    network = graph({"m": nir.I(1e3 * np.ones(2))}, [("input", "m")])
    values = run_program(quantize(network, LOIHI2).program, {"input": np.ones((1, 600, 2))})["m"]
    assert values.values[0, :255, 0].tolist() == list(range(1, 256))
    assert np.all(np.diff(values.output[0, :, 0]) >= 0)
    assert values.output[0, -1, 0] == 2**23 - 1


def test_populations_without_inputs_and_without_weights():
    nodes = {
        "lif": lif(),
        "pace": nir.LIF(*(np.full(3, v) for v in (2e-3, 1.0, 4.0, 1.0))),
        "w": nir.Linear(np.zeros((2, 3))),
    }
    network = graph(nodes, [("input", "lif"), ("pace", "w"), ("w", "lif")])
    given_ = stimulus(network)
    expected, actual = run_network(network, given_), run_program(quantize(network).program, given_)
    assert expected["pace"].output.all()
    for name in network.populations:
        assert np.array_equal(expected[name].output, actual[name].output)


@MACHINES
def test_several_inputs_and_branches_share_one_bias(numerics):
    nodes = {
        "other": nir.Input({"input": np.array([2])}),
        "a": nir.Affine(np.eye(2), np.full(2, 0.25)),
        "both": nir.Affine(np.eye(2) * 0.5, np.full(2, 0.125)),
        "if": nir.IF(np.full(2, 1e3), np.full(2, 1.0)),
    }
    edges = [("input", "a"), ("a", "both"), ("other", "both"), ("input", "both"), ("both", "if")]
    network = graph(nodes, edges)
    given_ = stimulus(network, steps=30)
    expected, actual = run_network(network, given_), run_program(quantize(network, numerics).program, given_)
    assert np.array_equal(expected["if"].output, actual["if"].output)
    names = [projection.name for projection in quantize(network, numerics).program.projections]
    assert len(set(names)) == 3


def test_thresholds_per_channel_on_int32():
    build = NetworkBuilder(Terms(fires_at=">="))
    at = build.conv("conv", build.input("input", (1, 5, 5)), np.full((2, 1, 3, 3), 0.5), padding=1)
    build.output("output", build.integrate("if", at, [1.0, 2.5], v_min=0.0))
    network = build.build()
    given_ = stimulus(network)
    program = quantize(network, INT32).program
    expected, actual = run_network(network, given_), run_program(program, given_)
    assert np.array_equal(expected["if"].output, actual["if"].output)
    assert program.by_name["if"].threshold.shape == (2, 5, 5)


def test_a_flat_population_behind_a_convolution():
    build = NetworkBuilder()
    at = build.conv("conv", build.input("input", (2, 5, 5)), np.random.default_rng(0).integers(-4, 5, (3, 2, 3, 3)) / 4)
    build.output("output", build.lif("lif", build.flatten("flat", at), 1e-3, 1.25))
    network = build.build()
    program = quantize(network).program
    assert (program.projections[0].kind, program.projections[0].weights.shape) == ("sparse", (27, 50))
    given_ = stimulus(network)
    assert np.array_equal(run_network(network, given_)["lif"].output, run_program(program, given_)["lif"].output)


def test_graded_inputs_keep_their_declared_grid():
    program = quantize(dense([[1.0, -0.5]], values=InputRange(-1.0, 0.0, 1.0, declared=True)), LOIHI2).program
    given_ = {"input": np.array([[[-1.0, 0.0], [0.0, -1.0], [-1.0, -1.0]]])}
    assert run_program(program, given_)["input"].values.tolist() == given_["input"].tolist()
    assert program.projections[0].message_bits == 2


def test_reports_tell_bits_errors_and_slow_currents():
    network = recurrent_network("cuba")
    result = quantize(network, LOIHI2)
    assert [layer.projection for layer in result.layers] == ["fc", "rec"]
    worst = np.abs(accumulator_range(result.program, "lif")).max()
    assert [layer.worst_case_input for layer in result.layers] == [
        max(np.abs(accumulator_range(result.program, "lif")).flat)
    ] * 2
    [report] = result.neurons
    assert report.population == "lif"
    assert report.threshold_error <= 2.0**-report.scale
    assert report.membrane_decay_error == 0.0
    assert report.largest_current == pytest.approx(4 * worst / 2**17)
    assert not report.can_overflow


@MACHINES
@pytest.mark.parametrize("delay", [1, 3])
def test_a_feedback_bias_that_is_applied_from_the_start_loses_nothing(numerics, delay):
    network = recurrent_network(delay=delay, feedback_bias=0.25)
    applied = replace(network, contract=Contract(Terms(recurrent_delay=delay, recurrent_bias_at_start="applied")))
    given_ = stimulus(network, steps=12, samples=4)
    expected = run_network(applied, given_)["lif"].output
    assert np.array_equal(expected, run_program(quantize(applied, numerics).program, given_)["lif"].output)
    assert not np.array_equal(expected, run_network(network, given_)["lif"].output)


@MACHINES
@pytest.mark.parametrize("feedback", [False, True])
def test_a_delay_of_whole_steps_becomes_the_delay_of_its_connection(numerics, feedback):
    wait, edges = nir.Delay(3e-3 * np.ones(2)), [("input", "fc"), ("fc", "lif")]
    nodes = {"fc": nir.Linear(np.array([[1.5, 0.5], [-0.5, 1.0]])), "lif": lif(), "wait": wait}
    edges += [("lif", "back"), ("back", "wait"), ("wait", "lif")] if feedback else []
    nodes["back"] = nir.Linear(np.array([[0.0, -0.5], [-0.25, 0.0]]))
    if not feedback:
        edges, nodes = [("input", "wait"), ("wait", "fc"), ("fc", "lif")], {k: nodes[k] for k in ("fc", "lif", "wait")}
    network = graph(nodes, edges)
    given_ = stimulus(network, steps=30)
    program = quantize(network, numerics).program
    assert [each.delay for each in program.projections] == ([0, 4] if feedback else [3])
    expected = run_network(network, given_)["lif"].output
    assert 0.05 < expected.mean() < 0.95
    assert np.array_equal(expected, run_program(program, given_)["lif"].output)
