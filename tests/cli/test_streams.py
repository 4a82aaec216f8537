"""Standard streams that take nothing, are closed, or have few letters."""

import os
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.trace import Entry, Trace
from tests.cli.support import call, forked

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def full() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


def unread() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, 1)


def closed(*handles: int) -> None:
    for handle in handles:
        os.close(handle)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_results_that_nobody_takes_are_an_error(more: tuple[str, ...]) -> None:
    Trace({"a": Entry(np.ones((1, 2, 3), np.int64))}).save(Path("trace.npz"))
    arguments = ("inspect", "trace.npz", *more)
    assert call(*arguments).code == 0
    code, _, told = forked(arguments, full)
    assert (code, told.count("standard output: cannot write: No space left on device")) == (6, 1)
    code, _, told = forked(arguments, lambda: closed(0, 1))
    assert (code, told.count("standard output: cannot write: Bad file descriptor")) == (6, 1)
    assert forked(arguments, unread)[::2] == (141, "")


def test_a_quiet_verb_needs_no_standard_output(model: Path) -> None:
    assert forked(("export", str(model), "-t", "fixed", "-q", "-o", "b"), lambda: closed(0, 1, 2)) == (0, "", "")
    assert Path("b/manifest.json").is_file()


@pytest.mark.parametrize("letters", ["ascii", "latin-1"])
def test_a_verdict_is_told_in_any_letters(model: Path, letters: str) -> None:
    code, told, _ = forked(("check", str(model), "-t", "fixed"), lambda: None, letters)
    assert (code, "verdict: agree" in told, told.isascii()) == (0, True, True)


def test_a_working_folder_that_is_gone_is_named(model: Path) -> None:
    place = Path.cwd()

    def gone() -> None:
        Path("gone").mkdir()
        os.chdir("gone")
        Path("../gone").rmdir()

    code, _, told = forked(("inspect", str(model)), gone)
    os.chdir(place)
    assert (code, "the working folder: no longer exists" in told) == (6, True), told
