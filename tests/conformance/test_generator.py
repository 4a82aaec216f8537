"""The random networks are the same for the same seed, within the family's limits, and alive."""

from dataclasses import replace
from functools import cache
from itertools import chain

import numpy as np
import pytest

from neurodeploy.conformance import Case, Census, case_census, census, full_census, generate
from neurodeploy.conformance.case import Family
from neurodeploy.numerics import LOIHI2, XYLO_V2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.program.latency import extra_steps, latencies
from neurodeploy.reference.program_runner import run_program
from tests.xylo.nets import counts, net

SEEDS: dict[Family, range] = {"stock": range(100), "held": range(60)}


@cache
def cases(family: Family) -> tuple[Case, ...]:
    return tuple(generate(seed, family) for seed in SEEDS[family])


@cache
def counted(family: Family) -> Census:
    return sum((case_census(case) for case in cases(family)), Census())


def populations(family: Family) -> list[Population]:
    return list(chain.from_iterable(case.program.populations for case in cases(family)))


def projections(family: Family) -> list[Projection]:
    return list(chain.from_iterable(case.program.projections for case in cases(family)))


def fingerprint(case: Case) -> list[object]:
    program = case.program
    arrays = [a.tolist() for a in case.stimulus.values()] + [p.weights.tolist() for p in program.projections]
    plain = [(p.name, p.kind, p.shift, p.delay, p.message_bits, p.stride, p.groups) for p in program.projections]
    neurons = [[np.asarray(value).tolist() for value in vars(p).values() if not isinstance(value, Output)]
               for p in program.populations]  # fmt: skip
    return [case.name, case.steps, arrays, plain, neurons]


@pytest.mark.parametrize("family", ["stock", "held"])
def test_a_seed_gives_the_same_case_again(family: Family) -> None:
    for seed in range(4):
        assert fingerprint(generate(seed, family)) == fingerprint(cases(family)[seed])


def test_seeds_and_families_differ() -> None:
    several = [*cases("stock")[:20], *cases("held")[:20]]
    prints = [str(fingerprint(case)[1:]) for case in several]
    assert len(set(prints)) == len(prints)


FIRST: list[tuple[Family, int, list[tuple[int, ...]], list[int]]] = [
    ("stock", 0, [(19,), (23,), (23,), (14,), (37,)], [303, 281, 601, 32, 294]),
    ("stock", 7, [(36,), (9,), (30,)], [759, 189, 922]),
    ("held", 0, [(30,), (14,), (38,), (17,)], [126, 14, 113, 51]),
    ("held", 7, [(23,), (36,), (22,), (30,)], [493, 540, 38, 345]),
]


def test_the_first_case_is_the_one_it_has_always_been() -> None:
    """A change of the generator changes every committed count: this says so first."""
    for family, seed, shapes, spikes in FIRST:
        case = generate(seed, family)
        trace = run_program(case.program, case.stimulus)
        assert [p.shape for p in case.program.populations] == shapes
        assert [int(trace[p.name].output.sum()) for p in case.program.populations] == spikes


def test_several_samples_have_the_same_wiring_and_their_own_stimulus() -> None:
    case = generate(3, "held", samples=2)
    values = case.stimulus["input"]
    assert values.shape[:2] == (2, case.steps)
    assert not np.array_equal(values[0], values[1])


@pytest.mark.parametrize("family", ["stock", "held"])
def test_most_networks_are_alive_in_every_population(family: Family) -> None:
    found = counted(family)
    assert found.networks == len(SEEDS[family])
    assert found.lively >= 0.8 * found.networks


@pytest.mark.parametrize("family", ["stock", "held"])
def test_the_awkward_branches_are_met(family: Family) -> None:
    found = counted(family)
    assert found.branches.ties >= 50
    assert found.branches.current_wraps >= 20
    assert found.branches.saturations >= 20
    assert found.branches.conv_wraps > 0
    assert found.branches.resets > 0


def test_our_own_features_are_met() -> None:
    met = counted("held").branches
    rare = met.floors, met.ceilings, met.suppressed, met.multiple, met.relay_ties, met.relay_clips
    assert min(rare) >= 20


