"""JUnit XML: what continuous integration makes of a report."""

from xml.etree import ElementTree

import pytest

from neurodeploy.evidence import INDEPENDENT, SAME_CODE
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Divergence, NodeResult, Rung
from neurodeploy.report.junit import junit_xml

AGREE = Rung("network", "program", "budget", "agree", {"cell": NodeResult(4, 4, 0, 10, 1.0, None)}, None)
EXACT = Rung("program", "c", "exact", "agree", AGREE.nodes, None, evidence=INDEPENDENT)
FIRST = Divergence("cell", 0, 3, (1,), 1.0, 0.0)
DIVERGED = Rung(
    "program", "chip", "exact", "diverged", {"cell": NodeResult(4, 3, 1, 10, 0.75, FIRST)}, FIRST, reasons=("cell: 1",)
)
REPEATED = Rung(
    "program",
    "fixed",
    "same code",
    "same code",
    AGREE.nodes,
    None,
    reasons=(SAME_CODE.reason,),
    evidence=SAME_CODE,
)


def parsed(*rungs: Rung, **fields: object) -> ElementTree.Element:
    suite = ElementTree.fromstring(junit_xml(Report(rungs, {}, **fields))).find("testsuite")  # type: ignore[arg-type]
    assert suite is not None
    return suite


def outcomes(suite: ElementTree.Element) -> dict[str | None, list[str]]:
    return {case.get("name"): [child.tag for child in case] for case in suite}


def test_a_rung_that_agrees_passes_and_one_that_diverged_fails_with_its_first_divergence() -> None:
    suite = parsed(AGREE, DIVERGED)
    assert outcomes(suite) == {"network → program": [], "program → chip": ["failure"]}
    failure = suite.find("testcase/failure")
    assert failure is not None and (failure.get("type"), failure.get("message")) == ("diverged", "cell: 1")
    assert "first divergence: node cell, step 3, neuron (1)" in (failure.text or "")
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped")} == {
        "tests": "2",
        "failures": "1",
        "skipped": "0",
    }


def test_the_same_code_fails_where_it_makes_the_ladder_inconclusive() -> None:
    suite = parsed(AGREE, REPEATED)
    assert outcomes(suite)["program → fixed"] == ["failure"]
    failure = suite.find("testcase/failure")
    assert failure is not None and failure.get("type") == "same code"
    assert "--allow-same-code" in (failure.get("message") or "")
    assert "exact" not in ElementTree.tostring(suite, "unicode")


@pytest.mark.parametrize(("rungs", "accepted"), [((AGREE, EXACT, REPEATED), False), ((AGREE, REPEATED), True)])
def test_it_is_skipped_beside_independent_evidence_and_where_it_is_accepted(
    rungs: tuple[Rung, ...], accepted: bool
) -> None:
    suite = parsed(*rungs, allow_same_code=accepted)
    assert outcomes(suite)["program → fixed"] == ["skipped"]
    assert suite.get("failures") == "0"


def test_a_target_that_was_not_run_is_skipped_with_the_reason() -> None:
    skipped = parsed(AGREE, EXACT, not_run={"board": "no board is connected"}).find("testcase/skipped")
    assert skipped is not None and skipped.get("message") == "not run: no board is connected"


def test_an_empty_ladder_does_not_pass() -> None:
    assert outcomes(parsed()) == {"ladder": ["failure"]}


def test_characters_that_xml_cannot_hold_are_written_as_their_numbers() -> None:
    hostile = "\x1b[31m<&\"'>\x00\ud800\ufffe\n"
    nodes = {hostile: NodeResult(0, 0, 0, 1, 1.0, None)}
    silent = Rung("network", "program", "budget", "inconclusive", nodes, None, reasons=(f"never fires: {hostile}",))
    failure = parsed(silent, not_run={hostile: hostile}).find("testcase/failure")
    assert failure is not None
    assert "\\x1b[31m<&\"'>\\x00\\ud800\\ufffe" in (failure.get("message") or "")
