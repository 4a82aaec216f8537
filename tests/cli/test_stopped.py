"""A slice of the moments at which ``make proof`` asks every verb to stop, and what is undone whenever that comes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neurodeploy import stopping
from neurodeploy.cli.app import guarded
from neurodeploy.errors import InputError
from neurodeploy.stopping import StopRequested, undo_all, undone_path
from tests.stopped import SIGNALS, prepare, stopped

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to see a process's signals in")
MOMENTS = (("export", 0.05), ("run", 0.4), ("check", 0.9), ("encode", 0.6), ("replace", 0.8), ("inspect", 0.3))
"""Verbs, and the share of a run of about this many seconds at which they are stopped."""
LENGTH = 1.5


def test_a_verb_asked_to_stop_leaves_nothing_half_done(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODEPLOY_HOME", str(folder / "home"))
    prepare(folder)
    ends = {
        f"{verb} {number.name}": stopped(verb, folder, share * LENGTH, number)
        for (verb, share), number in zip(MOMENTS, SIGNALS * 2, strict=True)
    }
    assert {name: end.wrong for name, end in ends.items() if end.wrong} == {}
    assert any(end.code != 0 for end in ends.values())


def test_what_was_cut_short_is_undone_at_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request may come while a folder is removed."""

    def cut(path: Path) -> None:
        raise KeyboardInterrupt

    place = folder / "place"
    monkeypatch.setattr(stopping, "_remove", cut)
    with pytest.raises(KeyboardInterrupt), undone_path(place):
        place.mkdir()
    assert place.exists()
    monkeypatch.undo()
    os.chdir(folder)
    undo_all()
    assert not place.exists()


class Stopping:
    """It is named while its class is made, when Python raises a RuntimeError in the place of every error."""

    def __set_name__(self, owner: type, name: str) -> None:
        raise StopRequested(128 + signal.SIGTERM)


def test_a_request_in_the_midst_of_a_class_is_no_internal_error() -> None:
    def work() -> None:
        type("Named", (), {"field": Stopping()})

    def reading() -> None:
        try:
            work()
        except RuntimeError as error:
            raise InputError("it is no network", "net.nir", "give another") from error

    assert guarded(work) == guarded(reading) == 128 + signal.SIGTERM


def test_errors_that_lead_to_each_other_end_a_verb() -> None:
    def work() -> None:
        error = ValueError("one")
        try:
            raise KeyError("another") from error
        except KeyError as later:
            error.__cause__ = later
            raise

    assert guarded(work) == 70


LOST = """
import os, signal, sys, time
from neurodeploy.stopping import heed_requests
heed_requests()
class Deaf:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.001)
Deaf()
time.sleep(30)
"""


def test_a_request_that_python_cannot_raise_comes_again() -> None:
    ended = subprocess.run([sys.executable, "-c", LOST], capture_output=True, timeout=20, check=False)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGTERM, b"")
