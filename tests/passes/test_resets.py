"""A reset one step late has an equal form in the step of the spike: same spikes, in floats and in integers."""

from dataclasses import replace

import nir
import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.errors import RefusedError
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2, Numerics
from neurodeploy.passes.pipeline import Quantized, quantize
from neurodeploy.passes.resets import reset_at_once
from neurodeploy.program.latency import latencies
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

DT = 1e-3
FIELDS = {"v_leak": 0.25, "v_reset": -0.5, "v_threshold": 1.0}
NEURONS = {
    "LIF": (nir.LIF, {"tau": 4 * DT, "r": 2.0, **FIELDS}),
    "LIF, a decay for each": (nir.LIF, {"tau": np.array([1, 2, 4, 8] * 3) * DT, "r": 1.0, **FIELDS}),
    "IF": (nir.IF, {"r": 500.0, "v_reset": -0.5, "v_threshold": 1.0}),
}
MACHINES = pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda each: each.name)
CUBA = {"tau_syn": 2 * DT, "tau_mem": 4 * DT, "r": 2.0, "w_in": 2.0, **FIELDS}


def network(kind: str, **terms: object) -> Network:
    weight = np.random.default_rng(0).integers(-12, 20, (12, 6)) / 8
    build = NetworkBuilder(Terms(**{"dt": DT, "reset_timing": "next-step", **terms}))
    at = build.linear("fc", build.input("input", (6,)), weight)
    neuron, fields = (nir.CubaLIF, CUBA) if kind == "CubaLIF" else NEURONS[kind]
    build.output("output", build.neuron("n", at, neuron, fields))
    return build.build()


def stimulus() -> dict[str, np.ndarray]:
    return {"input": (np.random.default_rng(1).random((3, 200, 6)) < 0.4).astype(float)}


@pytest.mark.parametrize("more", [{}, {"max_spikes_per_step": 3}, {"v_min": -0.25}, {"fire_once": True}], ids=str)
@pytest.mark.parametrize("reset", ["zero", "value", "subtract", "none"])
@pytest.mark.parametrize("kind", NEURONS)
def test_it_fires_the_same(kind: str, reset: str, more: dict[str, object]) -> None:
    late = network(kind, reset=reset, initial_state=0.5, **more)
    at_once = reset_at_once(late).network
    assert at_once.contract.of("n").reset_timing == "same-step"
    expected, actual = run_network(late, stimulus())["n"].output, run_network(at_once, stimulus())["n"].output
    assert expected.mean() > 0.004
    np.testing.assert_array_equal(expected, actual)


def test_only_a_decaying_subtraction_needs_a_feedback() -> None:
    assert reset_at_once(network("LIF", reset="subtract")).network.recurrent_edges == {("n_reset", "n")}
    for kind, reset in (("LIF", "zero"), ("IF", "subtract")):
        assert not reset_at_once(network(kind, reset=reset)).network.recurrent_edges


@pytest.mark.parametrize("reset", ["zero", "value"])
def test_a_current_stays_as_it_is(reset: str) -> None:
    late = network("CubaLIF", reset=reset)
    expected, actual = (run_network(each, stimulus())["n"].output for each in (late, reset_at_once(late).network))
    assert 0.02 < expected.mean() < 0.9
    np.testing.assert_array_equal(expected, actual)


@MACHINES
@pytest.mark.parametrize("kind", ["LIF", "IF"])
@pytest.mark.parametrize("reset", ["zero", "value", "subtract"])
def test_integers_lose_nothing(kind: str, reset: str, numerics: Numerics) -> None:
    late = network(kind, reset=reset)
    quantized = quantize(late, numerics)
    assert all(layer.exact for layer in quantized.layers)
    expected, actual = run_network(late, stimulus())["n"].output, run_program(quantized.program, stimulus())["n"].output
    np.testing.assert_array_equal(expected, actual)


def rounded(seed: int, kind: str, timing: str) -> Network:
    """A network whose weights, decay and threshold no integer is."""
    rng = np.random.default_rng(seed)
    build = NetworkBuilder(Terms(dt=DT, reset="subtract", reset_timing=timing, input_gain="unit"))
    at = build.linear("fc", build.input("input", (6,)), rng.normal(0.15, 0.5, (12, 6)))
    fields = {"r": 1.0, "v_threshold": rng.uniform(0.6, 1.5)}
    decay = {"tau": DT / rng.uniform(0.1, 0.6), "v_leak": 0.0} if kind == "LIF" else {}
    build.output("output", build.neuron("n", at, {"LIF": nir.LIF, "IF": nir.IF}[kind], {**fields, **decay}))
    return build.build()


def rounding(quantized: Quantized, steps: int, largest: float) -> np.ndarray:
    """How far a membrane that fired alike may be off after each step: what was rounded, and what of that is left."""
    [neuron], unit = quantized.neurons, 2.0 ** -quantized.program.by_name["n"].scale
    errors = {each.source: each.largest_error for each in quantized.layers}
    step = 6 * errors["input"] + errors.get("n", 0.0) + neuron.threshold_error + neuron.membrane_decay_error * largest
    truncated = unit / 2.0**quantized.program.numerics.state_shift
    keep = 1.0 - np.max(quantized.program.by_name["n"].membrane_decay) / quantized.program.numerics.decay_one
    return (step + truncated) * np.cumsum(keep ** np.arange(steps)) + neuron.threshold_error


