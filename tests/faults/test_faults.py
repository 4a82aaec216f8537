"""Planted faults: each changes one node, the same for the same seed, and most of them show."""

from collections import Counter

import numpy as np
import pytest

from neurodeploy.conformance import generate
from neurodeploy.faults import Fault, faults, planted_in
from neurodeploy.parity.compare import differing_cells
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, find_target

CASE = generate(2, "held", 2)
SHOWN = Stimulus(CASE.stimulus).part(slice(None), slice(0, 30))
PLANTED = list(faults(CASE.program, 2, samples=2))


def test_each_kind_is_planted_once_in_a_place_and_says_what_it_is() -> None:
    assert len(PLANTED) > 100
    assert {fault.node for fault in PLANTED} == set(CASE.program.by_name)
    assert {str(fault) for fault in PLANTED} == {str(fault) for fault in faults(CASE.program, 2, samples=2)}
    assert Counter(fault.term for fault in PLANTED).keys() >= {"weights", "delay", "threshold", "reset", "rounding"}


def test_a_healthy_update_in_place_of_the_usual_one_changes_nothing() -> None:
    late = next(fault for fault in PLANTED if fault.kind == "a neuron never fires")
    sound = Fault("none", "none of these", late.node, CASE.program)
    assert not differing_cells(run_program(CASE.program, SHOWN, states=True), sound.run(SHOWN, states=True))


def test_only_the_faulty_node_differs_from_the_reference_on_what_arrived() -> None:
    expected = run_program(CASE.program, SHOWN, states=True)
    for fault in [fault for fault in PLANTED if fault.order is None][::9]:
        actual = fault.run(SHOWN, states=True)
        locally = run_program(CASE.program, SHOWN, states=True, drive=actual)
        assert {key.partition(".")[0] for key in differing_cells(locally, actual)} <= {fault.node}, fault
        driven = fault.run(SHOWN, states=True, drive=expected)
        assert {key.partition(".")[0] for key in differing_cells(expected, driven)} <= {fault.node}, fault


@pytest.mark.parametrize("states", [True, False])
def test_a_target_with_a_fault_is_a_target(states: bool) -> None:
    fault = next(fault for fault in PLANTED if fault.kind == "two rows swapped")
    sick = planted_in(find_target("fixed"), fault, states)
    trace = sick.run(Artifact(CASE.program), SHOWN, states=True)
    assert (trace[fault.node].v is not None) is states
    assert np.array_equal(trace[fault.node].output, fault.run(SHOWN)[fault.node].output)
