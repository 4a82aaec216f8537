"""Neurons alone, fed what reached them, do what they did in the run, and wrong rules show as they would there."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from neurodeploy.adequacy.beside import Differs, run_beside
from neurodeploy.adequacy.fan import Fan, fan_in
from neurodeploy.adequacy.line import Line
from neurodeploy.adequacy.measure import Adequacy, least
from neurodeploy.adequacy.node import Node, chosen_neurons, run_nodes
from neurodeploy.adequacy.rules import Wrong, neuron_rules
from neurodeploy.adequacy.wiring import synapse_rules
from neurodeploy.analysis.ranges import sent_in_fact
from neurodeploy.conformance import Family, generate
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace
from tests.parity.networks import chain, noise
from tests.xylo.nets import net

STEPS = 30


def alone(program: Program, name: str, trace: Trace) -> Node:
    """All neurons of a population, with what reached them."""
    population = program.by_name[name]
    every = np.arange(population.size)
    lines: list[Line] = []
    for projection in program.into(name):
        fan = fan_in(projection, program.node(projection.source).shape, population.shape, every)
        sent = trace[projection.source].output
        lines.append(Line(projection, fan.rows, sent.reshape(*sent.shape[:2], -1)[..., fan.columns]))
    return Node(program.numerics, chosen_neurons(population, every), tuple(lines))


def windows() -> Program:
    """A strided, dilated, grouped convolution and a pooling."""
    rng = np.random.default_rng(0)
    shape = {"a": (4, 5, 4), "b": (4, 2, 2)}
    weights = rng.integers(-8, 9, (4, 2, 3, 2)) * 8
    return Program(
        LOIHI2,
        (Input("input", (4, 9, 8)),),
        tuple(Population(name, size, membrane_decay=300, threshold=90) for name, size in shape.items()),
        (
            Projection("c", "input", "a", "conv2d", weights, 0, 2, 1, (2, 2), (2, 1), (2, 2), 2),
            Projection("p", "a", "b", "sum-pool", np.full((2, 2), 40), stride=(2, 2)),
        ),
    )


def random(seed: int, family: Family) -> tuple[Program, Stimulus]:
    case = generate(seed, family)
    return case.program, case.stimulus.part(slice(None), slice(0, STEPS))


def saturating() -> tuple[Program, Stimulus]:
    program, stimulus = random(0, "held")
    return replace(program, numerics=INT32), stimulus


def windowed() -> tuple[Program, Stimulus]:
    shown = (np.random.default_rng(1).random((2, STEPS, 4, 9, 8)) < 0.4).astype(float)
    return windows(), Stimulus({"input": shown})


def events() -> tuple[Program, Stimulus]:
    made = net(0)
    return made.program, made.stimulus.part(slice(0, 1), slice(0, STEPS))


CASES = (partial(random, 1, "stock"), partial(random, 1, "held"), saturating, windowed, events)


@pytest.mark.parametrize("case", CASES)
def test_neurons_alone_do_what_they_did_in_the_run(case: Callable[[], tuple[Program, Stimulus]]) -> None:
    program, stimulus = case()
    trace = run_program(program, stimulus, states=True)
    for population in program.populations:
        if not program.into(population.name):
            continue
        (record,) = run_nodes([alone(program, population.name, trace)])
        entry = trace[population.name]
        np.testing.assert_array_equal(record.output, entry.output.reshape(record.output.shape))
        for ours, theirs in ((record.v, entry.v), (record.u, entry.u)):
            if theirs is not None:
                np.testing.assert_array_equal(ours, theirs.reshape(ours.shape))


def wrong_rules(node: Node, sent: list[Output]) -> list[Wrong]:
    """Every wrong rule of a node whose sources send that."""
    fans = [Fan(line.projection, np.arange(line.rows.shape[1]), line.rows, {}) for line in node.lines]
    return [*neuron_rules(node), *synapse_rules(node, fans, sent, np.random.default_rng(0))]


@pytest.mark.parametrize("case", CASES)
def test_wrong_rules_show_beside_the_right_ones_where_they_do_alone(
    case: Callable[[], tuple[Program, Stimulus]],
) -> None:
    program, stimulus = case()
    trace = run_program(program, stimulus, states=True)
    for population in program.populations:
        if not program.into(population.name):
            continue
        node = alone(program, population.name, trace)
        sent = [sent_in_fact(program.node(line.projection.source), program.numerics) for line in node.lines]
        wrong = [rule for rule in wrong_rules(node, sent) if not rule.node.kept]
        (right,), found = run_beside([node], [rule.node for rule in wrong], [(0, rule.neurons) for rule in wrong])
        for rule, differs in zip(wrong, found, strict=True):
            (alone_,) = run_nodes([rule.node])
            expected = Differs.between(alone_, right.neurons(rule.neurons))
            for ours, theirs in ((differs.states, expected.states), (differs.outputs, expected.outputs)):
                np.testing.assert_array_equal(ours, theirs, f"{rule.term}: {rule.words}")


def test_a_state_that_is_kept_is_that_of_one_long_sample() -> None:
    program, stimulus = chain([[40, 8], [8, 24]]), noise(2, 20, 2)
    sent = run_program(program, stimulus, states=True)
    node = alone(program, "l1", sent)
    every = np.arange(2)
    (right,), (kept,) = run_beside([node], [replace(node, kept=True)], [(0, every)])
    long = run_program(program, {"input": np.asarray(stimulus["input"]).reshape(1, 40, 2)}, states=True)["l1"]
    assert long.v is not None and long.u is not None
    outputs, v, u = (
        (ours[1] != theirs[0, 20:]).any(axis=0)
        for ours, theirs in ((right.output, long.output), (right.v, long.v), (right.u, long.u))
    )
    np.testing.assert_array_equal(kept.outputs, outputs)
    np.testing.assert_array_equal(kept.states, outputs | v | u)
    assert kept.states.any()


def measured(program: Program, stimulus) -> dict[str, dict[str, int]]:
    """By population, in how many neurons every rule shows."""
    trace = run_program(program, stimulus, states=True)
    adequacy = Adequacy(program, trace.batch, trace.steps)
    adequacy.add(trace)
    return {name: {str(s): s.in_states for s in node.seen} for name, node in adequacy.results({}).items()}


def test_a_rule_shows_where_the_stimulus_lets_it_show() -> None:
    """Under weights of 32 a neuron of threshold 64 lies on it after the second spike, and fires on the third."""
    program = chain([[32]])
    silent, one, three = (
        measured(program, {"input": np.array(x, float).reshape(1, -1, 1)})["l1"]
        for x in ([0, 0, 0], [1, 0, 0], [1, 1, 1])
    )
    tie, weights, threshold = "tie rule (compares by >=)", "weights (one step up)", "threshold (one unit more)"
    assert (silent[tie], silent[weights], silent[threshold]) == (0, 0, 0)
    assert (one[tie], one[weights], one[threshold]) == (0, 1, 0)
    assert (three[tie], three[weights], three[threshold]) == (1, 1, 0)
    assert three["reset (reset: subtract)"] == 1 and one["reset (reset: subtract)"] == 0
    assert silent["stuck (silent)"] == 0 and three["stuck (silent)"] == 1


def test_what_the_grain_forbids_is_no_blind_spot() -> None:
    """Weights of 32 never make a membrane of 50, nor of 49 or 51."""
    program = chain([[32]], threshold=50)
    stimulus = noise(1, 20)
    trace = run_program(program, stimulus, states=True)
    for kept, certain in ((True, [("overflow", "")]), (False, [])):
        adequacy = Adequacy(program, 1, trace.steps)
        adequacy.add(trace)
        node = adequacy.results({"l1": certain})["l1"]
        tie = next(rule for rule in node.seen if rule.term == "tie rule")
        assert tie.possible is not kept
        assert (tie in node.blind) is not kept


def test_blocks_give_what_the_whole_run_gives() -> None:
    program = chain(np.eye(3, dtype=int) * 32 + 16, [[40, 8, 8]], delay=2)
    trace = run_program(program, noise(3, 40, 3), states=True)
    whole, blocks = (Adequacy(program, 3, 40) for _ in range(2))
    whole.add(trace)
    for sample in (slice(0, 2), slice(2, 3)):
        for start in range(0, 40, 16):
            blocks.add(trace.part(sample, slice(start, start + 16)), sample.start, start)
    first, second = whole.results({}), blocks.results({})
    assert [s.term for s in first["l2"].seen] == [s.term for s in second["l2"].seen]
    assert first["l2"].noticed == second["l2"].noticed


def test_memory_is_bounded_whatever_the_run() -> None:
    """A run of a million steps keeps no more than the first few hundred."""
    program = chain([[32, 8], [8, 32]])
    trace = run_program(program, noise(2, 600), states=True)
    adequacy = Adequacy(program, 50, 1_000_000)
    for step_ in range(0, 6000, 600):
        adequacy.add(trace, 0, step_)
    node = adequacy.results({})["l1"]
    assert node.samples * node.steps <= 256


def test_messages_have_wrong_rules_of_their_own() -> None:
    output = Output("graded", 4, signed=True)
    program = Program(
        LOIHI2,
        (Input("input", (1,), bits=4, signed=True),),
        (Population("relay", (1,), "relay", output=output),),
        (Projection("a", "input", "relay", "dense", np.array([[1]]), message_bits=4),),
    )
    loud = measured(program, {"input": np.array([[[-8.0], [7.0]]])})["relay"]
    quiet = measured(program, {"input": np.array([[[1.0], [0.0]]])})["relay"]
    assert loud["message (one bit narrower)"] and loud["message (without its sign)"]
    assert not quiet["message (one bit narrower)"] and not quiet["message (without its sign)"]
    assert quiet["exponent (twice as large)"] and quiet["message (only that there is one)"] == 0


def test_the_least_of_equal_ones_are_the_first() -> None:
    rng = np.random.default_rng(5)
    for size in (1, 7, 8, 9, 400):
        values = rng.integers(0, 4, size)
        assert set(least(values, 8)) == set(np.argsort(values, kind="stable")[:8])
