"""The quantizer refuses, by name and with the numbers, what a machine or integers cannot hold."""

import re
from dataclasses import replace

import nir
import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.errors import CannotRepresentError, InputError, RefusedError
from neurodeploy.network import NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

from .networks import dense, graph, lif, recurrent_network


def test_bits_that_leave_no_level_are_an_error():
    network = dense([[1.0, -1.0]])
    with pytest.raises(CannotRepresentError, match="2 bits"):
        quantize(network, LOIHI2, weight_bits=1)
    assert quantize(dense([[1.0, 0.0]]), LOIHI2, weight_bits=1).layers[0].exact
    for bad in ({"weight_bits": 0}, {"message_bits": 1}):
        with pytest.raises(InputError):
            quantize(network, **bad)


def test_a_threshold_that_rounds_to_zero_is_an_error_with_the_numbers():
    with pytest.raises(CannotRepresentError, match=r"0\.0001.*rounds to 0") as error:
        quantize(dense(np.full((1, 50), 100.0), threshold=1e-4), LOIHI2)
    assert error.value.where == "node if"
    assert error.value.value == 1e-4


def test_negative_thresholds_are_an_error():
    with pytest.raises(CannotRepresentError, match="-1 is negative"):
        quantize(dense([[1.0], [1.0]], threshold=[1.0, -1.0]), INT32)


def test_thresholds_and_decays_per_neuron_need_a_machine_that_has_them():
    network = dense([[1.0], [1.0]], threshold=[1.0, 2.0])
    with pytest.raises(CannotRepresentError, match="threshold differs"):
        quantize(network, replace(LOIHI2, per_neuron_threshold=False))
    for numerics in (INT32, LOIHI2):
        threshold = quantize(network, numerics).program.by_name["if"].threshold
        assert threshold[1] == 2 * threshold[0]
    build = NetworkBuilder()
    build.output("output", build.lif("lif", build.input("input", (2,)), [2e-3, 4e-3], 1.0))
    with pytest.raises(CannotRepresentError, match="membrane differs"):
        quantize(build.build(), LOIHI2)
    assert quantize(build.build(), INT32).program.by_name["lif"].membrane_decay.tolist() == [2048, 1024]


def test_too_few_weight_bits_are_an_error_unless_asked_for():
    weight = np.random.default_rng(0).uniform(-1.0, 1.0, size=(1, 80000))
    with pytest.raises(CannotRepresentError, match=r"weight bits are left.*\n.*weight-bits=") as error:
        quantize(dense(weight), LOIHI2)
    assert error.value.where == "projection fc into if"
    assert error.value.limit == 4.0
    assert quantize(dense(weight), LOIHI2, weight_bits=2).layers[0].weight_bits == 2


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"reset_timing": "every-step", "initial_state": 1.0}, "initial state"),
    ],
)
def test_terms_that_integers_cannot_say_are_refused_by_name(terms, words):
    with pytest.raises(RefusedError, match=words) as error:
        quantize(dense([[1.0]], **terms), LOIHI2)
    assert error.value.where == "node if"


def test_counts_need_messages_wide_enough():
    assert quantize(dense([[4.0]], max_spikes_per_step=4), INT32).program.by_name["if"].output.width == 3
    with pytest.raises(CannotRepresentError, match="17 bits"):
        quantize(dense([[1.0]], max_spikes_per_step=1 << 16), INT32)


def test_too_many_spikes_per_step_are_what_to_lower():
    build = NetworkBuilder(Terms(max_spikes_per_step=65536))
    at = build.linear("a", build.input("input", (4,)), np.full((4, 4), 0.25))
    at = build.linear("b", build.integrate("n", at, 1e-4), np.random.default_rng(0).normal(size=(4, 4)))
    build.output("output", build.integrate("m", at, 1.0))
    with pytest.raises(CannotRepresentError, match=r"projection b into m: .*\n.*fewer spikes per step .*MaxSpike"):
        quantize(build.build(), LOIHI2)


def test_outputs_that_no_neuron_drives_are_refused():
    nodes = {"lif": lif(), "w": nir.Linear(np.eye(2)), "output": nir.Output({"output": np.array([2])})}
    with pytest.raises(RefusedError, match=r"w \(Linear\)"):
        quantize(graph(nodes, [("input", "lif"), ("lif", "w"), ("w", "output")]))


