"""The report as a value: verdict, plain data, page."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.evidence import INDEPENDENT, SAME_CODE, Evidence
from neurodeploy.finding import Finding
from neurodeploy.parity.report import Overall, Report
from neurodeploy.parity.rung import Divergence, NodeResult, Rung, Verdict
from neurodeploy.table import Table
from tests.passes.networks import dense

HOSTILE = "<img src=x onerror='alert(1)'>&\""
FIRST = Divergence(
    HOSTILE, 1, 2, (3, 4), 1.0, 0.0, "output", 1041063.0, 1041062.0, 1041000.0, 63.0, {"input": (5, 6), HOSTILE: (0, 1)}
)


def rung(
    verdict: Verdict = "agree",
    first: Divergence | None = None,
    target: str = "target",
    evidence: Evidence | None = INDEPENDENT,
) -> Rung:
    node = NodeResult(10, 9, 1, 100, 0.9, first, isolated_mismatches=5)
    return Rung(
        "program", target, "exact", verdict, {HOSTILE: node}, first, {HOSTILE: 2}, (HOSTILE,), (HOSTILE,), evidence
    )


def repeated(target: str = "fixed") -> Rung:
    """A target rung in which the reference's own code ran."""
    return replace(rung("same code", target=target, evidence=SAME_CODE), policy="same code")


def full() -> Report:
    task = {"program": {"class": list(range(12))}, HOSTILE: {"mean": 0.5, "std": 0.25, "shape": [1]}}
    finding = Finding("slug", "warning", HOSTILE, HOSTILE, HOSTILE)
    about = {"samples": 1, "steps": 2, "numerics": "loihi2", "stimulus": HOSTILE}
    return Report(
        (rung(), rung("diverged", FIRST, HOSTILE)),
        {HOSTILE: {"activity": 0.1}},
        task,
        (finding,),
        {"x": HOSTILE},
        about,
    )


@pytest.mark.parametrize(
    ("verdicts", "overall"),
    [
        (["agree", "agree"], "agree"),
        (["agree", "inconclusive"], "inconclusive"),
        (["inconclusive", "diverged", "agree"], "diverged"),
        (["diverged", "inconclusive"], "diverged"),
        ([], "inconclusive"),
    ],
)
def test_diverged_stands_over_inconclusive_over_agree(verdicts: list[Verdict], overall: Overall) -> None:
    assert Report(tuple(rung(each) for each in verdicts), {}).verdict == overall


@pytest.mark.parametrize(
    ("rungs", "overall", "accepted"),
    [
        ([repeated()], "inconclusive", "agree"),
        ([rung(evidence=None), repeated(), repeated("chip")], "inconclusive", "agree"),
        ([repeated(), rung(target="loihi-sim")], "agree", "agree"),
        ([rung("inconclusive", evidence=None), repeated()], "inconclusive", "inconclusive"),
        ([rung("diverged", evidence=None), repeated()], "diverged", "diverged"),
        ([rung("diverged", evidence=SAME_CODE)], "diverged", "diverged"),
        ([rung(evidence=None)], "agree", "agree"),
    ],
)
def test_one_target_at_least_must_have_run_code_of_its_own(
    rungs: list[Rung], overall: Overall, accepted: Overall
) -> None:
    assert Report(tuple(rungs), {}).verdict == overall
    assert Report(tuple(rungs), {}, allow_same_code=True).verdict == accepted


def test_a_report_names_the_targets_that_ran_the_reference() -> None:
    (reason,) = Report((repeated(), repeated("chip")), {}).reasons
    assert reason.startswith("no target ran anything but the reference itself (fixed, chip)")
    assert Report((repeated(), rung()), {}).reasons == ()
    assert Report((repeated(),), {}, allow_same_code=True).reasons == ()


def test_the_first_divergence_is_that_of_the_first_rung_that_diverged() -> None:
    other = Divergence("later", 0, 0, (0,), 0, 1)
    within = Divergence("within a budget", 0, 0, (0,), 0, 1)
    report = Report((rung("agree", within), rung("diverged", FIRST), rung("diverged", other)), {})
    assert report.first_divergence is FIRST
    assert Report((rung(),), {}).first_divergence is None


