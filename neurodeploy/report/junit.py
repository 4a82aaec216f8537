"""A report as JUnit XML, which continuous integration shows test by test."""

from __future__ import annotations

from xml.etree import ElementTree

from neurodeploy.document import plain_text
from neurodeploy.foreign import shown
from neurodeploy.parity.content import rung_blocks
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Rung


def junit_xml(report: Report) -> bytes:
    """One test case per rung, and one that is skipped for every target that was not run.

    A rung that diverged or is inconclusive fails. One in which the reference's own code ran is skipped, and fails where
    that makes the whole ladder inconclusive, so that the XML never passes where the exit code is not 0.
    """
    cases = [_case(rung, report) for rung in report.rungs]
    for name, reason in report.not_run.items():
        cases.append(_element("testcase", classname="neurodeploy.check", name=f"program → {name}"))
        cases[-1].append(_element("skipped", message=f"not run: {reason}"))
    if not report.rungs:
        cases.append(_element("testcase", classname="neurodeploy.check", name="ladder"))
        cases[-1].append(_element("failure", type=report.verdict, message="nothing was compared"))
    counts = {"failures": "failure", "skipped": "skipped"}
    suite = _element(
        "testsuite",
        name=f"neurodeploy check: {report.verdict}",
        tests=str(len(cases)),
        errors="0",
        **{count: str(sum(case.find(tag) is not None for case in cases)) for count, tag in counts.items()},
    )
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _case(rung: Rung, report: Report) -> ElementTree.Element:
    case = _element("testcase", classname="neurodeploy.check", name=f"{rung.source} → {rung.target}")
    message = "; ".join((*rung.reasons, *(report.reasons if rung.verdict == "same code" else ())))
    if rung.verdict == "same code" and not report.reasons:
        case.append(_element("skipped", message=f"same code: {message}"))
    elif rung.verdict != "agree":
        failure = _element("failure", type=rung.verdict, message=message or rung.verdict)
        failure.text = shown(plain_text(rung_blocks(rung)), lines=True)
        case.append(failure)
    return case


def _element(tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.Element(tag, {name: shown(text, lines=True) for name, text in attributes.items()})
