"""Neurons that count their spikes send no more than their own input can make, and others leave room for no more."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.rasters import jaccard
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

from .networks import dense, recurrent_network


def most(network, name="if", **options):
    return quantize(network, **options).program.by_name[name].max_spikes_per_step


def test_a_neuron_sends_what_one_threshold_and_its_largest_input_hold():
    assert most(dense([[1.5, 1.25, -2.0]], max_spikes_per_step=15)) == 3, "1 left, 2.75 new"
    assert most(dense([[1.5]], threshold=0.25, max_spikes_per_step=15)) == 7
    assert most(dense([[1.5]], bias=[0.75], max_spikes_per_step=15)) == 3
    assert most(dense([[0.5]], values=InputRange(0, 6, 1, declared=True), max_spikes_per_step=15)) == 4
    assert most(dense([[-1.0]], max_spikes_per_step=15)) == 1


def test_integers_written_as_a_network_declare_what_they_send():
    """Trained weights may allow fewer, but the file says how many the integers that were trained send at most."""
    assert most(dense([[1.5]], max_spikes_per_step=15, state_grid=2.0**-10)) == 15


def test_what_it_sends_is_as_wide_as_that():
    program = quantize(dense([[1.5, 1.25]], max_spikes_per_step=15)).program
    assert program.by_name["if"].output.width == 2


@pytest.mark.parametrize("reset", ["zero", "value"])
def test_a_reset_to_a_value_leaves_no_more_than_that_or_a_threshold(reset):
    assert most(dense([[1.5]], max_spikes_per_step=15, reset=reset)) == 2
    assert most(dense([[1.5]], max_spikes_per_step=15, initial_state=3.5)) == 5


def test_it_sends_what_its_contract_allows_where_nothing_bounds_it():
    assert most(dense([[20.0]], max_spikes_per_step=15)) == 15
    assert most(dense([[1.5]], max_spikes_per_step=1)) == 1
    loop = recurrent_network(weight=np.roll(np.eye(4), 1, 0))
    loop = replace(loop, contract=loop.contract.override("lif", max_spikes_per_step=15))
    assert most(loop, "lif") == 15, "what it sends comes back, up to 15 spikes more in the next step"


def test_a_machine_with_a_limit_of_its_own_keeps_it():
    network = dense([[0.5]], max_spikes_per_step=31, reset="subtract", fires_at=">=")
    assert most(network, numerics=XYLO_V2) == XYLO_V2.spikes_max


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 30))
def test_no_neuron_would_send_more(seed):
    """Counted without a limit, on the worst input of a neuron and on random ones, leaks, currents and resets drawn."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(0, 0.8, (3, 4))
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (4,), InputRange(-1, 1, 0.25, declared=True)), weight)
    terms = {"max_spikes_per_step": 200, "reset": str(rng.choice(["subtract", "zero"]))}
    terms |= {"fires_at": str(rng.choice([">", ">="])), "input_gain": "unit"}
    if rng.random() < 0.5:
        at = build.lif("n", at, tau=float(rng.uniform(1e-3, 2e-2)), threshold=0.3, **terms)
    else:
        at = build.integrate("n", at, 0.3, **terms)
    build.output("output", at)
    network = build.build()
    shown = rng.integers(-4, 5, (5, 30, 4)) / 4
    shown[:3] = np.sign(weight)[:, None]
    sent = run_network(network, {"input": shown})["n"].output
    program = quantize(network, INT32).program
    assert sent.max() <= program.by_name["n"].max_spikes_per_step < 200
    assert jaccard(sent, run_program(program, {"input": shown})["n"].output) > 0.98


def chain(allowed):
    rng = np.random.default_rng(3)
    build = NetworkBuilder()
    at = build.input("input", (12,), InputRange(0, 1, 1 / 16, declared=True))
    for number, shape in enumerate([(16, 12), (8, 16)]):
        at = build.linear(f"fc{number}", at, rng.normal(0.02, 0.25, shape))
        at = build.integrate(f"if{number}", at, 1.0, max_spikes_per_step=allowed, reset="subtract", v_min=-1.0)
    build.output("output", at)
    return build.build()


def test_layers_behind_count_as_finely_as_if_the_contract_had_said_so():
    """Room for 255 spikes of a neuron that sends three at most would cost them six bits."""
    loose, tight = (quantize(chain(allowed), LOIHI2, weight_bits=16).program for allowed in (255, 3))
    assert loose.by_name["if0"].max_spikes_per_step == 3
    assert loose.by_name["if1"].threshold == tight.by_name["if1"].threshold
    for a, b in zip(loose.projections, tight.projections, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