def test_the_plain_data_has_every_documented_field() -> None:
    data = json.loads(json.dumps(full().to_json(), allow_nan=False))
    assert data.keys() == {
        "verdict",
        "reasons",
        "rungs",
        "coverage",
        "not_covered",
        "short",
        "adequacy",
        "task",
        "proof",
        "findings",
        "not_run",
        "about",
    }
    assert data["about"]["stimulus"] == HOSTILE
    assert data["rungs"][1].keys() == {
        *("from", "to", "policy", "verdict", "latency", "nodes", "first_divergence", "reasons", "notes", "evidence"),
        *("compared", "losses", "causes"),
    }
    node = data["rungs"][1]["nodes"][HOSTILE]
    assert node.keys() == {
        *("expected_spikes", "actual_spikes", "mismatches", "cells", "jaccard", "first", "graded", "relative_rms"),
        *("ties", "state_mismatches", "inserted"),
        *("isolated_mismatches", "local_mismatches", "isolated_jaccard", "isolated_rms"),
    }
    assert node["first"] == data["rungs"][1]["first_divergence"]
    assert node["first"] == {
        "node": HOSTILE,
        "sample": 1,
        "step": 2,
        "neuron": [3, 4],
        "expected": 1.0,
        "actual": 0.0,
        "quantity": "output",
        "expected_membrane": 1041063.0,
        "actual_membrane": 1041062.0,
        "threshold": 1041000.0,
        "margin_lsb": 63.0,
        "inputs": {"input": [5, 6], HOSTILE: [0, 1]},
        "taken": [],
        "arrivals": [],
    }


def test_numbers_that_json_has_not_are_null() -> None:
    first = Divergence("cell", 0, 0, (0,), float("nan"), float("inf"))
    node = NodeResult(0, 0, 1, 1, None, first, graded=True, relative_rms=float("nan"))
    report = Report((Rung("source", "network", "ties", "diverged", {"cell": node}, first),), {})
    text = json.dumps(report.to_json(), allow_nan=False)
    assert json.loads(text)["rungs"][0]["first_divergence"]["expected"] is None


class Tags(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_from_elsewhere_and_takes_no_name_for_markup() -> None:
    page = full().to_html()
    tags = Tags(page)
    assert page.startswith("<!doctype html>")
    assert not tags.found & {"img", "link", "iframe", "object", "b", "x"}
    assert not tags.attributes & {"src", "onload", "onerror", "action"} and set(re.findall('href="(.)', page)) == {"#"}
    assert "default-src 'none'" in page  # not even a script of its own may fetch anything
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", page)
    assert tags.text.count(HOSTILE) >= 12


def test_the_page_shows_numbers_with_all_their_digits_and_their_unit() -> None:
    text = Tags(full().to_html()).text
    assert "membrane before threshold: 1041063 LSB expected" in text
    assert "membrane from the inputs that arrived: 1041062 LSB" in text
    assert "threshold 1041000 LSB, distance +63 LSB" in text
    assert "from input: 5 messages expected, 6 arrived" in text


def test_evidence_of_its_own_kind_is_remarked_and_the_policy_claimed() -> None:
    assert (rung().claim, rung().remarks) == ("exact", (HOSTILE,))
    told = rung(evidence=Evidence(True, "a sentence"))
    assert (told.claim, told.remarks) == ("exact", (HOSTILE, "a sentence"))
    assert told.to_json()["evidence"] == {"independent": True, "reason": "a sentence"}


def test_no_rendering_of_the_same_code_says_exact() -> None:
    report = Report((repeated(),), {})
    assert (repeated().claim, repeated().verdict) == ("", "same code")
    page = report.to_html().partition('id="glossary-title"')[0]
    for text in (json.dumps(report.to_json()), page, report._repr_html_()):
        assert "same code" in text and "inconclusive" in text and "exact" not in text


def test_results_of_numpy_are_plain_in_the_data() -> None:
    report = full()
    assert isinstance(json.dumps(report.to_json()), str)
    assert not any(isinstance(value, np.generic) for value in report.to_json()["rungs"][1]["first_divergence"].values())


@pytest.mark.parametrize("complete", [False, True])
def test_no_table_of_a_report_is_blank_nor_a_column_of_it(complete: bool) -> None:
    checked = nd.check(dense([[0.5, 0.25]], threshold=0.5), targets=["fixed"], steps=20)
    for report in (checked, full(), Report((), {}, {}, (), {}, {}), replace(checked, coverage={}, adequacy={})):
        tables = [block for block in report.blocks(complete) if isinstance(block, Table)]
        assert bool(tables) or not report.rungs
        for table in tables:
            assert table.rows
            assert all(any(str(cell).strip() for cell in column) for column in zip(*table.rows, strict=True))


def test_at_a_prompt_and_printed_a_report_is_the_console_report() -> None:
    report = full()
    assert repr(report) == str(report)
    lines = str(report).splitlines()
    assert lines[0] == "program → target  agree  exact"
    assert lines[-1].startswith("verdict: diverged  (samples: 1, steps: 2")
    assert any(text.startswith("  first divergence: node") for text in lines)