def test_delays_and_sent_membranes_and_loops_of_sums_are_refused_by_name():
    one = np.ones(2)
    delayed = graph({"wait": nir.Delay(one * 1.5e-3), "lif": lif()}, [("input", "wait"), ("wait", "lif")])
    with pytest.raises(RefusedError, match=r"1\.5 steps") as error:
        quantize(delayed)
    assert error.value.where == "node wait"
    with pytest.raises(CannotRepresentError, match="a delay of 1000 steps"):
        quantize(graph({"wait": nir.Delay(one), "lif": lif()}, [("input", "wait"), ("wait", "lif")]))
    sent = graph({"li": nir.LI(2e-3 * one, one, 0 * one), "lif": lif()}, [("input", "li"), ("li", "lif")])
    with pytest.raises(RefusedError, match="feeds lif") as error:
        quantize(sent)
    assert error.value.where == "node li"
    loop = [("input", "sum"), ("sum", "half"), ("half", "sum"), ("sum", "lif")]
    with pytest.raises(RefusedError, match="loop of sums through sum"):
        quantize(graph({"sum": nir.Scale(one), "half": nir.Scale(one / 2), "lif": lif()}, loop))


def test_a_delay_longer_than_the_machine_has_is_an_error():
    with pytest.raises(CannotRepresentError, match="delay of 63"):
        quantize(recurrent_network(delay=63), LOIHI2)


def test_a_bias_on_feedback_is_refused_by_name():
    with pytest.raises(RefusedError, match="feedback") as error:
        quantize(recurrent_network(feedback_bias=0.25))
    assert error.value.where == "node rec"
    assert "recurrent_bias_at_start=applied" in error.value.remedy


def test_states_kept_between_samples_are_refused_by_name():
    network = recurrent_network()
    kept = replace(network, contract=network.contract.override("lif", keep_state=True))
    with pytest.raises(RefusedError, match="keeps the state") as error:
        quantize(kept)
    assert error.value.where == "node lif"


def counting(weight, most=65535):
    """Neurons that fire more and more often in a step, behind them a dense layer of ``weight``."""
    build = NetworkBuilder(Terms(max_spikes_per_step=most))
    at = build.integrate("first", build.linear("a", build.input("input", (4,)), np.eye(4)), 1.0, reset="none")
    build.output("output", build.integrate("second", build.linear("b", at, np.asarray(weight)), 1.0, reset="subtract"))
    return build.build()


def option_of(remedy, name):
    found = re.search(rf"-O {name}=(\d+)", remedy)
    return None if found is None else int(found[1])


@pytest.mark.parametrize("seed", range(3))
def test_the_limit_of_spikes_per_step_that_a_refusal_names_is_one_that_works(seed):
    network = counting(np.random.default_rng(seed).normal(size=(5, 4)))
    with pytest.raises(CannotRepresentError, match="weight bits are left") as refusal:
        quantize(network, LOIHI2)
    bits = option_of(refusal.value.remedy, "weight-bits")
    assert bits is None or quantize(network, LOIHI2, weight_bits=bits)  # never one: it holds no weights of two signs
    most = option_of(refusal.value.remedy, "spikes-per-step")
    program = quantize(network, LOIHI2, spikes_per_step=most).program
    assert {population.max_spikes_per_step for population in program.populations} == {most}
    x = {"input": np.ones((1, 20, 4))}
    assert np.array_equal(run_program(program, x)["first"].output, run_network(network, x)["first"].output)


def test_few_weight_bits_are_offered_where_weights_of_one_sign_are_all():
    network = counting(np.random.default_rng(0).uniform(0.1, 1.0, size=(5, 4)), most=(1 << 20) - 1)
    with pytest.raises(CannotRepresentError, match="weight bits are left") as refusal:
        quantize(network, LOIHI2)
    assert quantize(network, LOIHI2, spikes_per_step=option_of(refusal.value.remedy, "spikes-per-step"))


def test_more_spikes_per_step_than_the_contract_has_change_nothing():
    network = counting(np.eye(4), most=3)
    assert quantize(network, INT32, spikes_per_step=7).program.by_name["first"].max_spikes_per_step == 3
