"""The report as a value: verdict, plain data, page."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest

from neurodeploy.finding import Finding
from neurodeploy.parity.report import SAME_CODE, Divergence, NodeResult, Report, Rung, Verdict

HOSTILE = "<img src=x onerror='alert(1)'>&\""
FIRST = Divergence(
    HOSTILE, 1, 2, (3, 4), 1.0, 0.0, "output", 1041063.0, 1041062.0, 1041000.0, 63.0, {"input": (5, 6), HOSTILE: (0, 1)}
)


def rung(verdict: Verdict = "agree", first: Divergence | None = None, target: str = "target", proof: str = "") -> Rung:
    node = NodeResult(10, 9, 1, 100, 0.9, first, isolated=0.5)
    return Rung(
        "program", target, "exact", verdict, {HOSTILE: node}, first, {HOSTILE: 2}, (HOSTILE,), (HOSTILE,), proof
    )


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
def test_diverged_stands_over_inconclusive_over_agree(verdicts: list[Verdict], overall: Verdict) -> None:
    assert Report(tuple(rung(each) for each in verdicts), {}).verdict == overall


def test_the_first_divergence_is_that_of_the_first_rung_that_diverged() -> None:
    other = Divergence("later", 0, 0, (0,), 0, 1)
    within = Divergence("within a budget", 0, 0, (0,), 0, 1)
    report = Report((rung("agree", within), rung("diverged", FIRST), rung("diverged", other)), {})
    assert report.first_divergence is FIRST
    assert Report((rung(),), {}).first_divergence is None


def test_the_plain_data_has_every_documented_field() -> None:
    data = json.loads(json.dumps(full().to_json(), allow_nan=False))
    assert data.keys() == {"verdict", "rungs", "coverage", "task", "findings", "not_run", "about"}
    assert data["about"]["stimulus"] == HOSTILE
    assert data["rungs"][1].keys() == {
        *("from", "to", "policy", "verdict", "latency", "nodes", "first_divergence", "reasons", "notes", "proof")
    }
    node = data["rungs"][1]["nodes"][HOSTILE]
    assert node.keys() == {
        *("expected_spikes", "actual_spikes", "mismatches", "cells", "jaccard", "first", "graded", "relative_rms"),
        *("ties", "state_mismatches", "isolated", "inserted"),
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
    assert not tags.found & {"img", "script", "link", "iframe", "object"}
    assert tags.attributes <= {"charset", "class"}
    assert "url(" not in page and "@import" not in page and "http" not in page
    assert tags.text.count(HOSTILE) >= 12


def test_the_page_shows_numbers_with_all_their_digits_and_their_unit() -> None:
    text = Tags(full().to_html()).text
    assert "membrane before threshold: 1041063 LSB expected" in text
    assert "membrane from the inputs that arrived: 1041062 LSB" in text
    assert "threshold 1041000 LSB, distance +63 LSB" in text
    assert "from input: 5 messages expected, 6 arrived" in text


def test_agreement_with_the_same_code_is_no_proof_and_says_so_in_place_of_the_policy() -> None:
    assert rung(proof=SAME_CODE).claim == SAME_CODE
    assert rung(proof=SAME_CODE).remarks == (HOSTILE,)
    assert (rung(proof="a sentence").claim, rung(proof="a sentence").remarks) == ("exact", (HOSTILE, "a sentence"))
    assert (rung().claim, rung().remarks) == ("exact", (HOSTILE,))


def test_results_of_numpy_are_plain_in_the_data() -> None:
    report = full()
    assert isinstance(json.dumps(report.to_json()), str)
    assert not any(isinstance(value, np.generic) for value in report.to_json()["rungs"][1]["first_divergence"].values())
