"""A sweep: a row for every combination, the same on every executor; what is finished is never computed again."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.errors import EnvironmentFailureError, InputError, UnavailableError
from neurodeploy.network.file import write_network
from neurodeploy.sweeps import Sweep
from neurodeploy.sweeps import running as runs
from neurodeploy.sweeps.files import picture
from neurodeploy.sweeps.job import Job, run_job
from neurodeploy.sweeps.journal import NAME, open_journal
from neurodeploy.sweeps.result import ACCURACY, COST, KEPT
from tests.convolutional import network
from tests.sweeping import OUT, SOURCE, cluster, killed, repeated, words

WIDTHS = {"weight-bits": [8, 4]}
SIZE = {"steps": 12, "samples": 3}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "net.nir"
    write_network(network(), path)
    return path


@pytest.fixture(scope="module")
def serial(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sweep, Path]:
    out = tmp_path_factory.mktemp("serial") / "sweep"
    return nd.sweep(source, out, targets=["fixed"], options=WIDTHS, calibrate=["none", "own"], **SIZE), out


def test_every_combination_is_a_row(serial: tuple[Sweep, Path]) -> None:
    table, out = serial
    assert [(row["weight-bits"], row["calibrate"]) for row in table.rows] == [
        (bits, calibrate) for bits in "84" for calibrate in ("none", "own")
    ]
    assert {row["verdict"] for row in table.rows} <= {"agree", "inconclusive"}
    assert table.computed == 4
    assert "--steps 12 --samples 3" in table.rows[0]["command"]
    with (out / "table.csv").open() as file:
        assert [row["command"] for row in csv.DictReader(file)] == [row["command"] for row in table.rows]
    assert (out / "pareto.svg").read_text().count("<svg") == 1


def test_the_parquet_table_holds_the_same(serial: tuple[Sweep, Path]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="no pyarrow (pip install 'neurodeploy[sweep]')")
    table, out = serial
    assert parquet.read_table(out / "table.parquet").to_pylist() == table.to_json()["rows"]


def test_fewer_bits_cost_less_and_the_best_row_keeps_the_budget(serial: tuple[Sweep, Path]) -> None:
    table, _ = serial
    bits = {row["weight-bits"]: row["weight_memory_bits"] for row in table.rows}
    assert bits["8"] == 2 * bits["4"]
    best = table.best
    assert best is not None and best["worst_jaccard"] >= table.budget
    assert all(r["weight_memory_bits"] >= best["weight_memory_bits"] for r in table.rows if r["worst_jaccard"] >= 0.9)
    assert best in table.front


def test_accuracy_has_a_front_and_a_picture_of_its_own_where_labels_tell_it() -> None:
    measured = ((8, 1.0, 0.9), (4, 0.95, 0.92), (2, 0.4, 0.5))
    rows = [{"target": "fixed", COST: n, KEPT: kept, ACCURACY: accuracy} for n, kept, accuracy in measured]
    labelled = Sweep(tuple(rows), ("target",), 0.9)
    assert (labelled.front, labelled.front_of(ACCURACY)) == (tuple(rows), tuple(rows[1:]))
    without = Sweep(tuple({**row, ACCURACY: None} for row in rows), ("target",), 0.9)
    assert [b"accuracy on the target" in picture(each) for each in (labelled, without)] == [True, False]


def test_finished_rows_are_not_computed_again(source: Path, serial: tuple[Sweep, Path]) -> None:
    table, out = serial
    journal, before = out / NAME, (out / "table.csv").read_bytes()
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:2]) + lines[2][:20])  # killed while the third row was written
    again = nd.sweep(source, out, targets=["fixed"], options=WIDTHS, calibrate=["none", "own"], **SIZE)
    assert again.computed == 2 and again.rows == table.rows
    assert (out / "table.csv").read_bytes() == before


def test_a_sweep_killed_in_the_middle_goes_on_where_it_was(serial: tuple[Sweep, Path], tmp_path: Path) -> None:
    """Two hundred jobs stand in the proof table, on every executor."""
    before = killed(tmp_path, words([8, 4], [0]), "serial", 1)
    choices = {"targets": ["fixed"], "options": WIDTHS, "calibrate": ["none", "own"], **SIZE}
    again = nd.sweep(tmp_path / SOURCE, tmp_path / OUT, **choices)
    assert again.computed == 4 - before.count(b"\n") < 4
    assert not repeated(before, tmp_path)
    assert alike(again) == alike(serial[0])


def test_a_sweep_without_its_scheduler_leaves_nothing_in_its_way(source: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="no distributed (pip install 'neurodeploy[cluster]')")
    with pytest.raises(UnavailableError, match="no Dask scheduler answers"):
        nd.sweep(source, tmp_path / "s", targets=["fixed"], calibrate=["own"], executor="dask:127.0.0.1:9", **SIZE)
    assert not (tmp_path / "s").exists()


def test_processes_give_the_same_table(source: Path, serial: tuple[Sweep, Path], tmp_path: Path) -> None:
    choices = {"targets": ["fixed"], "options": WIDTHS, "calibrate": ["none"], **SIZE}
    other = nd.sweep(source, tmp_path / "sweep", executor="processes:2", **choices)
    assert alike(other) == [row for row in alike(serial[0]) if row["calibrate"] == "none"]


def alike(table: Sweep) -> list[dict[str, object]]:
    """Its rows without their commands, which name the folder of the calibration stimulus."""
    return [{key: value for key, value in row.items() if key != "command"} for row in table.rows]


def test_a_cluster_gives_the_same_report_and_when_it_loses_a_worker_the_same_table(
    source: Path, serial: tuple[Sweep, Path], tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="no distributed (pip install 'neurodeploy[cluster]')")
    choices = {"targets": ["fixed"], "options": WIDTHS, "calibrate": ["none", "own"], **SIZE}
    here = nd.check(source, targets=["fixed"], **SIZE)
    with cluster(tmp_path) as (address, workers):
        there = nd.check(source, targets=["fixed"], executor=f"dask:{address}", **SIZE)
        assert {**there.to_json(), "about": {}} == {**here.to_json(), "about": {}}
        killed: list[str] = []

        def progress(text: str) -> None:
            if not killed:
                os.kill(workers[0].pid, signal.SIGKILL)
                killed.append(text)

        other = nd.sweep(source, tmp_path / "sweep", executor=f"dask:{address}", progress=progress, **choices)
    assert killed and alike(other) == alike(serial[0])


def test_a_job_that_kills_its_workers_is_a_row_with_its_error(
    monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(runs, "run_job", kills)
    table = nd.sweep(source, tmp_path / "sweep", targets=["fixed"], executor="processes:1", **SIZE)
    assert table.rows[0]["verdict"] == "not run" and "its worker died" in table.rows[0]["error"]
    assert (tmp_path / "sweep" / NAME).read_bytes() == b""


def kills(job: Job, *data: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_job_that_cannot_be_is_a_row_with_its_error(source: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "silent.npz", input=np.zeros((5, 2, 6, 6)))
    calibrate = ["none", str(tmp_path / "silent.npz")]
    table = nd.sweep(source, tmp_path / "sweep", targets=["fixed"], calibrate=calibrate, **SIZE)
    assert [row["verdict"] == "failed" for row in table.rows] == [False, True]
    assert "nothing reaches readout" in table.rows[1]["error"] and "1 rows failed" in repr(table)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"targets": []}, "no value"),
        ({"targets": ["fixed", "fixed"]}, "twice"),
        ({"targets": ["nowhere"]}, "nowhere"),
        ({"targets": ["fixed"], "options": {"nothing": [1]}}, "nothing"),
        ({"targets": ["fixed"], "options": {"weight-bits": []}}, "no value"),
        ({"targets": ["fixed"], "options": {"weight-bits": [99]}}, "99"),
        ({"targets": ["fixed"], "seeds": [-1]}, "-1 is out of range"),
        ({"targets": ["fixed"], "budget": 1.5}, "no Jaccard index"),
        ({"targets": ["fixed"], "executor": "many"}, "no executor"),
        ({"targets": ["fixed"], "stimuli": ["missing.npz"]}, "missing.npz"),
    ],
)
def test_bad_choices_are_refused_before_anything_runs(
    choices: dict[str, object], words: str, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        nd.sweep(source, tmp_path / "sweep", **{**SIZE, **choices})


@pytest.mark.parametrize("text", ["", "targets = 3", "targets = []", "nothing = 1\ntargets = ['fixed']", "not toml"])
def test_a_file_of_choices_that_holds_none_is_refused(text: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "choices.toml").write_text(text)
    with pytest.raises(InputError, match=r"choices\.toml"):
        nd.sweep(source, tmp_path / "sweep", choices=tmp_path / "choices.toml", **SIZE)


def test_a_file_of_choices_is_read(source: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", input=np.ones((5, 2, 6, 6)))
    text = 'targets = ["fixed"]\nstimuli = ["own.npz"]\n[options]\nweight-bits = [8]\n'
    (tmp_path / "choices.toml").write_text(text)
    table = nd.sweep(source, tmp_path / "sweep", choices=tmp_path / "choices.toml")
    assert table.rows[0]["stimulus"] == str(tmp_path / "own.npz")
    with pytest.raises(InputError, match="beside it"):
        nd.sweep(source, tmp_path / "sweep", choices=tmp_path / "choices.toml", targets=["c"])


def test_a_row_is_made_again_with_the_options_that_load_its_source(source: Path, tmp_path: Path) -> None:
    table = nd.sweep(source, tmp_path / "sweep", targets=["fixed"], input_range=(0.0, 1.0, 0.125), seeds=[0], **SIZE)
    assert "--input-range 0.0,1.0,0.125" in table.rows[0]["command"]


def test_a_seed_changes_nothing_of_a_stimulus_that_is_there(source: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "shown.npz", input=np.ones((5, 2, 6, 6)))
    table = nd.sweep(source, tmp_path / "sweep", targets=["fixed"], stimuli=[tmp_path / "shown.npz"], seeds=[0, 1])
    assert table.computed == 1 and len(table.rows) == 2


def test_a_full_disk_keeps_what_is_finished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.add("first", {"verdict": "agree"})
        monkeypatch.setattr(os, "write", lambda file, text: 5)
        with pytest.raises(EnvironmentFailureError, match="disk is full"):
            journal.add("second", {"verdict": "agree"})
        monkeypatch.undo()
    with open_journal(tmp_path) as journal:
        assert journal.rows == {"first": {"verdict": "agree"}}


def test_two_sweeps_do_not_write_one_folder(tmp_path: Path) -> None:
    with open_journal(tmp_path), pytest.raises(InputError, match="another sweep"), open_journal(tmp_path):
        pass


@pytest.mark.parametrize(
    "data", [b"{}\n", b"a thesis", b"\0\0\n", b"[" * 9999 + b"\n", b'{"key":"a","outcome":{"b":[]}}\n']
)
def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path: Path, data: bytes) -> None:
    (tmp_path / NAME).write_bytes(data)
    with pytest.raises(InputError, match="no journal"), open_journal(tmp_path):
        pass
    assert (tmp_path / NAME).read_bytes() == data


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, lambda path: path.touch() or os.truncate(path, 3 << 30), lambda path: path.symlink_to("/dev/zero")],
)
def test_a_journal_is_a_file_of_bounded_size(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / NAME)
    with pytest.raises(InputError), open_journal(tmp_path):
        pass
    assert os.path.lexists(tmp_path / NAME)


def test_a_folder_of_other_files_is_no_place_for_a_sweep(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("mine")
    with pytest.raises(InputError, match="holds files, and no sweep"), open_journal(tmp_path):
        pass


def test_a_sweep_that_fails_before_its_first_row_leaves_no_folder(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no executor"):
        nd.sweep(source, tmp_path / "a" / "sweep", targets=["fixed"], executor="none", steps=2)
    assert not (tmp_path / "a").exists()


def test_the_same_work_under_another_name_has_the_same_key() -> None:
    job = Job("fixed", (), "a.npz", "none", 0, ("n", "s", ""), "code")
    assert job.key == Job("fixed", (), "b.npz", "none", 0, ("n", "s", ""), "code").key
    assert run_job(job, b"", b"", None)["verdict"] == "failed"
