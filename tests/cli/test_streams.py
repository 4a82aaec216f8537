"""Standard streams that take nothing, are closed, or have few letters."""

import os
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.trace import Entry, Trace
from tests.cli.support import VERBS, call, forked

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


@pytest.mark.parametrize("verb", VERBS)
def test_a_working_folder_that_is_gone_is_named_by_every_verb(verb: str, tmp_path: Path) -> None:
    place, gone = Path.cwd(), tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        results = [call(*verb.split(), *more) for more in (("a", "-o", "b"), ("a", "--json"), ("--help",))]
    finally:
        os.chdir(place)
    assert [result.code for result in results[:2]] == [6, 6]
    assert all("the working folder: no longer exists" in result.err for result in results[:2])
    assert results[1].data["error"]["exit_code"] == 6
    assert results[2].code == 0
