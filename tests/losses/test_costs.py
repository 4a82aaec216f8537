"""What a term costs: nothing but that term has its float value."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurodeploy.heads import apply_head
from neurodeploy.host import Head, Host
from neurodeploy.losses.counterpart import counterparts
from neurodeploy.losses.losses import measure, with_task
from neurodeploy.losses.variants import ALL, INTEGERS, States, Variants, advance
from neurodeploy.losses.whole import restored_everywhere
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2, Numerics
from neurodeploy.parity.budget_rung import budget_rung
from neurodeploy.passes.pipeline import quantize
from neurodeploy.rasters import jaccard
from neurodeploy.reference.integer import initial_state, step
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from tests.losses.support import judged
from tests.passes.networks import chain, events, random_network, stimulus

MACHINES = pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda n: n.name)


@MACHINES
@pytest.mark.parametrize("seed", range(6))
def test_with_no_term_replaced_it_is_the_reference_and_with_all_the_network(seed: int, numerics: Numerics) -> None:
    network = random_network(seed)
    shown = stimulus(network, steps=16, samples=2, seed=seed)
    program = quantize(network, numerics).program
    expected = run_network(network, shown, states=True)
    rung = budget_rung(program, shown, expected, run_program(program, shown, states=True), 0.9, ())
    losses = measure(network, program, expected)
    for name, node in rung.nodes.items():
        assert losses.populations[name].isolated == (None if node.graded else node.isolated_jaccard)


@MACHINES
def test_a_step_of_the_variants_is_a_step_of_the_reference_at_every_width(numerics: Numerics) -> None:
    """Inputs that saturate and wrap everything: membranes of both agree bit by bit."""
    network = chain(1, sizes=(4, 3))
    program = quantize(network, numerics).program
    part = counterparts(network, program)["lif0"]
    variants = Variants.of(part, numerics, (INTEGERS, ALL))
    states, state = States.of(variants, 50), initial_state(part.population, 50)
    rng = np.random.default_rng(0)
    for scale in rng.integers(4, 26, 40):
        arrived = rng.integers(-(1 << int(scale)), 1 << int(scale), (50, 3))
        spikes = advance(variants, states, np.stack([arrived, arrived]).astype(float))
        assert np.array_equal(step(part.population, state, arrived, numerics).output, spikes[0])
        assert np.array_equal(state.v, states.membrane[0]) and np.array_equal(state.u, states.current[0])


def integrator(weight: Any, threshold: float, values: InputRange | None = None, bias: Any = None) -> Network:
    build = NetworkBuilder()
    weight = np.atleast_2d(np.asarray(weight, float))
    at = build.linear("fc", build.input("input", weight.shape[1:], values), weight, bias)
    build.output("output", build.integrate("cell", at, threshold))
    return build.build()


def test_weights_cost_what_comes_back_with_the_networks_own() -> None:
    rng = np.random.default_rng(0)
    network = integrator(rng.normal(0.1, 0.4, (3, 8)), 1.0)
    shown = {"input": (rng.random((2, 60, 8)) < 0.4).astype(float)}
    loss = judged(network, quantize(network, weight_bits=4).program, shown, causes=True).populations["cell"]
    assert loss.isolated is not None and loss.isolated < 0.9
    assert loss.costs["weights"] == pytest.approx(1 - loss.isolated)
    assert all(abs(cost) < 0.02 for term, cost in loss.costs.items() if term != "weights")


def test_an_input_between_two_levels_costs_what_its_quantizer_loses() -> None:
    network = integrator([[0.5]], 1.0, InputRange(-1.0, 1.0, declared=True))
    shown = {"input": np.full((1, 400, 1), 0.126)}
    loss = judged(network, quantize(network, message_bits=4).program, shown, causes=True).populations["cell"]
    assert loss.isolated is not None and loss.isolated < 1
    assert loss.costs["input quantizer"] == pytest.approx(1 - loss.isolated)


def test_a_membrane_cut_by_its_width_costs_saturation_and_says_in_how_many_cells() -> None:
    """Long inhibition drives the membrane below what the machine holds; the way back is then too short."""
    network = integrator([[-0.9, 0.7]], 0.65)
    shown = np.zeros((1, 60, 2))
    shown[:, :20, 0] = 1
    shown[:, 20:, 1] = 1
    program = quantize(network, unit="power-of-two").program
    loss = judged(network, program, {"input": shown}, causes=True).populations["cell"]
    assert loss.rounding and loss.saturated > 10
    assert loss.isolated is not None and loss.isolated < 0.9
    assert loss.isolated + loss.costs["saturation"] > 0.95


def test_exact_networks_lose_nothing_and_no_term_costs() -> None:
    network = random_network(3, exact=True)
    losses = judged(network, quantize(network).program, stimulus(network, steps=16), causes=True)
    for loss in losses.populations.values():
        assert loss.isolated in (None, 1.0) and set(loss.costs.values()) <= {0.0}


def test_fewer_samples_are_looked_at_where_there_are_many_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    network = chain(0, sizes=(6, 4))
    shown = events(network, samples=4, steps=10)
    monkeypatch.setattr("neurodeploy.losses.losses.MOST_CELLS", 100)
    losses = measure(network, quantize(network).program, run_network(network, shown, states=True))
    assert losses.samples == 2
    assert losses.populations["lif0"].cells == 2 * 10 * 4


@pytest.mark.parametrize("seed", range(4))
def test_no_term_restored_anywhere_is_the_program_itself(seed: int) -> None:
    network = random_network(seed)
    shown = stimulus(network, steps=16, samples=3, seed=seed)
    program = quantize(network).program
    expected, actual = run_network(network, shown, states=True), run_program(program, shown)
    last = program.order[-1]
    labels = apply_head(Head("spike-count-argmax", last), actual)
    terms = ("weights", "decay", "input quantizer", "truncation")
    parts = counterparts(network, program)
    restored = restored_everywhere(program, parts, expected, terms, Head("spike-count-argmax", last), labels)
    assert restored.keys() == {"none", *terms}
    assert restored["none"].task["accuracy"] == 1.0
    spiking = [name for name in program.order if program.by_name[name].kind == "cuba-lif"]
    assert restored["none"].worst == min(jaccard(expected[name].values, actual[name].values) for name in spiking)


def test_all_that_is_lost_comes_back_with_the_term_that_lost_it() -> None:
    network = replace(chain(2, sizes=(12, 10, 8)), host=Host(post=Head("spike-count-argmax", "lif1")))
    shown = events(network, samples=6)
    expected = run_network(network, shown, states=True)
    labels = apply_head(Head("spike-count-argmax", "lif1"), expected)
    program = quantize(network, weight_bits=3).program
    losses = measure(network, program, expected)
    losses = with_task(losses, network, program, expected, Head("spike-count-argmax", "lif1"), labels)
    assert losses.task_samples == 6
    assert losses.everywhere["none"].worst < 0.5
    assert losses.everywhere["weights"].worst > 0.95
    assert losses.everywhere["weights"].task["accuracy"] == 1.0
