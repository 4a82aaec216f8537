"""What a stimulus exercised, in numbers that can be counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.analysis.proof import prove_program
from neurodeploy.conformance import census
from neurodeploy.numerics import LOIHI2
from neurodeploy.parity.coverage import coverage
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from tests.parity.networks import chain, neuron, steps
from tests.xylo.nets import net


def of(program: Program, stimulus) -> dict[str, dict[str, float]]:
    return coverage(program, run_program(program, stimulus, states=True))


def lines(*rows) -> dict[str, np.ndarray]:
    """One sample, a row per step."""
    return {"input": np.array([rows], dtype=float)}


def test_a_synapse_is_active_when_a_message_crossed_a_weight() -> None:
    """Line 0 has two synapses, line 1 one and line 2 two, of which line 2 stays silent."""
    program = chain([[80, 0, 8], [8, 8, 8]])
    found = of(program, lines([1, 0, 0], [0, 1, 0]))["l1"]
    assert found["synapses_active"] == 3 / 5
    assert (found["neurons_fired"], found["activity"], found["fired"]) == (1 / 2, 1 / 4, 1 / 4)


def test_samples_and_steps_are_taken_together() -> None:
    program = chain([[80, 8], [8, 80]])
    given = {"input": np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], dtype=float)}
    found = of(program, given)["l1"]
    assert (found["synapses_active"], found["neurons_fired"], found["activity"]) == (1.0, 1.0, 2 / 8)


def test_a_message_that_no_step_is_left_for_never_arrives() -> None:
    program = chain([[80]], [[80]], delay=2)
    assert of(program, steps(0, 1, 0))["l2"]["synapses_active"] == 0.0
    assert of(program, steps(1, 0, 0))["l2"]["synapses_active"] == 1.0
    assert of(program, steps(1))["l2"]["synapses_active"] == 0.0


def test_a_convolution_counts_each_use_of_a_weight() -> None:
    """Three pixels under a kernel of three with padding: 2 + 3 + 2 synapses; the middle pixel has three of them."""
    program = Program(
        LOIHI2,
        (Input("input", (1, 3)),),
        (replace(neuron("l1", 3), shape=(1, 3)),),
        (Projection("w", "input", "l1", "conv1d", np.array([[[8, 8, 8]]]), stride=(1,), padding=(1,)),),
    )
    assert of(program, {"input": np.array([[[[0, 1, 0]]]])})["l1"]["synapses_active"] == pytest.approx(3 / 7)
    assert of(program, {"input": np.array([[[[1, 0, 0]]]])})["l1"]["synapses_active"] == pytest.approx(2 / 7)


def test_pooling_has_a_synapse_for_each_pixel_of_a_window() -> None:
    program = Program(
        LOIHI2,
        (Input("input", (2, 2, 2)),),
        (replace(neuron("l1", 2), shape=(2, 1, 1)),),
        (Projection("w", "input", "l1", "sum-pool", np.ones((2, 2)), stride=(2, 2), padding=(0, 0)),),
    )
    given = np.zeros((1, 1, 2, 2, 2))
    given[0, 0, 0, 0, 1] = given[0, 0, 1, 1, 1] = given[0, 0, 1, 0, 0] = 1
    assert of(program, {"input": given})["l1"]["synapses_active"] == 3 / 8


def test_at_threshold_counts_membranes_that_equal_it() -> None:
    found = of(chain([[32]]), steps(1, 1, 1, 0))["l1"]
    assert (found["at_threshold"], found["fired"]) == (1 / 4, 1 / 4)


def one(given, **fields) -> dict[str, float]:
    program = chain([[-64]], threshold=1000)
    program = replace(program, populations=(replace(program.populations[0], **fields),))
    return of(program, given)["l1"]


def test_a_clamp_counts_where_it_changed_the_membrane() -> None:
    """A membrane that lies on its floor, as every silent one with floor 0 does, was not clamped."""
    assert one(steps(0, 0, 1, 0), floor=0)["clamped"] == 1 / 4
    assert one(steps(0, 0, 1, 0), floor=-64)["clamped"] == 0.0
    assert one(steps(0, 0, 1, 1), floor=-64)["clamped"] == 1 / 4
    assert one(steps(0, 0, 1, 1))["clamped"] == 0.0
    assert one(steps(0, 0, 0, 0), ceiling=5, bias=4 * 64)["clamped"] == 3 / 4


def test_saturation_counts_where_the_membrane_lost_something() -> None:
    top = (1 << 23) - 1
    assert one(steps(0, 1, 1), initial_membrane=64 * 64 - top)["saturated"] == 1 / 3
    assert one(steps(0, 0, 0), initial_membrane=-top)["saturated"] == 0.0


def test_saturation_counts_by_the_rule_of_the_machine() -> None:
    """Under xylo-v2 the membrane's changes are clipped one after another, and the membrane to all of 16 bits."""
    made = net(0)
    trace = run_program(made.program, made.stimulus, states=True)
    found = coverage(made.program, trace)
    counted = census(made.program, trace).branches.saturations
    cells = {name: trace[name].output.size for name in found}
    assert counted > 0
    assert sum(each["saturated"] * cells[name] for name, each in found.items()) == pytest.approx(counted)


