"""Source against network: ties excuse one cell each, and nothing else is excused."""

import numpy as np
import pytest

from neurodeploy.errors import UnavailableError
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.parity.float_rung import float_rung
from neurodeploy.trace import Entry, Trace
from tests.parity.networks import cell, said, spikes, steps


@pytest.mark.parametrize("threshold", [0.25, 1.0, 4.0])
@pytest.mark.parametrize(("distance", "verdict"), [(0.9e-5, "agree"), (1.1e-5, "diverged")])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_tie_is_a_membrane_within_1e_5_of_a_threshold_up_to_one_and_relative_above(
    threshold: float, distance: float, verdict: str, side: int
) -> None:
    """Below the threshold the source alone fires, above it the network alone."""
    network = cell(threshold, threshold + side * distance * max(1.0, threshold))
    rung = float_rung(network, steps(1), said(cell=[side < 0]), ["cell"])
    assert rung.verdict == verdict
    assert (rung.nodes["cell"].ties, rung.nodes["cell"].mismatches) == ((1, 0) if verdict == "agree" else (0, 1))


def test_a_tie_that_fires_in_the_source_alone_excuses_no_later_cell() -> None:
    """Our neuron resets where the source fired: after a tie it stands at 0 and needs two steps of 0.5 again."""
    network = cell(1.0, 0.5)
    excused = float_rung(network, steps(1, 1, 1, 1), said(cell=[0, 1, 0, 1]), ())
    assert (excused.verdict, excused.nodes["cell"].ties, excused.nodes["cell"].mismatches) == ("agree", 2, 0)
    wrong = float_rung(network, steps(1, 1, 1, 1), said(cell=[0, 1, 1, 0]), ())
    assert wrong.verdict == "diverged"
    assert wrong.first_divergence is not None
    assert (wrong.first_divergence.step, wrong.first_divergence.actual_membrane) == (2, 0.5)


def test_a_tie_that_does_not_fire_in_the_source_goes_on_from_the_full_membrane() -> None:
    network = cell(1.0, 0.5, fires_at=">=")
    assert float_rung(network, steps(1, 1, 1, 0), said(cell=[0, 0, 1, 0]), ()).verdict == "agree"
    assert float_rung(network, steps(1, 1, 1, 0), said(cell=[0, 0, 0, 0]), ["cell"]).verdict == "diverged"


def test_a_wrong_spike_is_named_by_node_sample_step_and_neuron() -> None:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), 2 * np.eye(2))
    build.output("output", build.integrate("cells", at, 1.0))
    given = {"input": np.zeros((2, 3, 2))}
    given["input"][:, 0] = 1
    claimed = given["input"].copy()
    claimed[1, 2, 1] = 1
    rung = float_rung(build.build(), given, Trace({"cells": Entry(claimed)}), ())
    first = rung.first_divergence
    assert first is not None
    assert (first.node, first.sample, first.step, first.neuron) == ("cells", 1, 2, (1,))
    assert (first.expected, first.actual, first.actual_membrane, first.threshold) == (1, 0, 0, 1)
    assert first.margin_lsb == -1
    assert rung.nodes["cells"].mismatches == 1


def test_descendants_of_a_wrong_spike_are_judged_on_the_source_s_own_inputs() -> None:
    """The first layer fires where it must not; the second one does what it must with that spike."""
    build = NetworkBuilder()
    first = build.integrate("first", build.linear("a", build.input("input", (1,)), np.array([[2.0]])), 1.0)
    second = build.integrate("second", build.linear("b", first, np.array([[2.0]])), 1.0)
    build.output("output", second)
    rung = float_rung(build.build(), steps(1, 0), said(first=[1, 1], second=[1, 1]), ())
    assert {name: node.mismatches for name, node in rung.nodes.items()} == {"first": 1, "second": 0}


def test_the_earliest_step_comes_before_the_first_layer() -> None:
    build = NetworkBuilder()
    first = build.integrate("zz", build.linear("a", build.input("input", (1,)), np.array([[2.0]])), 1.0)
    build.output("output", build.integrate("aa", build.linear("b", first, np.array([[2.0]])), 1.0))
    network = build.build()
    late = float_rung(network, steps(1, 0, 0), said(zz=[1, 0, 1], aa=[1, 1, 1]), ()).first_divergence
    assert late is not None and (late.node, late.step) == ("aa", 1)
    same = float_rung(network, steps(1, 0, 0), said(zz=[1, 1, 0], aa=[1, 0, 0]), ()).first_divergence
    assert same is not None and (same.node, same.step) == ("zz", 1)


