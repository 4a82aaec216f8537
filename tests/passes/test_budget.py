"""The fewest bits per layer that keep a share of the spikes."""

import numpy as np
import pytest

from neurodeploy.errors import CannotRepresentError, InputError
from neurodeploy.network import NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.accuracy import BitChoice, budget_findings
from neurodeploy.passes.budget import WIDTHS
from neurodeploy.passes.calibration.choices import Seen
from neurodeploy.passes.pipeline import quantize
from neurodeploy.rasters import jaccard
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

RNG = np.random.default_rng(0)
EVENTS = {"input": (RNG.random((3, 24, 12)) < 0.4).astype(float)}


def chain(layers=2, decay=5e-3):
    build = NetworkBuilder()
    rng = np.random.default_rng(1)
    at = build.input("input", (12,))
    for number in range(layers):
        at = build.linear(f"fc{number}", at, rng.normal(size=(12, 12)) * 0.5)
        at = build.lif(f"n{number}", at, decay, 0.1)
    build.output("output", at)
    return build.build()


def kept(network, program):
    expected, found = run_network(network, EVENTS), run_program(program, EVENTS)
    return min(jaccard(expected[name].output, found[name].output) for name in network.populations)


def test_the_budget_is_kept_and_no_layer_alone_could_have_less():
    result = quantize(chain(), LOIHI2, EVENTS, budget=0.95)
    choice = result.bit_choice
    assert choice.kept == kept(chain(), result.program) >= 0.95
    assert set(choice.bits) == {"fc0", "fc1"}
    for layer, width in ((layer, width) for layer, width in choice.bits.items() if width > WIDTHS[0]):
        less = WIDTHS[WIDTHS.index(width) - 1]
        assert kept(chain(), quantize(chain(), LOIHI2, EVENTS, weight_bits={**choice.bits, layer: less}).program) < 0.95


def test_a_smaller_budget_needs_fewer_bits():
    few, many = (
        sum(quantize(chain(1), LOIHI2, EVENTS, budget=budget).bit_choice.bits.values()) for budget in (0.4, 0.95)
    )
    assert few < many


def test_bits_that_were_given_by_name_stay():
    result = quantize(chain(), LOIHI2, EVENTS, budget=0.6, weight_bits={"fc1": 7})
    assert set(result.bit_choice.bits) == {"fc0"}
    assert next(layer.weight_bits for layer in result.layers if layer.projection == "fc1") == 7


def test_a_budget_out_of_reach_names_the_layer_and_what_can_be_reached():
    slow = chain(decay=4.3e-3)
    with pytest.raises(CannotRepresentError, match="of its spikes are kept with the widest weights of int32") as error:
        quantize(slow, INT32, EVENTS, budget=1.0, weight_bits={"fc0": 2})
    assert error.value.where.startswith("node n")
    reached = float(error.value.remedy.split("budget=")[1].split()[0])
    assert quantize(slow, INT32, EVENTS, budget=reached, weight_bits={"fc0": 2}).bit_choice.kept >= reached


def test_a_budget_needs_a_stimulus():
    with pytest.raises(InputError, match=r"-O budget: .*there is none\n.*--calibrate STIMULUS"):
        quantize(chain(), LOIHI2, budget=0.9)


@pytest.mark.parametrize("budget", [0, -1, 1.5, "much", True])
def test_a_budget_is_a_share(budget):
    with pytest.raises(InputError, match=r"-O budget: .* is not a number above 0, at most 1"):
        quantize(chain(), LOIHI2, EVENTS, budget=budget)


def test_what_the_budget_keeps_is_also_told_for_samples_set_aside():
    many = {"input": (np.random.default_rng(5).random((12, 10, 12)) < 0.4).astype(float)}
    result = quantize(chain(1), LOIHI2, many, budget=0.8)
    samples = Seen.of(12, np.random.default_rng(0))
    fitted, aside = ({"input": many["input"][part]} for part in (samples.fitted, samples.aside))
    program = quantize(chain(1), LOIHI2, fitted, weight_bits={**result.bit_choice.bits}).program
    expected, found = run_network(chain(1), aside), run_program(program, aside)
    assert result.bit_choice.kept_aside == jaccard(expected["n0"].output, found["n0"].output)
    assert quantize(chain(1), LOIHI2, EVENTS, budget=0.5).bit_choice.kept_aside is None


@pytest.mark.parametrize(("aside", "told"), [(None, False), (0.95, False), (0.93, True)])
def test_a_budget_that_only_the_seen_samples_keep_is_a_finding(aside, told):
    findings = budget_findings(BitChoice(0.95, 0.96, {"fc0": 4}, aside))
    assert [finding.slug for finding in findings] == ["budget-overfitted"] * told
    assert all("0.960" in finding.message and "0.930" in finding.message for finding in findings)