@MACHINES
@pytest.mark.parametrize("kind", ["LIF", "IF"])
@pytest.mark.parametrize("seed", range(6))
def test_integers_lose_what_rounding_takes_and_no_more(seed: int, kind: str, numerics: Numerics) -> None:
    late = rounded(seed, kind, "next-step")
    quantized, given = quantize(late, numerics, unit="power-of-two"), {"input": stimulus()["input"][:, :20]}
    actual = run_program(quantized.program, given, states=True)
    expected = run_network(late, given, states=True, drive=actual, forced=True)["n"]
    membrane, threshold = expected.v_before, late.nodes["n"].v_threshold
    error = rounding(quantized, 20, float(np.abs(membrane).max()))[:, None]
    room = 2.0 ** (numerics.membrane_bits - 1) / 2.0 ** actual["n"].state_scale
    whole = np.maximum.accumulate(np.abs(membrane) + error, axis=1) < room  # never saturated so far
    off = np.abs(membrane - actual["n"].v_before / 2.0 ** actual["n"].state_scale)
    assert np.all((off <= error)[whole])
    clear = whole & (np.abs(membrane - threshold) > error)
    assert clear.mean() > 0.5
    np.testing.assert_array_equal(expected.output[clear], actual["n"].output[clear])


def lost(network: Network, numerics: Numerics) -> int:
    expected = run_network(network, stimulus())["n"].output
    return np.count_nonzero(expected != run_program(quantize(network, numerics).program, stimulus())["n"].output)


@MACHINES
@pytest.mark.parametrize("kind", ["LIF", "IF"])
def test_a_late_reset_loses_about_what_one_at_once_loses(kind: str, numerics: Numerics) -> None:
    late, at_once = (
        sum(lost(rounded(seed, kind, timing), numerics) for seed in range(8)) for timing in ("next-step", "same-step")
    )
    assert (late == at_once) if kind == "IF" else late <= 1.5 * at_once + 10


def test_integers_integrate_on_where_nothing_is_reset() -> None:
    free = network("IF", reset="none")
    program = quantize(free, INT32).program
    expected, actual = run_network(free, stimulus())["n"].output, run_program(program, stimulus())["n"].output
    assert 0.02 < expected.mean() < 0.98
    np.testing.assert_array_equal(expected, actual)


@pytest.mark.parametrize("more", [{}, {"max_spikes_per_step": 3}, {"v_min": -0.25}], ids=str)
def test_behind_a_current_a_second_feedback_takes_back_what_the_current_keeps_of_the_first(more) -> None:
    late = network("CubaLIF", reset="subtract", initial_state=0.5, **more)
    at_once = reset_at_once(late).network
    assert set(at_once.inserted) == {"n_reset", "n_reset_", "n_reset_later"}
    expected, actual = (run_network(each, stimulus(), states=True)["n"] for each in (late, at_once))
    assert expected.output.mean() > 0.02
    np.testing.assert_array_equal(expected.output, actual.output)
    np.testing.assert_allclose(expected.v_before, actual.v_before, atol=1e-9)


@MACHINES
def test_integers_behind_a_current_fire_the_same(numerics: Numerics) -> None:
    late = network("CubaLIF", reset="subtract")
    expected = run_network(late, stimulus())["n"].output
    actual = run_program(quantize(late, numerics).program, stimulus())["n"].output
    assert expected.any() and np.count_nonzero(expected != actual) <= 0.02 * np.count_nonzero(expected)


def test_a_late_subtraction_behind_a_current_that_drives_later_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"node n: .*a current stands before its membrane"):
        reset_at_once(network("CubaLIF", reset="subtract", current="previous"))


HELD = {"reset": "subtract", "reset_timing": "same-step-and-next"}


def strong(kind: str, **terms: object) -> Network:
    """As ``network``, and driven so strongly that a membrane often stays above its threshold."""
    made = network(kind, **terms)
    nodes = {**made.nodes, "fc": nir.Linear(3 * made.nodes["fc"].weight)}
    return replace(made, graph=nir.NIRGraph(nodes, made.graph.edges, type_check=False))


@pytest.mark.parametrize("more", [{}, {"fires_at": ">="}, {"initial_state": 0.5}, {"method": "exponential"}], ids=str)
@pytest.mark.parametrize("kind", [*NEURONS, "CubaLIF"])
def test_a_second_population_tells_what_a_membrane_holds_after_its_reset(kind: str, more: dict[str, object]) -> None:
    both = {**HELD, **more}
    expected, plain = (
        run_network(strong(kind, **terms), stimulus()) for terms in (both, both | {"reset_timing": "same-step"})
    )
    actual = run_network(reset_at_once(strong(kind, **both)).network, stimulus())
    assert np.mean(expected["n"].output != plain["n"].output) > 0.004
    np.testing.assert_array_equal(expected["n"].output, actual["n"].output)


@MACHINES
@pytest.mark.parametrize("kind", ["LIF", "IF"])
def test_integers_hold_it_too(kind: str, numerics: Numerics) -> None:
    quantized = quantize(strong(kind, **HELD), numerics)
    expected = run_network(strong(kind, **HELD), stimulus())["n"].output
    np.testing.assert_array_equal(expected, run_program(quantized.program, stimulus())["n"].output)
    assert latencies(quantized.program)["n"] == 1
    assert set(quantized.program.provenance["n_held"]) == {"n"}


def test_a_network_that_resets_at_once_is_left_alone() -> None:
    build = NetworkBuilder()
    build.output("output", build.integrate("n", build.input("input", (2,)), 1.0))
    made = build.build()
    assert reset_at_once(made).network is made