def junction() -> Network:
    build = NetworkBuilder()
    start = build.input("input", (1,))
    at = build.add("sum", [start, build.linear("fc", start, np.array([[99.0]]))])
    build.output("output", build.integrate("cell", at, 1.0))
    return build.build()


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (100 * (1 + 0.9e-5), "agree"),
        (100 * (1 - 0.9e-5), "agree"),
        (100 * (1 + 1.2e-5), "diverged"),
        (float("nan"), "diverged"),
        (float("inf"), "diverged"),
    ],
)
def test_real_values_may_differ_by_1e_5_of_their_size(value: float, verdict: str) -> None:
    source = Trace({"sum": Entry(np.array([[[value]]]), graded=True), "cell": spikes(1)})
    rung = float_rung(junction(), steps(1), source, ())
    assert rung.nodes["sum"].mismatches == (verdict == "diverged")
    assert rung.nodes["sum"].graded and rung.nodes["sum"].jaccard is None


@pytest.mark.parametrize(("value", "mismatches"), [(0.9e-5, 0), (1.1e-5, 1)])
def test_real_values_below_one_may_differ_by_1e_5(value: float, mismatches: int) -> None:
    source = Trace({"sum": Entry(np.array([[[value]]]), graded=True), "cell": spikes(0)})
    assert float_rung(junction(), steps(0), source, ()).nodes["sum"].mismatches == mismatches


def test_a_neuron_that_fires_once_has_no_tie_after_its_spike() -> None:
    """It integrates on without reset, so its membrane passes the threshold again and again."""
    network = cell(1.0, 1.0, fire_once=True, fires_at=">=", v_min=0.0)
    assert float_rung(network, steps(1, 0), said(cell=[1, 0]), ()).verdict == "agree"
    again = float_rung(network, steps(1, 0), said(cell=[1, 1]), ())
    assert again.verdict == "diverged"
    assert again.first_divergence is not None and again.first_divergence.step == 1
    late = float_rung(network, steps(1, 0), said(cell=[0, 1]), ())
    assert (late.verdict, late.nodes["cell"].ties) == ("agree", 1)


@pytest.mark.parametrize(
    ("weight", "claimed", "verdict"),
    [
        (3.5, 3, "agree"),
        (3.5, 2, "diverged"),
        (3.0 + 1e-7, 2, "agree"),  # a tie at the third threshold is one spike more or less
        (3.0 + 1e-7, 1, "diverged"),
        (1.0 + 1e-7, 0, "agree"),
        (1.0 + 1e-7, 2, "diverged"),
        (1.0 + 1e-7, -1, "diverged"),
        (5.0 + 1e-7, 5, "diverged"),  # the contract allows four
    ],
)
def test_a_tie_excuses_one_spike_of_several(weight: float, claimed: int, verdict: str) -> None:
    network = cell(1.0, weight, max_spikes_per_step=4)
    rung = float_rung(network, steps(1), said(cell=[claimed]), ["cell"])
    assert rung.verdict == verdict


def test_silence_is_inconclusive_unless_allowed() -> None:
    network, quiet = cell(), said(cell=[0, 0])
    rung = float_rung(network, steps(0, 0), quiet, ())
    assert (rung.verdict, rung.reasons) == ("inconclusive", ("never fires: cell",))
    assert float_rung(network, steps(0, 0), quiet, ["cell"]).verdict == "agree"


def test_a_source_s_record_of_another_shape_is_never_stretched_to_fit() -> None:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (1,)), np.full((3, 1), 2.0))
    build.output("output", build.integrate("cells", at, 1.0))
    with pytest.raises(UnavailableError, match=r"rung source: .* cells.output has shape \(1, 2, 1\), not \(1, 2, 3\)"):
        float_rung(build.build(), steps(1, 1), said(cells=[1, 1]), ())
    with pytest.raises(UnavailableError, match="its trace has no record of node cells"):
        float_rung(build.build(), steps(1, 1), said(other=[1, 1]), ())