@pytest.mark.parametrize("family", ["stock", "held"])
def test_weights_lie_on_the_grid(family: Family) -> None:
    for each in projections(family):
        weights = each.weights
        if (weights < 0).any() and (weights > 0).any():
            assert weights.min() >= -256
            assert weights.max() <= 254
            assert (weights % 2 == 0).all()
        assert np.abs(weights).max(initial=0) <= (256 if (weights > 0).any() and (weights < 0).any() else 255)
        assert (0 if each.kind not in ("dense", "sparse") else -8) <= each.shift <= 7


@pytest.mark.parametrize("family", ["stock", "held"])
def test_neurons_lie_on_the_grid(family: Family) -> None:
    for each in populations(family):
        bias = np.atleast_1d(each.bias)
        assert any((bias % (1 << e) == 0).all() and (bias >> e >= -4096).all() and (bias >> e <= 4095).all()
                   for e in range(8)) or each.kind == "relay"  # fmt: skip
        assert np.min(each.threshold) >= 0
        assert np.max(each.threshold) <= LOIHI2.threshold_max
        assert isinstance(each.current_decay, int)
        assert isinstance(each.membrane_decay, int)
        assert min(each.current_decay, each.membrane_decay) >= 0
        assert max(each.current_decay, each.membrane_decay) <= 4096
        for state in (each.initial_membrane, each.initial_current):
            assert np.abs(state).max() < 1 << 23


@pytest.mark.parametrize("family", ["stock", "held"])
def test_some_populations_have_a_threshold_per_neuron(family: Family) -> None:
    several = [np.unique(each.threshold).size > 1 for each in populations(family) if each.kind == "cuba-lif"]
    assert 0.15 < np.mean(several) < 0.45


@pytest.mark.parametrize("family", ["stock", "held"])
def test_networks_are_small(family: Family) -> None:
    for case in cases(family):
        assert len(case.program.populations) <= 8
        for each in (*case.program.inputs, *case.program.populations):
            assert each.size <= (40 if len(each.shape) == 1 else 4 * 8 * 8)


@pytest.mark.parametrize("family", ["stock", "held"])
def test_loops_pay_for_their_synapses(family: Family) -> None:
    for case in cases(family):
        found = latencies(case.program)
        assert all(extra_steps(each, found) >= 0 for each in case.program.projections)


@pytest.mark.parametrize("family", ["stock", "held"])
def test_messages_fit_their_projections(family: Family) -> None:
    for case in cases(family):
        for each in case.program.projections:
            sent = case.program.node(each.source).output
            assert each.message_bits == 1 or each.message_bits >= sent.width


def test_stock_networks_hold_nothing_that_needs_our_own_neurons() -> None:
    plain = Population("", ())
    for each in populations("stock"):
        own = (each.kind, each.compare, each.reset, each.floor, each.ceiling, each.fire_once, each.every_step)
        assert own == ("cuba-lif", ">", "zero", None, None, False, False)
        assert (each.max_spikes_per_step, each.initial_membrane, each.initial_current) == (1, 0, 0)
        assert each.output == plain.output


def test_stock_loops_have_one_synapse_one_step_and_no_bias() -> None:
    for case in cases("stock"):
        loops = [each for each in case.program.projections if each.delay]
        assert all(each.source == each.target and each.delay == 1 for each in loops)
        assert not loops or not any(np.any(each.bias) for each in case.program.populations)


def test_stock_covers_what_its_processes_can() -> None:
    links, neurons = projections("stock"), populations("stock")
    windows = [each for each in links if each.kind == "conv2d"]
    assert {each.kind for each in links} == {"dense", "sparse", "conv2d", "sum-pool"}
    assert any(max(each.stride) > 1 for each in windows)
    assert any(max(each.padding) > 0 for each in windows)
    assert any(max(each.dilation) > 1 for each in windows)
    assert any(each.groups > 1 for each in windows)
    assert {min(max(each.shift, -1), 4) for each in links if each.kind == "dense"} == {-1, 0, 1, 2, 3, 4}
    decays = [{int(each.current_decay) for each in neurons}, {int(each.membrane_decay) for each in neurons}]
    assert all(values >= {0, 4096} and values & {1, 2, 2048, 4095} for values in decays)
    assert max(int(np.max(each.threshold)) for each in neurons) == 131071
    assert {each.message_bits > 1 for each in links} == {True, False}
    signs = {(bool((each.weights > 0).any()), bool((each.weights < 0).any())) for each in links}
    assert {(True, False), (False, True), (True, True)} <= signs


