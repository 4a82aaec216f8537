"""The samples of a check on workers: the report is that of one process, and a lost worker's part runs again."""

import json
import os
import signal
from pathlib import Path

import pytest

import neurodeploy as nd
from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.parity import plan
from neurodeploy.parity.report import Report
from neurodeploy.work import open_crew
from neurodeploy.work.calls import Calls
from tests.convolutional import network


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


def test_what_a_lost_worker_had_runs_again_but_not_for_ever(tmp_path: Path) -> None:
    with open_crew("processes:1") as crew:
        assert Calls(crew).results(tried, [(str(tmp_path), n, 1) for n in range(3)]) == [0, 10, 20]
        with pytest.raises(EnvironmentFailureError, match="its workers died, 3 times"):
            Calls(crew).results(tried, [(str(tmp_path), 1, 99)])
