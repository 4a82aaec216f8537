"""What each feature of a Program does, on the smallest network that shows it. All by hand, under ``loihi2``."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace

SPIKE = Population("n", (1,), threshold=1)  # no memory: fires where at least 2 arrive


def join(source: str, target: str, weight: int = 2, **options) -> Projection:
    options = {"kind": "dense", "weights": np.array([[weight]])} | options
    return Projection(f"{source}-{target}", source, target, **options)


def program(*parts: Population | Projection, given: Input = Input("input", (1,))) -> Program:
    populations = tuple(part for part in parts if isinstance(part, Population))
    return Program(LOIHI2, (given,), populations, tuple(part for part in parts if isinstance(part, Projection)))


def run(network: Program, values: list[float], states: bool = False) -> Trace:
    return run_program(network, {"input": np.array(values, dtype=float).reshape(1, -1, 1)}, states)


def neuron(values: list[float], bits: int = 8, **options) -> tuple[list[int], list[int]]:
    """Output and membrane after reset (in thresholds' units) of one neuron that gets ``values``."""
    network = program(
        replace(Population("n", (1,), membrane_decay=0, threshold=5), **options),
        join("input", "n", 1, message_bits=bits),
        given=Input("input", (1,), bits=bits, signed=True),
    )
    entry = run(network, values, states=True)["n"]
    assert entry.v is not None
    return entry.output.ravel().tolist(), (entry.v.ravel() >> 6).tolist()


def test_an_undelayed_projection_arrives_in_the_same_step() -> None:
    second = replace(SPIKE, name="m")
    trace = run(program(SPIKE, second, join("input", "n"), join("n", "m")), [0, 1, 0, 0])
    assert trace["n"].output.ravel().tolist() == [0, 1, 0, 0]
    assert trace["m"].output.ravel().tolist() == [0, 1, 0, 0]


def test_a_delay_of_d_arrives_d_steps_later() -> None:
    trace = run(program(SPIKE, join("input", "n", delay=2)), [1, 0, 1, 0, 0, 1])
    assert trace["n"].output.ravel().tolist() == [0, 0, 1, 0, 1, 0]


def test_several_projections_add_each_with_its_own_delay_and_shift() -> None:
    network = program(
        replace(SPIKE, threshold=6),
        join("input", "n", 3, delay=1),
        Projection("again", "input", "n", "sparse", np.array([[1]]), shift=2),
    )
    assert run(network, [1, 1, 0, 1])["n"].output.ravel().tolist() == [0, 1, 0, 0]  # 4, 4 + 3, 3, 4


def test_recurrence_feeds_back_the_last_step() -> None:
    network = program(SPIKE, join("input", "n"), join("n", "n", delay=1))
    assert run(network, [0, 1, 0, 0])["n"].output.ravel().tolist() == [0, 1, 1, 1]


def test_recurrence_with_a_longer_delay_echoes_later() -> None:
    network = program(SPIKE, join("input", "n"), join("n", "n", delay=3))
    assert run(network, [1, 0, 0, 0, 0, 0, 0])["n"].output.ravel().tolist() == [1, 0, 0, 1, 0, 0, 1]


def test_a_loop_over_two_populations() -> None:
    other = replace(SPIKE, name="m")
    network = program(SPIKE, other, join("input", "n"), join("n", "m"), join("m", "n", delay=2))
    assert run(network, [1, 0, 0, 0, 0])["m"].output.ravel().tolist() == [1, 0, 1, 0, 1]


def test_the_order_of_populations_does_not_matter() -> None:
    second = replace(SPIKE, name="m")
    parts = join("input", "n"), join("n", "m"), join("m", "n", delay=2)
    for populations in ((SPIKE, second), (second, SPIKE)):
        assert run(program(*populations, *parts), [1, 0, 1])["m"].output.ravel().tolist() == [1, 0, 1]


def test_reset_to_zero() -> None:
    assert neuron([4, 4, 4], reset="zero") == ([0, 1, 0], [4, 0, 4])


def test_reset_to_a_value() -> None:
    assert neuron([4, 4, 4], reset="value", reset_value=-2) == ([0, 1, 0], [4, -2, 2])


def test_reset_by_subtraction() -> None:
    assert neuron([4, 4, 4], reset="subtract") == ([0, 1, 1], [4, 3, 2])


def test_no_reset() -> None:
    assert neuron([4, 4, 4], reset="none") == ([0, 1, 1], [4, 8, 12])


def test_the_current_is_never_reset() -> None:
    assert neuron([6, 0, 0], current_decay=2048, reset="zero") == ([1, 0, 0], [0, 3, 4])  # 6, 3, 3 + 1.5


def test_comparison_is_strict_or_not() -> None:
    assert neuron([5], compare=">")[0] == [0]
    assert neuron([5], compare=">=")[0] == [1]


def test_floor_and_ceiling_clamp_before_the_comparison() -> None:
    assert neuron([-9, 3], floor=-2) == ([0, 0], [-2, 1])
    assert neuron([9, 1], ceiling=5) == ([0, 0], [5, 5])
    assert neuron([9], ceiling=5, compare=">=") == ([1], [0])


def test_fire_once_holds_back_later_spikes_and_their_resets() -> None:
    assert neuron([6, 6, 6], fire_once=True) == ([1, 0, 0], [0, 6, 12])


def test_fire_once_counts_each_sample_for_itself() -> None:
    network = program(replace(SPIKE, fire_once=True), join("input", "n"))
    output = run_program(network, {"input": np.ones((2, 3, 1))})["n"].output
    assert output[:, :, 0].tolist() == [[1, 0, 0], [1, 0, 0]]


def test_every_step_forgets_but_keeps_the_initial_state() -> None:
    assert neuron([4, 4, 6], every_step=True) == ([0, 0, 1], [4, 4, 0])
    assert neuron([3, 3], every_step=True, initial_membrane=3 << 6) == ([1, 1], [0, 0])


def test_several_spikes_per_step() -> None:
    many = {"max_spikes_per_step": 3, "output": Output("count", 2), "reset": "subtract"}
    assert neuron([11, 0, 0], **many) == ([2, 0, 0], [1, 1, 1])
    assert neuron([10], **many) == ([1], [5])
    assert neuron([10], **many, compare=">=") == ([2], [0])
    assert neuron([99], **many) == ([3], [84])


def test_a_count_is_binary_to_a_binary_synapse_and_itself_to_a_graded_one() -> None:
    first = replace(SPIKE, threshold=2, max_spikes_per_step=3, output=Output("count", 2))
    second = replace(SPIKE, name="m", threshold=3)
    for bits, fires in ((1, 0), (2, 1)):
        network = program(first, second, join("input", "n", 8), join("n", "m", 2, message_bits=bits))
        trace = run(network, [1])
        assert (trace["n"].output.item(), trace["m"].output.item()) == (3, fires)


def test_bias_enters_in_state_units_from_the_first_step() -> None:
    assert neuron([0, 0, 0], bias=3 << 6) == ([0, 1, 0], [3, 0, 3])
    assert neuron([0, 0], bias=33) == ([0, 0], [0, 1])


def test_bias_and_initial_state_may_differ_per_neuron() -> None:
    wide = Population("n", (2,), membrane_decay=0, threshold=5, bias=np.array([128, 0]))
    wide = replace(wide, initial_membrane=np.array([0, 5 << 6]), initial_current=np.array([0, 64]))
    entry = run(program(wide, join("input", "n", weights=np.zeros((2, 1)))), [0, 0, 0], states=True)["n"]
    assert entry.output[0].tolist() == [[0, 0], [0, 0], [1, 0]]  # currents decay fully before they act
    assert entry.v_before is not None
    assert (entry.v_before[0] >> 6).tolist() == [[2, 5], [4, 5], [6, 5]]


def test_a_membrane_fires_on_the_fraction_that_thresholds_lack() -> None:
    """5 and 1/64 exceeds 5: the membrane's grain is finer than the threshold's."""
    assert neuron([5], bias=1)[0] == [1]


def relay(values: list[int], output: Output, **options) -> list[int]:
    node = Population("r", (1,), "relay", output=output, **options)
    given = Input("input", (1,), bits=12, signed=True)
    return run(program(node, join("input", "r", 1, message_bits=12), given=given), values)["r"].output.ravel().tolist()


def test_a_relay_rounds_half_to_even() -> None:
    assert relay([2, 6, 10, -2, -6, 3, 5], Output("graded", 8, signed=True), shift=2) == [0, 2, 2, 0, -2, 1, 1]


def test_a_relay_saturates_into_its_output() -> None:
    assert relay([300, -300], Output("graded", 8, signed=True)) == [127, -128]
    assert relay([300, -300, 9], Output("graded", 8)) == [255, 0, 9]


def test_a_relay_adds_its_bias_in_accumulator_units_and_may_shift_left() -> None:
    assert relay([3, -1], Output("graded", 8, signed=True), bias=1, shift=-2) == [16, 0]


def test_a_relay_has_no_memory_and_takes_no_step() -> None:
    node = Population("r", (1,), "relay", output=Output("graded", 4))
    trace = run(program(node, SPIKE, join("input", "r", 5), join("r", "n", 1, message_bits=4)), [1, 0, 1])
    assert trace["r"].output.ravel().tolist() == [5, 0, 5]
    assert trace["n"].output.ravel().tolist() == [1, 0, 1]


def test_a_leaky_integrator_sends_its_membrane_in_state_units() -> None:
    node = Population("n", (1,), "li", membrane_decay=2048, output=Output("graded", 24, signed=True, scale=6))
    entry = run(program(node, join("input", "n", 3)), [1, 1, 0], states=True)["n"]
    assert entry.output.ravel().tolist() == [192, 288, 144]
    assert entry.values.ravel().tolist() == [3.0, 4.5, 2.25]
    assert entry.graded


def test_graded_and_binary_messages_of_one_input() -> None:
    given = Input("input", (1,), bits=4, signed=True)
    graded, binary = replace(SPIKE, name="g", threshold=4), replace(SPIKE, name="b", threshold=1)
    network = program(graded, binary, join("input", "g", 1, message_bits=4), join("input", "b"), given=given)
    trace = run(network, [5, -5, 4, 0])
    assert trace["g"].output.ravel().tolist() == [1, 0, 0, 0]
    assert trace["b"].output.ravel().tolist() == [1, 1, 1, 0]


def test_an_input_is_scaled_rounded_half_to_even_and_clipped() -> None:
    given = Input("input", (1,), scale=1, bits=4, signed=True)
    trace = run(program(SPIKE, given=given), [0.25, 0.75, 1.25, -0.75, 99, -99])
    assert trace["input"].output.ravel().tolist() == [0, 2, 2, -2, 7, -8]


def test_the_accumulated_input_wraps_at_32_bits_over_all_projections() -> None:
    """Each arrival, 2**30, fits 32 bits; with the relay as witness, their sum does not."""
    given = Input("input", (1,), bits=24)
    twice = [Projection(name, "input", "r", "dense", np.array([[128]]), 1, message_bits=24) for name in ("a", "b")]
    node = Population("r", (1,), "relay", shift=24, output=Output("graded", 9, signed=True))
    assert run(program(node, *twice[:1], given=given), [1 << 22])["r"].output.item() == 64
    assert run(program(node, *twice, given=given), [1 << 22])["r"].output.item() == -128


def test_isolated_run_feeds_every_synapse_from_the_given_trace() -> None:
    second = replace(SPIKE, name="m")
    network = program(SPIKE, second, join("input", "n"), join("n", "m"))
    stimulus = {"input": np.array([1.0, 0.0]).reshape(1, 2, 1)}
    trace = run_program(network, stimulus)
    silent = replace(trace["n"], output=np.zeros_like(trace["n"].output))
    isolated = run_program(network, stimulus, drive=Trace({**trace.entries, "n": silent}))
    assert isolated["n"].output.ravel().tolist() == [1, 0]
    assert isolated["m"].output.ravel().tolist() == [0, 0]


def test_samples_do_not_touch_each_other() -> None:
    network = program(replace(SPIKE, membrane_decay=0), join("input", "n", 1), join("n", "n", delay=1))
    values = np.random.default_rng(0).integers(0, 2, (3, 20, 1)).astype(float)
    together = run_program(network, {"input": values})["n"].output
    alone = [run_program(network, {"input": values[k : k + 1]})["n"].output for k in range(3)]
    np.testing.assert_array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize(
    ("stimulus", "message"),
    [
        ({}, "is missing"),
        ({"input": np.zeros((1, 5, 2))}, r"shape \(B, T, 1\)"),
        ({"input": np.full((1, 5, 1), np.nan)}, "not finite"),
    ],
)
def test_a_stimulus_that_does_not_fit_is_refused(stimulus, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_program(program(SPIKE, join("input", "n")), stimulus)


def test_states_are_recorded_on_request_only() -> None:
    network = program(SPIKE, join("input", "n"))
    assert run(network, [1])["n"].v is None
    assert run(network, [1], states=True)["n"].state_scale == 6
