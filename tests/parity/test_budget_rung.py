"""Network against program: how much quantization changed, and in which layer."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.parity.budget_rung import budget_rung
from neurodeploy.parity.rung import Rung
from neurodeploy.parity.tally import Distance
from neurodeploy.passes.pipeline import quantize
from neurodeploy.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry
from tests.parity.networks import noise, said, with_weights

COUNTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20)


def distance(expected, actual, graded: bool = False) -> Distance:
    """The distance of two lines of values, counted in two blocks."""
    measured = Distance()
    for part in (slice(0, 1), slice(1, None)):
        measured.add(Entry(np.asarray(expected)[part], graded), Entry(np.asarray(actual)[part], graded))
    return measured


def jaccard(expected, actual) -> float:
    return distance(expected, actual).jaccard


def relative_rms(expected, actual) -> float:
    return distance(expected, actual, graded=True).relative_rms


@given(COUNTS)
def test_jaccard_is_the_sum_of_minima_over_the_sum_of_maxima(pairs) -> None:
    a, b = (np.array(each).reshape(1, -1, 1) for each in zip(*pairs, strict=True))
    most = sum(max(pair) for pair in pairs)
    assert jaccard(a, b) == (sum(min(pair) for pair in pairs) / most if most else 1.0)
    assert jaccard(a, b) == jaccard(b, a)


def test_jaccard_by_hand() -> None:
    assert jaccard(np.array([0, 0]), np.array([0, 0])) == 1.0
    assert jaccard(np.array([1, 0]), np.array([0, 1])) == 0.0
    assert jaccard(np.array([2, 1, 0]), np.array([1, 1, 1])) == 2 / 4


def test_relative_rms_by_hand() -> None:
    assert relative_rms(np.array([3.0, 4.0]), np.array([3.0, 9.0])) == 1.0
    assert relative_rms(np.zeros(2), np.zeros(2)) == 0.0


def dense(*weights) -> Network:
    """input -> l1 -> l2 ...: dyadic weights, so that integers lose nothing."""
    build = NetworkBuilder()
    at = build.input("input", (len(weights[0][0]),))
    for i, weight in enumerate(weights, 1):
        at = build.integrate(f"l{i}", build.linear(f"w{i}", at, np.array(weight, dtype=float)), 1.0)
    build.output("output", at)
    return build.build()


def judge(network: Network, program: Program, stimulus, budget: float = 0.9, allow=()) -> Rung:
    expected = run_network(network, stimulus, states=True)
    return budget_rung(program, stimulus, expected, run_program(program, stimulus, states=True), budget, allow)


def test_exactly_the_budget_agrees() -> None:
    network = dense([[2.0]])
    program = quantize(network).program
    ones = {"input": np.ones((1, 10, 1))}
    got, said_ = run_program(program, ones, states=True), said(input=[1] * 10, l1=[1] * 9 + [0])
    for budget, verdict in [(0.9, "agree"), (np.nextafter(0.9, 1), "diverged")]:
        rung = budget_rung(program, ones, said_, got, float(budget), ())
        assert (rung.nodes["l1"].jaccard, rung.verdict) == (0.9, verdict)
        assert (rung.first_divergence is not None) == (verdict == "diverged")


def test_a_spike_into_double_silence_breaks_any_budget_and_silence_keeps_the_highest() -> None:
    network = dense([[2.0]])
    program = quantize(network).program
    quiet = {"input": np.zeros((1, 3, 1))}
    assert judge(network, program, quiet, 1.0).verdict == "inconclusive"
    assert judge(network, program, quiet, 1.0, ["l1"]).verdict == "agree"
    loud = {"input": np.ones((1, 3, 1))}
    silent = said(input=[1, 1, 1], l1=[0, 0, 0])
    rung = budget_rung(program, loud, silent, run_program(program, loud, states=True), 0.01, ["l1"])
    assert (rung.verdict, rung.nodes["l1"].jaccard) == ("diverged", 0.0)


def test_the_isolated_measure_tells_the_guilty_layer_from_its_victims() -> None:
    rng = np.random.default_rng(3)
    weights = [rng.integers(-2, 7, (6, 6)) / 8 for _ in range(4)]
    network, given_ = dense(*weights), noise(6, 60)
    program = quantize(network).program
    healthy = judge(network, program, given_)
    assert {node.isolated_jaccard for node in healthy.nodes.values()} == {1.0}
    layer = next(p for p in program.projections if p.target == "l2")
    bad = layer.weights.copy()
    bad[0] = -bad[0]
    rung = judge(network, with_weights(program, layer.name, bad), given_)
    assert rung.verdict == "diverged"
    cascaded = {name: node.jaccard for name, node in rung.nodes.items()}
    isolated = {name: node.isolated_jaccard for name, node in rung.nodes.items()}
    assert cascaded["l1"] == 1.0
    assert all(value is not None and value < 1 for name, value in cascaded.items() if name != "l1")
    assert isolated["l2"] is not None and isolated["l2"] < 0.95
    assert {isolated[name] for name in ("l1", "l3", "l4")} == {1.0}
    assert rung.first_divergence is not None and rung.first_divergence.node == "l2"


def test_real_values_are_reported_and_decide_nothing() -> None:
    build = NetworkBuilder()
    start = build.input("input", (2,))
    at = build.add("sum", [build.linear("a", start, np.array([[0.3, 0.7], [0.5, 0.9]]))])
    build.output("output", build.integrate("cells", at, 0.05))
    network = build.build()
    rung = judge(network, quantize(network, weight_bits=2).program, noise(2), 1.0)
    node = rung.nodes["sum"]
    assert node.relative_rms is not None and node.relative_rms > 0.01
    assert (node.jaccard, node.first, node.mismatches) == (None, None, 0)
    assert rung.verdict == "agree"


def test_membranes_stand_in_last_bits_of_the_program_on_both_sides() -> None:
    network = dense([[0.75]])
    program = quantize(network).program
    lsb = 2.0 ** (program.by_name["l1"].scale + program.numerics.state_shift)
    sick = with_weights(program, program.projections[0].name, program.projections[0].weights * 2 // 3)
    rung = judge(network, sick, {"input": np.ones((1, 3, 1))})
    first = rung.first_divergence
    assert first is not None
    assert (first.node, first.step, first.expected, first.actual, first.quantity) == ("l1", 1, 1, 0, "output")
    assert first.expected_membrane == 1.5 * lsb
    assert first.actual_membrane == lsb
    assert first.threshold == lsb
    assert first.margin_lsb == 0.5 * lsb
    assert first.inputs == {"input": (1, 1)}


def test_counts_of_several_spikes_are_measured_by_how_many() -> None:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (1,)), np.array([[3.5]]))
    build.output("output", build.integrate("cell", at, 1.0, max_spikes_per_step=4, reset="subtract"))
    network = build.build()
    program = quantize(network).program
    given_ = {"input": np.ones((1, 1, 1))}
    found = run_program(program, given_, states=True)
    rung = budget_rung(program, given_, said(input=[1], cell=[2]), found, 0.5, ())
    assert (rung.nodes["cell"].expected_spikes, rung.nodes["cell"].actual_spikes) == (2, 3)
    assert (rung.nodes["cell"].jaccard, rung.verdict) == (2 / 3, "agree")
