"""The report: floors beside what was measured, every table in Markdown and JSON, and what was not measured."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks import report
from benchmarks.__main__ import app, chosen
from benchmarks.costs import Costs
from benchmarks.floors import floors
from benchmarks.interleave import Measured
from benchmarks.operations import Operations
from benchmarks.results import OURS, ROOF, CaseResult, Equality, Results, Scaling
from benchmarks.roofline import Limits
from benchmarks.run import FULL, QUICK
from benchmarks.scaling import alone_name, threads_name

LIMITS = Limits(32, "vpmaddubsw", 100e9, 200e9, 4e9, "split", {"L1": 2e11})
MICRO = 1e-6


def case(**changes: object) -> CaseResult:
    measured = {
        OURS: Measured(OURS, (100 * MICRO, 110 * MICRO)),
        "Lava": Measured("Lava", (30_000 * MICRO, None), note="start-up subtracted"),
        "Norse": Measured("Norse", (1000 * MICRO, 1100 * MICRO)),
        "SpikingJelly": Measured("SpikingJelly", missing="its environment is not installed"),
    }
    shown = {
        "name": "W1 128 at 2 %",
        "family": "W1",
        "size": 128,
        "asked_activity": 0.02,
        "dense": False,
        "activity": {"input": 0.02, "conv1": 0.021, "pool1": 0.08},
        "operations": Operations(200_000, 1e6, 20_000_000),
        "measured": measured,
        "checked": {"Lava": Equality(1000, 0, 5)},
        "lava_startup": 1.5,
    }
    return CaseResult(**{**shown, **changes})  # type: ignore[arg-type]


def results(*cases: CaseResult) -> Results:
    costs = Costs("W1 128 at 2 %", "W1", 1.0, 0.01, 0.02, 2_100_000, 20 * MICRO, 0.2)
    threads = {"1 thread": Measured("1 thread", (2.0,)), "2 threads": Measured("2 threads", (1.0,))}
    return Results({"date": "today"}, LIMITS, cases, (costs,), (Scaling("batch of 4", "W1 128 at 2 %", threads),))


def test_a_floor_is_met_not_met_or_not_measured() -> None:
    values = {item.name: (item.value, item.verdict) for item in floors(results(case()))}
    assert values["faster than Lava"] == (pytest.approx(300), "met")
    assert values["faster than Norse"] == (pytest.approx(10), "NOT MET")
    assert values["faster than SpikingJelly"] == (None, "not measured")
    assert values["two threads, batch of 4"] == (2.0, "met")
    assert values["cached load and first step"] == (pytest.approx(20), "NOT MET")
    assert values["memory per sample"] == (pytest.approx(2.1), "met")
    assert values["silent step, share of the 2 % case"] == (0.2, "met")


def test_the_share_of_the_roofline_is_that_of_the_same_rounds() -> None:
    rounds = {OURS: (100 * MICRO, 300 * MICRO, 100 * MICRO), ROOF: (60 * MICRO, 150 * MICRO, 40 * MICRO)}
    shared = case(measured={name: Measured(name, item) for name, item in rounds.items()}, dense=True)
    assert shared.of_roof == pytest.approx(0.5)
    assert shared.roof == pytest.approx(60 * MICRO)
    (floor,) = [item for item in floors(results(shared)) if "roofline" in item.name]
    assert (floor.name, floor.limit, floor.verdict) == ("of the roofline (dense)", 70, "NOT MET")
    assert "W1 128 at 2 %: 50 % of the roofline" in report.markdown(results(shared))


def test_two_threads_stand_beside_what_threads_gain_that_share_nothing() -> None:
    points = {threads_name(1): (2.0, 2.0), threads_name(2): (1.25, 1.25)}
    points |= {alone_name(1): (1.0, 1.0), alone_name(2): (0.625, 0.625)}
    scaling = Scaling("batch of 4", "W1", {name: Measured(name, item) for name, item in points.items()})
    shown = replace(results(case()), scaling=(scaling,))
    (floor,) = [item for item in floors(shown) if "two threads" in item.name]
    assert (floor.value, floor.verdict, floor.beside) == (1.6, "NOT MET", "threads that share nothing: 1.6 ×")
    assert "| ≥ 1.8 × | 1.6 × | NOT MET | threads that share nothing: 1.6 × |" in report.markdown(shown)


def test_markdown_has_a_row_for_everybody(tmp_path: Path) -> None:
    paths = report.write(results(case()), tmp_path)
    text = paths[1].read_text()
    assert "| neurodeploy | 105 | 1 |" in text
    assert "| Lava | 30,000 | 300 | equal (5 nodes, 1,000 cells) | start-up subtracted (1.5 s per run) |" in text
    assert "| Norse | 1,050 | 10 | speed only: own equations |" in text
    assert "| SpikingJelly | not measured |  |  | its environment is not installed |" in text
    assert "| faster than Lava | W1 128 at 2 % | ≥ 200 × | 300 × | met |  |" in text
    for line in text.splitlines():
        assert not line.startswith("|") or line.endswith("|")


def test_json_has_the_rounds_the_medians_and_the_verdicts(tmp_path: Path) -> None:
    data = json.loads(report.write(results(case()), tmp_path)[0].read_text())
    (values,) = data["cases"]
    assert values["contestants"]["Norse"]["ratio"] == pytest.approx(10)
    assert values["contestants"]["Norse"]["rounds"] == pytest.approx([1e-3, 1.1e-3])
    assert values["contestants"]["SpikingJelly"] == {"not_measured": "its environment is not installed"} | {
        "ratio": None,
        "equality": None,
    }
    assert {"met", "NOT MET", "not measured"} == {item["verdict"] for item in data["floors"]}


def test_two_threads_that_are_slower_than_one_are_pointed_out() -> None:
    two = {"PyTorch eager, 1 thread": (1.0,), "PyTorch eager, 2 threads": (3.0,)}
    slow = case(measured={name: Measured(name, rounds) for name, rounds in {OURS: (0.1,), **two}.items()})
    lines = [line for line in report.markdown(results(slow)).splitlines() if "were both cores free" in line]
    assert len(lines) == 1
    assert lines[0].startswith("| PyTorch eager, 2 threads")


def test_a_workload_that_could_not_be_built_is_not_measured() -> None:
    absent = case(family="W3X", operations=None, measured={OURS: Measured(OURS, missing="no numerics xylo-v2")})
    text = report.markdown(results(absent))
    assert "| neurodeploy | not measured |  |  | no numerics xylo-v2 |" in text


def test_another_raster_is_a_failure_of_the_run() -> None:
    assert results(case()).diverged == []
    wrong = case(checked={"Lava": Equality(1000, 3, 5)})
    assert results(wrong).diverged == ["W1 128 at 2 %, Lava: DIFFERS in 3 of 1,000 cells"]


def test_a_terminal_shows_the_same_cells() -> None:
    page = io.StringIO()
    for table in report.tables(results(case())):
        report.show(table, Console(file=page, width=200))
    assert "NOT MET" in page.getvalue()
    assert "its environment is not installed" in page.getvalue()


def test_one_family_alone() -> None:
    for scope in (FULL, QUICK):
        part = chosen(scope, "W2", 2)
        assert {item.family for item in part.cases} == {"W2"}
        assert {item[0] for item in part.costs} == {"W2"} == part.batches.keys()
        assert part.rounds == 2
    assert len(FULL.cases) > len(QUICK.cases)


def test_an_unknown_family_is_a_usage_error() -> None:
    done = CliRunner().invoke(app, ["--only", "W9"])
    assert done.exit_code == 2
    assert "W9" in done.output
