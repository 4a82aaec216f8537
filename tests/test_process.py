"""Programs that we start: their limits, and that nothing they started is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.process import OUTPUT_BYTES, kill_group, read_time_limit, run_process, start_process, temporary_folder

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to see other processes in")


def shell(script: str, folder: Path, limit: float = 20.0):
    return run_process(["sh", "-c", script], folder, limit, "the script", "wait longer")


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_end_is_told_by_code_and_last_lines(tmp_path: Path) -> None:
    ended = shell("seq 100; echo bad >&2; exit 3", tmp_path)
    assert ended.code == 3
    assert ended.words.startswith("ended with code 3:\n82\n")
    assert ended.words.endswith("\n100\nbad")


def test_the_end_by_a_signal_names_it(tmp_path: Path) -> None:
    assert shell("kill -9 $$", tmp_path).words == "was killed by SIGKILL"


def test_endless_output_takes_bounded_memory(tmp_path: Path) -> None:
    ended = shell(f"head -c {3 * OUTPUT_BYTES} /dev/zero | tr '\\0' x; echo; echo end", tmp_path)
    assert len(ended.output) <= OUTPUT_BYTES
    assert ended.output.endswith("x\nend\n")


def test_it_works_in_its_folder_and_leaves_temporary_files_there(tmp_path: Path) -> None:
    assert shell("pwd; echo $TMPDIR", tmp_path).output.split() == [str(tmp_path)] * 2


@needs_proc
def test_when_its_time_is_up_all_that_it_started_is_killed(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailureError, match=r"^the script: did not finish within 0\.5 s\n.*wait longer"):
        shell("trap '' TERM; sleep 60 & echo $! > child; wait", tmp_path, 0.5)
    assert not runs(int((tmp_path / "child").read_text()))


@needs_proc
def test_what_it_left_running_ends_with_it(tmp_path: Path) -> None:
    started = time.monotonic()
    assert shell("sleep 60 & echo $!", tmp_path).code == 0
    assert time.monotonic() - started < 20


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_when_we_are_killed_it_is_ended_and_its_folder_removed(how: signal.Signals, tmp_path: Path) -> None:
    folder, child = tmp_path / "work", tmp_path / "child"
    folder.mkdir()
    script = f"""
from pathlib import Path
from neurodeploy.process import run_process
run_process(["sh", "-c", "echo $$ > {child}.new; mv {child}.new {child}; sleep 60"], Path({str(folder)!r}), 60, "", "")
"""
    caller = subprocess.Popen([sys.executable, "-c", script])
    until = time.monotonic() + 30
    while not child.exists() and time.monotonic() < until:
        time.sleep(0.02)
    caller.send_signal(how)
    caller.wait(10)
    while (runs(int(child.read_text())) or folder.exists()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not runs(int(child.read_text()))
    assert not folder.exists()


@needs_proc
def test_a_started_process_is_killed_with_its_group() -> None:
    process = start_process(["sh", "-c", "sleep 60 & echo $!; wait"])
    assert process.stdout is not None
    child = int(process.stdout.readline())
    kill_group(process)
    assert process.returncode == -signal.SIGKILL
    assert not runs(child)
    kill_group(process)


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan"])
def test_a_time_limit_is_a_positive_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_LIMIT", text)
    with pytest.raises(InputError, match=f"SOME_LIMIT: '{text}' is no number of seconds"):
        read_time_limit("SOME_LIMIT", 5.0)


def test_a_time_limit_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_LIMIT", raising=False)
    assert read_time_limit("SOME_LIMIT", 5.0) == 5.0
    monkeypatch.setenv("SOME_LIMIT", "0.5")
    assert read_time_limit("SOME_LIMIT", 5.0) == 0.5


def test_a_temporary_folder_is_gone_afterwards() -> None:
    with temporary_folder("test") as folder:
        (folder / "file").write_text("text")
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_disk_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o500)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(EnvironmentFailureError, match="cannot work in a temporary folder"), temporary_folder("test"):
        pass


@needs_proc
def test_a_program_that_starts_processes_without_end_is_ended_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurodeploy.process.MOST_PROCESSES", 40)
    with pytest.raises(EnvironmentFailureError, match="started more than 40 processes"):
        shell("while :; do sleep 61 & done", tmp_path)
    commands = [entry for entry in Path("/proc").glob("[0-9]*/cmdline") if entry.read_bytes() == b"sleep\x0061\x00"]
    assert [entry for entry in commands if runs(int(entry.parent.name))] == []
