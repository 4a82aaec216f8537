"""The samples of a check on workers: the report is that of one process, and a lost worker's part runs again."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.flow import spreading
from neurodeploy.flow.spreading import Elsewhere, records_of_part
from neurodeploy.parity import plan
from neurodeploy.parity.compare import differing_cells
from neurodeploy.parity.prints import Packed, Prints, digest
from neurodeploy.parity.report import Report
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, find_target
from neurodeploy.trace import Entry, Trace
from neurodeploy.work import open_crew
from neurodeploy.work.calls import Calls
from tests.convolutional import network

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")


def plain(report: Report) -> str:
    """The report as JSON, without its date."""
    return json.dumps({**report.to_json(), "about": {**report.about, "date": ""}}, sort_keys=True)


def test_a_long_check_on_processes_gives_the_same_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "WHOLE", 1)
    monkeypatch.setattr(plan, "BLOCK", 1 << 11)
    one, other = (
        nd.check(network(), steps=30, samples=5, targets=["fixed"], executor=x) for x in ("serial", "processes:2")
    )
    assert plain(one) == plain(other)


@needs_compiler
def test_what_differs_is_told_as_one_process_tells_it(tmp_path: Path) -> None:
    """A target of whole runs, whose source was changed: its records travel, and explain the divergence."""
    bundle = nd.export(network(), "c", tmp_path / "b")
    source = bundle.artifact.files["model.c"].decode()
    assert "before > " in source
    files = {**bundle.artifact.files, "model.c": source.replace("before > ", "before < ", 1).encode()}
    wrong = replace(bundle, artifact=replace(bundle.artifact, files=files))
    reports = [
        nd.check(wrong, steps=6, samples=3, trust_sources=True, causes=False, twice=False, executor=x)
        for x in ("serial", "processes:1")
    ]
    assert reports[0].verdict == "diverged"
    assert plain(reports[0]) == plain(reports[1])


def test_only_what_differs_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a target that runs another program than the one it is compared with."""
    cut = plan.Plan(samples=5, steps=8, neurons=4, together=4, group=2, chunk=3)
    program = nd.quantize(network(), "loihi2").program
    *before, last = program.projections
    changed = replace(program, projections=(*before, replace(last, weights=last.weights + 8)))
    shown = Stimulus({"input": np.random.default_rng(3).integers(0, 2, (5, 8, 2, 6, 6)).astype(float)})
    asked: list[object] = []

    def counted(*arguments: Any) -> Packed:
        asked.append(arguments)
        return records_of_part(*arguments)

    monkeypatch.setattr(spreading, "records_of_part", counted)
    for ran, parts in ((program, 0), (changed, 3)):
        expected, actual = (run_program(p, shown, states=True) for p in (program, ran))
        with open_crew() as crew:
            target = find_target("fixed")
            elsewhere = Elsewhere(Calls(crew), target, Artifact(ran, {}), cut, True, True, shown)
            for samples in (samples for run in cut.runs() for samples in cut.groups(run)):
                for steps in cut.chunks():
                    sent = elsewhere.sent(samples, steps, expected.part(samples, steps))
                    assert not differing_cells(actual.part(samples, steps), sent)
        assert len(asked) == parts


def test_equal_integers_have_equal_digests_in_any_type() -> None:
    record = np.random.default_rng(1).integers(-100, 100, (2, 5, 3))
    wide, narrow = (Trace({"a": Entry(record > 0, v=record.astype(kind))}) for kind in (np.int64, np.int8))
    recorded = Prints.of(wide, 2).recorded
    assert Prints.of(wide, 2).digests == Prints.of(narrow, 2).digests
    assert [len(row) for row in Prints.of(wide, 2).digests] == [3, 3]
    assert digest(wide, recorded) != digest(Trace({"a": Entry(record > 5, v=record)}), recorded)
    assert digest(Trace({"a": Entry(record > 0)}), recorded) == b""
    packed = Packed.of(wide)
    assert packed.trace["a"].v is not None and packed.trace["a"].v.dtype == np.int8
    opened = packed.opened()
    assert opened["a"].v is not None and opened["a"].v.dtype == np.int64 and not differing_cells(wide, opened)


def test_another_executor_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(InputError, match="no executor"):
        nd.check("nowhere.nir", executor="many")


def tried(folder: str, number: int, times: int) -> int:
    """Dies the first ``times`` times that number 1 is asked for."""
    deaths = len(list(Path(folder).iterdir()))
    if number == 1 and deaths < times:
        (Path(folder) / str(deaths)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * number


def test_what_a_lost_worker_had_runs_again_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodeploy.work.calls.LOSSES", 2)
    with open_crew("processes:1") as crew:
        assert Calls(crew).results(tried, [(str(tmp_path), n, 1) for n in range(3)]) == [0, 10, 20]
        with pytest.raises(EnvironmentFailureError, match="its workers died, 2 times"):
            Calls(crew).results(tried, [(str(tmp_path), 1, 99)])