def test_held_covers_what_our_own_neurons_can() -> None:
    links, neurons = projections("held"), populations("held")
    spiking = [each for each in neurons if each.kind == "cuba-lif"]
    assert {each.kind for each in neurons} == {"cuba-lif", "li", "relay"}
    assert {each.reset for each in spiking} == {"zero", "value", "subtract", "none"}
    assert {each.compare for each in spiking} == {">", ">="}
    assert {each.kind for each in links} == {"dense", "sparse", "conv1d", "conv2d", "sum-pool"}
    assert set(range(7)) <= {each.delay for each in links}
    assert max(each.delay for each in links) > 20
    for feature in ("every_step", "fire_once"):
        assert any(getattr(each, feature) for each in spiking)
    biased_loops = [
        case
        for case in cases("held")
        if any(each.source == each.target for each in case.program.projections)
        and any(np.any(each.bias) for each in case.program.populations)
    ]
    assert len(biased_loops) >= 10


def test_census_counts_by_hand() -> None:
    """One neuron that meets its threshold, passes it, wraps its current and saturates its membrane."""
    neuron = Population("n", (1,), threshold=2)
    join = Projection("j", "input", "n", "dense", np.array([[1]]), shift=7, message_bits=12)
    program = Program(LOIHI2, (Input("input", (1,), bits=12),), (neuron,), (join,))
    # a = 128 m: nothing; above; exactly 2**17, which saturates the membrane; beyond it, where the current wraps
    stimulus = {"input": np.array([0.0, 1, 1024, 1025]).reshape(1, 4, 1)}
    found = census(program, run_program(program, stimulus, states=True))
    assert (found.branches.current_wraps, found.branches.saturations, found.branches.ties, found.branches.resets) == (
        1,
        1,
        0,
        2,
    )
    assert found.activity[0].fraction == 0.5
    assert found.lively == 1
    tied = Program(LOIHI2, program.inputs, (Population("n", (1,), threshold=128),), (join,))
    assert census(tied, run_program(tied, stimulus, states=True)).branches.ties == 1


@pytest.mark.parametrize("seed", [0, 1, 4])
def test_where_every_event_adds_to_the_current_the_census_counts_the_clipped_ones(seed: int) -> None:
    made = net(seed)
    trace = run_program(made.program, made.stimulus, states=True)
    found, by_hand = census(made.program, trace), counts(made, trace)
    assert found.branches.current_wraps == by_hand["currents at a bound"]
    assert (found.branches.sum_wraps, found.branches.conv_wraps, found.branches.current_strays) == (0, 0, 0)
    assert found.branches.multiple == by_hand["several spikes in a step"]
    assert found.branches.saturations > 0


def test_a_membrane_saturates_where_its_machine_clips_it() -> None:
    """Under xylo-v2 a membrane at its top that gets a current, and one that gets none, which loses nothing."""
    neuron = Population("n", (2,), threshold=(1 << 15) - 1, initial_membrane=np.array([32760, 32760]), compare=">=")
    neuron = replace(neuron, reset="subtract", current_decay=1, membrane_decay=15, max_spikes_per_step=31)
    neuron = replace(neuron, output=Output("count"))
    join = Projection("j", "in", "n", "dense", np.array([[100], [0]]), message_bits=4)
    program = Program(XYLO_V2, (Input("in", (1,), bits=4),), (neuron,), (join,))
    found = census(program, run_program(program, {"in": np.ones((1, 1, 1))}, states=True))
    assert found.branches.saturations == 1
    assert found.branches.current_wraps == 0


def test_a_census_adds_and_says_who_is_silent() -> None:
    neuron = Population("n", (1,), threshold=2)
    program = Program(LOIHI2, (Input("input", (1,)),), (neuron,), ())
    silent = census(program, run_program(program, {"input": np.zeros((1, 5, 1))}, states=True))
    assert (silent.networks, silent.lively) == (1, 0)
    assert not silent.activity[0].lively
    both = silent + silent
    assert (both.networks, len(both.activity)) == (2, 2)


def test_full_census_is_the_sum_of_its_cases() -> None:
    assert full_census("stock", range(3)) == sum((case_census(case) for case in cases("stock")[:3]), Census())
