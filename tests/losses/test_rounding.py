"""Honest rounding stays within its bound, and a fault of the quantizer does not."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from neurodeploy.contract import Contract, Terms
from neurodeploy.losses.losses import measure
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2, Numerics
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from tests.losses.faults import FAULTS
from tests.losses.support import OPTIONS, judged, rounded
from tests.passes.networks import chain, events, random_network, recurrent_network, stimulus

MACHINES = pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda n: n.name)


@MACHINES
@pytest.mark.parametrize("seed", range(6))
def test_honest_rounding_is_never_called_anything_else(seed: int, numerics: Numerics) -> None:
    network = random_network(seed)
    shown = stimulus(network, steps=16, samples=2, seed=seed)
    program = quantize(network, numerics, **OPTIONS[seed % len(OPTIONS)]).program
    losses = judged(network, program, shown)
    assert losses.strangers == {}
    assert losses.populations.keys() == program.by_name.keys()
    assert all(loss.share <= 1 for loss in losses.populations.values())


def some_networks() -> list[tuple[str, Network]]:
    """Networks whose steps depend on all kinds of what came before."""
    weight = np.random.default_rng(0).normal(size=(4, 4))
    loops = [
        (f"{kind}, late by {delay}", recurrent_network(kind, delay=delay, weight=weight))
        for kind, delay in product(("lif", "cuba"), (1, 3))
    ]
    once = chain(3)
    once = replace(once, contract=replace(once.contract, defaults=replace(once.contract.defaults, fire_once=True)))
    return [*loops, ("fires once", once), *((f"random {seed}", random_network(seed)) for seed in range(8))]


@pytest.mark.parametrize(("name", "network"), some_networks(), ids=lambda part: part if isinstance(part, str) else "")
@pytest.mark.parametrize("fault", [None, "a wrong sign", "a decay one off"])
def test_steps_that_are_passed_over_change_nothing_in_those_that_are_looked_at(
    name: str, network: Network, fault: str | None
) -> None:
    program = quantize(network).program
    planted = None if fault is None else FAULTS[fault][0](program)
    program = program if planted is None else planted[0]
    trace, steps = run_network(network, stimulus(network, steps=14, samples=2, seed=5), states=True), 14
    whole = measure(network, program, trace, causes=False).populations
    cuts = [[slice(t, t + 1)] for t in range(steps)], [[slice(0, 3), slice(5, 6)], [slice(3, 5), slice(6, 14)]]
    for cut in cuts:
        parts = [measure(network, program, trace, causes=False, asked=asked).populations for asked in cut]
        for node, loss in whole.items():
            some = [part[node] for part in parts]
            assert sum(one.cells for one in some) == loss.cells
            assert sum(one.saturated for one in some) == loss.saturated
            assert sum(one.cells_beyond for one in some) == loss.cells_beyond
            assert max(one.share for one in some) == pytest.approx(loss.share, rel=1e-12)
            assert max(one.reach for one in some) == pytest.approx(loss.reach, rel=1e-12)
            firsts = [one.first for one in some if one.first is not None]
            assert min(firsts, key=lambda cell: cell.step, default=None) == loss.first


@pytest.mark.parametrize("reset", ["zero", "value", "subtract"])
def test_a_late_reset_is_within_the_bound_of_its_equal_form(reset: str) -> None:
    build = NetworkBuilder(Terms(reset=reset, reset_timing="next-step"))  # type: ignore[arg-type]
    at = build.linear("fc", build.input("input", (3,)), [[1.53, -1.1, 0.51], [0.9, 0.2, -0.3]])
    build.output("output", build.lif("lif", at, 2e-3, 0.75, v_leak=0.1, v_reset=-0.25))
    network = build.build()
    program = quantize(network).program
    assert judged(network, program, stimulus(network, steps=60)).strangers == {}


@pytest.mark.parametrize("bits", [8, 12])
def test_paths_that_add_up_are_rounded_apart(bits: int) -> None:
    """Large weights and small ones between the same neurons: the large ones have by far the larger steps."""
    rng, build = np.random.default_rng(0), NetworkBuilder()
    source = build.input("input", (3,))
    paths = [build.linear(f"fc{size:g}", source, size * rng.normal(size=(4, 3))) for size in (1.0, 0.01)]
    build.output("output", build.lif("lif", paths, 5e-3, 0.75))
    network = build.build()
    program = quantize(network, weight_bits=bits).program
    assert judged(network, program, stimulus(network, steps=30)).strangers == {}
    large = next(part for part in program.projections if part.name == "fc1")
    sick = tuple(replace(part, weights=part.weights + 2 * (part is large)) for part in program.projections)
    assert judged(network, replace(program, projections=sick), stimulus(network)).strangers.keys() == {"lif"}


@pytest.mark.parametrize("kind", ["lif", "cuba"])
@pytest.mark.parametrize("delay", [1, 3])
def test_a_loop_and_a_current_are_within_the_bound(kind: str, delay: int) -> None:
    weight = np.random.default_rng(0).normal(size=(4, 4))
    network = recurrent_network(kind, delay=delay, weight=weight)
    losses = judged(network, quantize(network).program, stimulus(network, steps=60, samples=3), causes=True)
    assert losses.strangers == {}
    assert losses.populations["lif"].isolated is not None and losses.populations["lif"].isolated < 1


def test_a_state_grid_is_the_networks_own_truncation() -> None:
    build = NetworkBuilder(Terms(state_grid=2.0**-12))
    at = build.linear("fc", build.input("input", (3,)), [[1.5, -1.0, 0.5], [0.75, 0.25, -0.5]])
    build.output("output", build.lif("lif", at, 3e-3, 0.75))
    network = build.build()
    losses = judged(network, quantize(network).program, stimulus(network, steps=60), causes=True)
    loss = losses.populations["lif"]
    assert (losses.strangers, loss.isolated) == ({}, 1.0)
    assert "truncation" not in loss.costs


def test_calibrated_weights_are_chosen_and_the_rest_is_judged() -> None:
    network = chain(3)
    shown = events(network)
    done = quantize(network, LOIHI2, {"input": shown["input"].astype(float)}, weight_bits=4)
    trace = run_network(network, shown, states=True)
    chosen = [report.population for report in done.calibrated]
    assert chosen == ["lif0", "lif1"]
    assert measure(network, done.program, trace, chosen, causes=False).strangers == {}
    sick, node = FAULTS["a decay one off"][0](done.program) or (None, "")
    assert sick is not None
    losses = measure(network, sick, trace, chosen, causes=False)
    assert list(losses.strangers) == [node]
    assert losses.strangers[node].beyond[0].culprit == "decay"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_quantizer_names_its_node_and_term(fault: str) -> None:
    plant, culprit = FAULTS[fault]
    planted = 0
    for seed in range(40):
        network = random_network(seed)
        program = rounded(network)
        sick = None if program is None else plant(program)
        if sick is None:
            continue
        losses = judged(network, sick[0], stimulus(network, steps=16, samples=2, seed=seed))
        assert list(losses.strangers) == [sick[1]], seed
        assert {part.culprit for part in losses.strangers[sick[1]].beyond} == {culprit}, seed
        planted += 1
        if planted == 3:
            return
    assert planted, "no network has what the fault needs"


def test_the_place_and_what_rounding_gives_are_named() -> None:
    network = chain(0, sizes=(6, 4))
    program = quantize(network, weight_bits=6).program
    shown = events(network)
    weights = program.projections[0].weights
    sick, _ = FAULTS["a wrong sign"][0](program) or (program, "")
    row, column = (int(i) for i in np.unravel_index(int(np.abs(weights).argmax()), weights.shape))
    (fault,) = judged(network, sick, shown).strangers["lif0"].beyond
    assert fault.place == f"fc0, neuron {row} from {column}"
    assert fault.hint == "its sign is wrong"
    swapped, _ = FAULTS["swapped outputs"][0](program) or (program, "")
    (fault,) = judged(network, swapped, shown).strangers["lif0"].beyond
    assert "are swapped" in fault.hint
    (fault,) = judged(network, FAULTS["a decay one off"][0](program)[0], shown).strangers["lif0"].beyond  # type: ignore[index]
    decay = program.populations[0].membrane_decay
    assert (fault.place, fault.actual, fault.expected) == ("membrane", str(decay + 1), str(decay))


def test_a_fault_that_the_stimulus_exercises_shows_in_cells_too() -> None:
    network = chain(0, sizes=(6, 4))
    sick, _ = FAULTS["a wrong sign"][0](quantize(network).program) or (None, "")
    assert sick is not None
    loss = judged(network, sick, events(network)).strangers["lif0"]
    assert loss.cells_beyond > 0 and loss.share > 1 and loss.first is not None
    assert abs(loss.first.actual - loss.first.expected) > loss.first.bound
    quiet = judged(network, sick, {"input": np.zeros((1, 5, 6))}).strangers["lif0"]
    assert quiet.cells_beyond == 0 and len(quiet.beyond) == 1


def test_equations_that_are_not_the_networks_are_named_though_every_constant_is_rounded_well() -> None:
    """The constants of a program made under another contract: its own network would call them rounded."""
    network, other = chain(0, sizes=(6, 4)), chain(0, sizes=(6, 4))
    halved = Network(other.graph, Contract(Terms(dt=5e-4)))
    shown = events(network)
    trace = run_network(network, shown, states=True)
    assert "equations" not in {
        p.culprit for p in measure(network, quantize(network).program, trace).populations["lif0"].beyond
    }
    faults = measure(halved, quantize(halved).program, trace).strangers["lif0"].beyond
    assert {fault.culprit for fault in faults} == {"equations"}
