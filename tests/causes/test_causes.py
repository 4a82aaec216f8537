"""Why a node differs: the term that is wrong is named where nothing else explains it, and never guessed."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.causes import Causes
from neurodeploy.conformance import generate
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.faults import Fault, faults
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace

CASE = generate(2, "held", 2)
PROGRAM: Program = CASE.program
SHOWN = Stimulus(CASE.stimulus).part(slice(None), slice(0, 50))
EXPECTED = run_program(PROGRAM, SHOWN, states=True)
PLANTED = {f"{fault.kind} in {fault.node}": fault for fault in faults(PROGRAM, 2, samples=2)}


def causes(actual: Trace) -> Causes:
    """What the rung to a target that did ``actual`` says."""

    def reference(drive: Trace) -> Trace:
        return run_program(PROGRAM, SHOWN, states=True, drive=drive)

    rung = exact_rung(PROGRAM, "target", EXPECTED, actual, (), {}, reference, None, INDEPENDENT)
    assert rung.verdict == "diverged" and rung.causes is not None
    return rung.causes


def test_the_culprit_is_told_from_its_victims() -> None:
    fault = PLANTED["threshold an eighth more in layer1"]
    found = causes(fault.run(SHOWN, states=True))
    assert [culprit.node for culprit in found.culprits] == ["layer1"]
    assert found.victims and "layer1" not in found.victims
    assert found.culprits[0].cause is not None and found.culprits[0].cause.term == "threshold"
    assert any(words.startswith("cause: threshold: ") for words in found.words)


def test_two_culprits_are_both_named() -> None:
    one, other = PLANTED["threshold an eighth more in layer1"], PLANTED["all signs in readout"]
    populations = tuple(
        other.program.by_name[p.name] if p.name == "readout" else one.program.by_name[p.name]
        for p in PROGRAM.populations
    )
    both = replace(other.program, populations=populations)
    found = causes(run_program(both, SHOWN, states=True))
    terms = {culprit.node: [cause.term for cause in culprit.causes] for culprit in found.culprits}
    assert terms == {"layer1": ["threshold"], "readout": ["weights"]}


@pytest.mark.parametrize("states", [True, False])
def test_what_no_single_change_explains_is_unknown(states: bool) -> None:
    fault = PLANTED["every third spike lost in layer2"]
    (culprit,) = causes(fault.run(SHOWN, states=states)).culprits
    assert (culprit.node, culprit.cause, culprit.causes) == ("layer2", None, ())
    assert culprit.words[-1].startswith(f"cause: unknown: none of {culprit.tried} single changes")


def test_changes_that_are_the_same_on_what_was_seen_are_all_listed() -> None:
    (culprit,) = causes(PLANTED["delay one step more in readout"].run(SHOWN)).culprits
    assert culprit.cause is None
    assert {cause.term for cause in culprit.causes} >= {"delay", "latency"}


@pytest.mark.filterwarnings("ignore:invalid value")
def test_records_that_are_no_integers_are_not_searched() -> None:
    output = EXPECTED["layer1"].output.astype(float)
    output[0, 3, 0] = np.nan
    broken = replace(EXPECTED, entries={**EXPECTED.entries, "layer1": replace(EXPECTED["layer1"], output=output)})
    culprit = causes(broken).culprits[0]
    assert culprit.causes == () and culprit.note == "its record holds numbers that are no integers"


@pytest.mark.parametrize("states", [True, False])
def test_of_a_slice_of_planted_faults_no_cause_is_named_wrongly(states: bool) -> None:
    counts: Counter[str] = Counter()
    for fault in list(PLANTED.values())[3::29]:
        actual = fault.run(SHOWN, states=states)
        if fault.order is None and _differs(actual, states):
            counts[_judged(fault, causes(actual))] += 1
    assert counts["right"] >= (3 if states else 2)
    assert not counts["wrong"] and counts["unknown"] <= 1


def _differs(actual: Trace, states: bool) -> bool:
    keys = ("output", "v", "u") if states else ("output",)
    pairs = [(getattr(EXPECTED[n], key), getattr(actual[n], key)) for n in PROGRAM.order for key in keys]
    return any(ours is not None and not np.array_equal(ours, theirs) for ours, theirs in pairs)


def _judged(fault: Fault, found: Causes) -> str:
    (culprit,) = found.culprits
    terms = {cause.term for cause in culprit.causes}
    if culprit.node != fault.node or (terms and fault.term not in terms and fault.term != "none of these"):
        return "wrong"
    return "right" if fault.term in terms else "unknown"
