"""Every how-to is what happens: its files and commands, in their order, give the exit codes and lines that it shows."""

import importlib
import io
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from tests.cli.support import call
from tests.packaging import workplace
from tests.packaging.pages import TEXTS, links, shown, titled
from tests.targets.build_systems import find

HOWTOS = sorted(name for name in TEXTS if name.startswith("docs/howto/") and not name.endswith("README.md"))
PROGRAMS = {"docs/howto/board.md": ("cmake", "make", "gcc"), "docs/howto/spikeseg.md": ("make", "gcc")}
"""What a page needs of this machine."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder beside one that packages are installed into; terminals are 100 columns wide."""
    (tmp_path / "site").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path / "work"
    sys.modules.pop("minichip", None)
    importlib.invalidate_caches()


@pytest.mark.parametrize("page", HOWTOS)
def test_it_shows_what_its_commands_print(page: str, folder: Path) -> None:
    absent = [program for program in PROGRAMS.get(page, ()) if find(program) is None]
    if absent:
        pytest.skip(f"not installed (Debian has it): {' and '.join(absent)}")
    if page == "docs/howto/chip.md":
        workplace.chip(folder)
    for name, text in titled(TEXTS[page]).items():
        (folder / name).write_text(text, encoding="utf-8")
    for told in shown(TEXTS[page]):
        code, printed = run(told.command, folder)
        assert code == told.code, (told.command, printed)
        lines = iter([line.strip() for line in printed.splitlines()])
        assert [line for line in told.lines if line not in lines] == [], (told.command, printed)


def run(command: str, folder: Path) -> tuple[int, str]:
    """Exit code and output; verbs and scripts in this process, programs in their own."""
    first, *words = shlex.split(command)
    if first == "neurodeploy":
        result = call(*words)
        return result.code, result.out + result.err
    if first == "python":
        return script(words)
    if first == "pip":
        workplace.install(folder / words[1])
        return 0, ""
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def script(words: list[str]) -> tuple[int, str]:
    """``python FILE`` or ``python -m MODULE``."""
    out, code = io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
        patch.setattr(sys, "argv", words[1:] if words[0] == "-m" else words)
        try:
            if words[0] == "-m":
                runpy.run_module(words[1], run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(words[0], run_name="__main__")
        except SystemExit as leave:
            code = int(leave.code or 0)
    return code, out.getvalue()


def test_the_first_page_leads_to_every_other_and_each_shows_an_output() -> None:
    assert sorted(f"docs/howto/{link}" for link in links(TEXTS["docs/howto/README.md"])) == HOWTOS
    assert len(HOWTOS) == 5
    assert [page for page in HOWTOS if not any(told.lines for told in shown(TEXTS[page]))] == []
