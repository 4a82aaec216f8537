"""The quantization rung explained: a loss and a fault of the quantizer never read alike."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from neurodeploy.document import plain_text
from neurodeploy.losses.losses import Losses, measure
from neurodeploy.losses.remedy import Remedy, best_for, best_of
from neurodeploy.network import Network
from neurodeploy.parity.budget_rung import budget_rung
from neurodeploy.parity.content import rung_blocks
from neurodeploy.parity.quantization import with_losses
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Rung
from neurodeploy.passes.pipeline import quantize
from neurodeploy.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.report.console import render
from tests.losses.faults import FAULTS
from tests.passes.networks import chain, events

NETWORK = chain(0, sizes=(12, 10, 8))
SHOWN = events(NETWORK)


def explained(program: Program, budget: float, network: Network = NETWORK, causes: bool = True) -> Rung:
    expected = run_network(network, SHOWN, states=True)
    rung = budget_rung(program, SHOWN, expected, run_program(program, SHOWN, states=True), budget, ())
    return with_losses(rung, measure(network, program, expected, causes=causes))


def sick(fault: str = "a wrong sign") -> tuple[Program, str]:
    planted = FAULTS[fault][0](quantize(NETWORK).program)
    assert planted is not None
    return planted


def shown(rung: Rung, width: int) -> str:
    """The rung as a terminal of that width shows it."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(render(rung_blocks(rung)))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_a_loss_reads_as_one_and_a_fault_as_one_whatever_the_budget() -> None:
    loss = explained(quantize(NETWORK, weight_bits=3).program, 0.9)
    assert (loss.verdict, loss.verdict_words) == ("diverged", "diverged")
    assert not any("not rounding" in reason for reason in loss.reasons)
    program, node = sick()
    for budget in (0.0, 0.9):
        fault = explained(program, budget, causes=False)
        assert (fault.verdict, fault.verdict_words) == ("diverged", "diverged: not rounding")
        assert fault.reasons[0].startswith(f"{node}: not rounding: weights of fc0, neuron ")
        assert "its sign is wrong" in fault.reasons[0]


def test_the_first_divergence_of_a_fault_is_a_membrane_beyond_what_rounding_makes() -> None:
    program, node = sick()
    first = explained(program, 0.0, causes=False).first_divergence
    assert first is not None and (first.node, first.quantity) == (node, "membrane")
    assert first.expected != first.actual


def test_a_fault_that_no_cell_shows_diverges_too() -> None:
    program, node = sick("a decay one off")
    expected = run_network(NETWORK, {"input": np.zeros((1, 4, 12))}, states=True)
    actual = run_program(program, {"input": np.zeros((1, 4, 12))}, states=True)
    rung = budget_rung(program, {"input": np.zeros((1, 4, 12))}, expected, actual, 0.9, ("lif0", "lif1"))
    assert rung.verdict == "agree"
    fault = with_losses(rung, measure(NETWORK, program, expected, causes=False))
    assert fault.verdict_words == "diverged: not rounding"
    assert f"{node}: not rounding: decay of membrane" in fault.reasons[0]


REMEDIES = (
    Remedy("calibrate", "--calibrate STIMULUS", {"lif0": 0.5, "lif1": 0.4}, {"lif0": 0.8, "lif1": 0.6}, 2, True),
    Remedy("wider weights", "-O weight-bits=16", {"lif0": 0.5, "lif1": 0.4}, {"lif0": 0.7, "lif1": 0.9}, 4),
    Remedy("other numerics", "-O numerics=int32", {}, {}, refused="node lif0: too large"),
)


def test_each_layer_has_the_remedy_that_brings_it_most_and_the_list_all_of_them() -> None:
    best = best_for(REMEDIES, "lif0"), best_for(REMEDIES, "lif1")
    assert [remedy.kind for remedy in best if remedy is not None] == ["calibrate", "wider weights"]
    assert best_of(REMEDIES) is REMEDIES[1]
    assert best_for(REMEDIES, "lif0", 0.6) is REMEDIES[0]
    assert best_for(REMEDIES, "lif1", 0.6) is REMEDIES[0], "the first that keeps the budget costs least"
    assert best_of(REMEDIES, 0.6) is REMEDIES[0]
    assert best_for((replace(REMEDIES[0], after=REMEDIES[0].before),), "lif0") is None
    assert best_of(REMEDIES[2:]) is None


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_name_and_no_number_is_dropped_at_any_width(width: int) -> None:
    rung = explained(quantize(NETWORK, weight_bits=3).program, 0.9)
    assert rung.losses is not None
    rung = replace(rung, losses=replace(rung.losses, remedies=REMEDIES))
    text = " ".join(shown(rung, width).split())
    for name in ("lif0", "lif1"):
        node, loss = rung.nodes[name], rung.losses.populations[name]
        assert f"{name}: {node.jaccard:.3f} cascaded, {loss.isolated:.3f} isolated" in text
        assert f"costs: weights {loss.costs['weights']:.3f}" in text
    assert "inherited" in text
    assert "remedy: calibrate, --calibrate STIMULUS: 0.500 → 0.800" in text
    assert "remedy: wider weights, -O weight-bits=16: 0.400 → 0.900" in text
    assert "calibrate, --calibrate STIMULUS: 0.400 → 0.600, on samples it was not calibrated with" in text
    assert "other numerics, -O numerics=int32: not possible: node lif0: too large" in text


def test_where_nothing_helps_training_does() -> None:
    rung = explained(quantize(NETWORK, weight_bits=3).program, 0.9)
    assert rung.losses is not None
    useless = replace(REMEDIES[0], after=REMEDIES[0].before)
    rung = replace(rung, losses=replace(rung.losses, remedies=(useless,)))
    assert "remedy: train" in plain_text(rung_blocks(rung))


def test_causes_that_were_not_asked_for_leave_no_lines() -> None:
    rung = explained(quantize(NETWORK, weight_bits=3).program, 0.9, causes=False)
    assert "what quantization costs" not in plain_text(rung_blocks(rung))


def test_the_plain_data_and_the_page_have_everything() -> None:
    program, node = sick()
    rung = explained(program, 0.9)
    assert rung.losses is not None
    rung = replace(rung, losses=replace(rung.losses, remedies=REMEDIES))
    report = Report((rung,), {})
    data = json.loads(json.dumps(report.to_json(), allow_nan=False))["rungs"][0]["losses"]
    assert data.keys() == {"samples", "populations", "remedies", "everywhere", "task_samples"}
    assert data["samples"] == 4
    assert data["populations"][node]["rounding"] is False
    assert data["populations"][node]["beyond"][0]["culprit"] == "weights"
    assert data["populations"][node]["first"].keys() == {"sample", "step", "neuron", "expected", "actual", "bound"}
    assert data["populations"]["lif1"]["costs"].keys() == {"weights", "decay", "threshold", "truncation", "saturation"}
    assert [remedy["kind"] for remedy in data["remedies"]] == [remedy.kind for remedy in REMEDIES]
    page = report.to_html()
    assert "what each term costs" in page and "not rounding" in page and "of the bound" in page


def test_a_program_of_numerics_that_nothing_is_quantized_to_is_not_judged() -> None:
    assert Losses({}, 0).strangers == {}
