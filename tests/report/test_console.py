"""What a report looks like on a terminal of 100 columns."""

from io import StringIO

import pytest
from rich.console import Console

from neurodeploy.evidence import INDEPENDENT, SAME_CODE, Evidence
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Divergence, NodeResult, Rung
from neurodeploy.report.console import show_report

SENTENCE = "equal to a simulator's own process models; where a neuron is one of ours, equal to that, and " * 2
FIRST = Divergence(
    "conv3_lif", 0, 123, (15, 31, 31), 1, 0, "output", 1041063.0, 1041062.25, 1041064.0, -1.0, {"conv2_lif": (12, 11)}
)
BUSY = NodeResult(123456789, 123456788, 1, 2 * 10**9, 0.99999, FIRST, isolated_mismatches=1234567, ties=12345)


def printed(*rungs: Rung, **about: object) -> list[str]:
    out = StringIO()
    Console(file=out, width=100).print(show_report(Report(rungs, {}, about=about)))
    return out.getvalue().splitlines()


def diverged(policy: str = "exact", evidence: Evidence | None = INDEPENDENT) -> Rung:
    nodes = {"conv3_lif": BUSY, "an_inserted_relay": NodeResult(0, 0, 0, 9, None, None, True, 0.25, inserted=True)}
    latency = {"conv3_lif": 30}
    return Rung("program", "loihi-sim", policy, "diverged", nodes, FIRST, latency, evidence=evidence)  # type: ignore[arg-type]


def test_a_divergence_is_told_in_whole_numbers_with_sign_and_unit() -> None:
    text = "\n".join(printed(diverged()))
    assert "node conv3_lif, step 123, neuron (15,31,31), sample 0: output 1 expected, 0 came" in text
    assert "membrane before threshold: 1041063 LSB expected" in text
    assert "membrane from the inputs that arrived: 1041062.25 LSB" in text
    assert "threshold 1041064 LSB, distance -1 LSB" in text
    assert "from conv2_lif: 12 messages expected, 11 arrived" in text
    assert "e+0" not in text


def test_membranes_of_a_float_rung_have_no_last_bit() -> None:
    text = "\n".join(printed(diverged("ties")))
    assert "threshold 1041064, distance -1" in text
    assert "LSB" not in text


def test_no_column_is_cut_or_folded_and_no_line_is_wider_than_the_terminal() -> None:
    lines = printed(diverged())
    row = next(line for line in lines if line.startswith("conv3_lif")).split()
    heads = next(line for line in lines if line.startswith("node")).split()
    shown = ["conv3_lif", "123456789", "123456788", "1", "1234567", "1.0000", "12345", "30", "6.2", "%"]
    assert row == shown
    assert heads == ["node", "expected", "actual", "differ", "isolated", "Jaccard", "ties", "latency", "fired"]
    assert max(map(len, lines)) <= 100
    assert not any("…" in line for line in lines)


def test_a_column_without_content_is_left_out() -> None:
    plain = Rung("program", "fixed", "exact", "agree", {"cell": NodeResult(1, 1, 0, 2, 1.0, None)}, None)
    heads = next(line for line in printed(plain) if line.startswith("node")).split()
    assert heads == ["node", "expected", "actual", "differ", "Jaccard", "fired"]


@pytest.mark.parametrize(("reason", "shown"), [(INDEPENDENT.reason, False), (SENTENCE, True)])
def test_what_ran_stands_below_where_it_is_more_than_an_independent_implementation(reason: str, shown: bool) -> None:
    lines = printed(diverged(evidence=Evidence(True, reason)))
    assert lines[0].rstrip() == "program → loihi-sim  diverged  exact"
    assert (reason.strip() in " ".join(" ".join(lines[1:]).split())) == shown


def test_the_same_code_is_a_verdict_of_its_own_and_the_last_lines_say_what_follows() -> None:
    node = NodeResult(1, 1, 0, 2, 1.0, None)
    rung = Rung("program", "fixed", "same code", "same code", {"cell": node}, None, evidence=SAME_CODE)
    lines = [line.rstrip() for line in printed(rung)]
    assert lines[0] == "program → fixed  same code"
    assert lines[-1] == "verdict: inconclusive"
    assert " ".join(lines[-3:-1]).startswith("no target ran anything but the reference itself (fixed)")
    assert "exact" not in " ".join(lines)


def test_the_last_line_says_what_was_run() -> None:
    *_, last = printed(diverged(), samples=1, steps=60, stimulus="seeded noise (10 %)")
    assert last.rstrip() == "verdict: diverged  (samples: 1, steps: 60, stimulus: seeded noise (10 %))"