def test_a_stateless_neuron_starts_every_step_anew() -> None:
    assert one(steps(1, 1, 1), floor=-65, every_step=True)["clamped"] == 0.0


def test_neurons_that_are_proved_silent_do_not_count() -> None:
    """Of two neurons one has no weight: it never fires, and its synapse onto ``l2`` never carries a message."""
    program, given = chain([[80], [0]], [[80, 80]]), steps(1, 0)
    trace, silent = run_program(program, given, states=True), prove_program(program).silent
    before, found = of(program, given), coverage(program, trace, silent)
    for shares in ("neurons_fired", "channels_fired"):
        assert (before["l1"][shares], found["l1"][shares]) == (1 / 2, 1.0)
    for shares in ("synapses_active", "weights_active"):
        assert (before["l2"][shares], found["l2"][shares]) == (1 / 2, 1.0)
    assert (found["l1"]["proved_silent"], found["l1"]["activity"]) == (1 / 2, 1 / 4)
    assert found["l2"]["proved_unreached"] == 1 / 2
    assert not {"proved_silent", "proved_unreached"} & (before["l1"] | before["l2"]).keys()


def test_a_neuron_that_could_fire_counts_though_others_are_proved_silent() -> None:
    program = chain([[80, 0], [0, 80], [0, 0]])
    found = coverage(program, run_program(program, lines([1, 0]), states=True), prove_program(program).silent)["l1"]
    assert (found["neurons_fired"], found["proved_silent"]) == (1 / 2, pytest.approx(1 / 3))


def test_nothing_of_a_node_that_is_proved_silent_counts_as_exercised() -> None:
    program = chain([[0]], [[80]])
    found = coverage(program, run_program(program, steps(1), states=True), prove_program(program).silent)
    assert (found["l1"]["neurons_fired"], found["l1"]["proved_silent"]) == (0.0, 1.0)
    assert (found["l2"]["synapses_active"], found["l2"]["weights_active"]) == (0.0, 0.0)


def test_what_fired_was_not_silent_whatever_was_proved_of_other_inputs() -> None:
    """A stimulus may leave the range that an input declares, and for which proofs hold."""
    program = chain([[80]])
    trace = run_program(program, steps(1), states=True)
    assert coverage(program, trace, {"l1": np.ones(1, bool)}) == coverage(program, trace)


def test_relays_and_readouts_have_no_branches() -> None:
    output = Output("graded", 8, signed=True)
    program = Program(
        LOIHI2,
        (Input("input", (1,)),),
        (Population("relay", (1,), "relay", output=output), Population("read", (1,), "li", output=output)),
        (
            Projection("a", "input", "relay", "dense", np.array([[8]])),
            Projection("b", "relay", "read", "dense", np.array([[8]]), message_bits=8),
        ),
    )
    found = of(program, steps(1, 0))
    shares = {"neurons_fired", "activity", "synapses_active", "channels_fired", "weights_active"}
    assert found["read"].keys() == shares
    assert found["relay"] == {
        **found["read"],
        "neurons_fired": 1.0,
        "channels_fired": 1.0,
        "activity": 0.5,
        "clipped_low": 0,
        "clipped_high": 0,
    }
