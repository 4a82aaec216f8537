"""Compiled code is kept by what it was made from, whoever else writes the cache, and however a compilation ends."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurodeploy.codegen.machine import AVX512, BASELINE, MACHINES
from neurodeploy.engine import cache, library, prepare, processor, run_compiled
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.processor import this_machine
from neurodeploy.errors import EnvironmentFailureError

from .one_neuron import SPIKES, program
from .support import needs_compiler

pytestmark = needs_compiler
SCRIPT = """
import numpy as np
from neurodeploy.engine import run_compiled
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection
program = Program(LOIHI2, (Input("input", (1,)),), (Population("n", (1,), threshold=1),),
                  (Projection("in", "input", "n", "dense", np.array([[2]])),), ("n",))
print(run_compiled(program, {"input": np.array([0, 1, 1, 0, 1.0]).reshape(1, -1, 1)})["n"].output.ravel().tolist())
"""


def fires(weight: int = 2) -> list[int]:
    """One run as a fresh process would do it: nothing remembered but the cache."""
    prepare.loaded.clear()
    return run_compiled(program(weight), SPIKES)["n"].output.ravel().tolist()


def found(name: str) -> cache.Entry | None:
    key, machine, _ = name.split(".")
    return cache.find(key, next(each for each in MACHINES if each.name == machine))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "engine"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compiler that notes every call of it."""
    real = find_compiler()
    assert real is not None
    log = tmp_path / "calls"
    log.touch()
    wrap(tmp_path / "noting-cc", f'echo x >> {log}; exec {real} "$@"', monkeypatch)
    return log


def wrap(script: Path, does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))


def entries(home: Path) -> list[str]:
    return sorted(each.name for each in home.iterdir()) if home.exists() else []


def test_the_same_program_is_compiled_once(home: Path, calls: Path) -> None:
    assert fires() == fires() == [0, 1, 1, 0, 1]
    assert len(calls.read_text().split()) == 1
    assert len(entries(home)) == 1
    assert fires(1) == [0, 0, 0, 0, 0]
    assert len(entries(home)) == 2


def test_another_instruction_set_or_compiler_has_entries_of_its_own(
    home: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fires()
    other = next(machine.name for machine in reversed(MACHINES) if machine is not this_machine())
    monkeypatch.setenv("NEURODEPLOY_MACHINE", other)
    assert fires() == [0, 1, 1, 0, 1]
    os.utime(os.environ["CC"], (1, 1))
    assert fires() == [0, 1, 1, 0, 1]
    assert len(entries(home)) == 3


@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: d[:99] + b"\xff" + d[100:], lambda d: b""])
def test_a_damaged_entry_is_made_again(home: Path, calls: Path, damage) -> None:
    fires()
    (name,) = entries(home)
    data = (home / name).read_bytes()
    (home / name).unlink()
    (home / name).write_bytes(damage(data))
    assert found(name) is None
    assert fires() == [0, 1, 1, 0, 1]
    assert found(name) is not None
    assert len(calls.read_text().split()) == 2


def test_what_others_may_write_or_own_is_not_loaded(home: Path) -> None:
    cache.keep("0", BASELINE, b"library")
    assert cache.find("0", BASELINE) is not None
    for place, mode in ((home, 0o770), (home, 0o707), (home / "0.baseline.so", 0o666)):
        before = place.stat().st_mode
        place.chmod(mode)
        assert cache.find("0", BASELINE) is None, (place, mode)
        place.chmod(before)
    assert cache.find("0", BASELINE) is not None
    if os.geteuid() == 0:
        os.chown(home, 65534, 65534)
        assert cache.find("0", BASELINE) is None
        assert cache.keep("1", BASELINE, b"library") is None


def test_a_fifo_in_the_cache_is_no_entry(home: Path) -> None:
    cache.keep("0", BASELINE, b"library")
    (home / "0.baseline.so").unlink()
    os.mkfifo(home / "0.baseline.so", 0o600)
    assert cache.find("0", BASELINE) is None
    assert cache.keep("0", BASELINE, b"library") is None


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path / "file" / "below"))
    assert fires() == fires() == [0, 1, 1, 0, 1]
    assert len(calls.read_text().split()) == 2


def test_the_oldest_entries_make_room(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 2)
    for number in range(4):
        cache.keep(f"{number}", BASELINE, b"library")
        os.utime(home / f"{number}.baseline.so", (number, number))
    assert entries(home) == ["2.baseline.so", "3.baseline.so"]


def test_what_a_killed_process_left_unfinished_goes_after_a_day(home: Path) -> None:
    home.mkdir(parents=True)
    for name, age in ((".old.baseline.so.0123", 2 * cache.STALE), (".new.baseline.so.4567", 0)):
        (home / name).touch()
        os.utime(home / name, (time.time() - age,) * 2)
    cache.keep("entry", BASELINE, b"library")
    assert entries(home) == [".new.baseline.so.4567", "entry.baseline.so"]


def test_an_entry_that_this_processor_cannot_run_is_made_again(
    home: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURODEPLOY_MACHINE", "baseline")
    fires()
    (name,) = entries(home)
    made = (home / name).read_bytes()[: -cache.TRAILER]
    other = cache.keep(name.removesuffix(".baseline.so"), AVX512, made)
    assert other is not None
    other.replace(home / name)  # what another computer would have left there: whole, but for AVX-512
    assert found(name) is None
    assert fires() == [0, 1, 1, 0, 1]
    assert found(name) is not None
    assert len(calls.read_text().split()) == 2


def test_an_entry_whose_name_says_what_this_processor_lacks_is_not_read(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fires()
    (name,) = entries(home)
    key = name.split(".")[0]
    cache.keep(key, AVX512, b"library")
    monkeypatch.setattr(processor, "features", lambda: frozenset())
    assert cache.find(key, AVX512) is None
    cache.keep(key, BASELINE, b"library", "text")
    entry = cache.find(key, BASELINE)
    assert entry is not None
    assert entry.about == "text"


def test_a_trailer_that_is_damaged_anywhere_counts_as_missing(home: Path) -> None:
    place = cache.keep("entry", BASELINE, b"library" * 9, "text")
    assert place is not None
    whole = place.read_bytes()
    for at in range(1, cache.TRAILER + 1):
        place.write_bytes(whole[:-at] + bytes([whole[-at] ^ 1]) + whole[len(whole) - at + 1 :])
        assert cache.find("entry", BASELINE) is None, at


def test_a_cached_program_is_not_rendered_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fires()
    monkeypatch.setattr(prepare, "_rendered", None)
    assert fires() == [0, 1, 1, 0, 1]


def test_a_changed_renderer_has_entries_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fires()
    monkeypatch.setattr(library, "codegen_digest", lambda: "another")
    fires()
    assert len(entries(home)) == 2


def test_processes_may_fill_the_cache_at_the_same_time(home: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=120)[0].strip() for process in started] == ["[0, 1, 1, 0, 1]"] * 3
    assert len(entries(home)) == 1


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process ends within that time."""
    status = Path(f"/proc/{pid}/status")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if "zombie" in status.read_text():
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to see other processes in")
@pytest.mark.parametrize("does", ["exec sleep 60", 'trap "" TERM; sleep 60 & echo $! > CHILD; while :; do wait; done'])
def test_a_killed_compilation_leaves_nothing_behind(
    does: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an entry nor a process nor a folder, though nobody could clean up."""
    pid, child = tmp_path / "pid", tmp_path / "child"
    does = does.replace("CHILD", str(child))
    wrap(tmp_path / "slow-cc", f"echo $$ > {pid}.new; mv {pid}.new {pid}; {does}", monkeypatch)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    own = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stderr=subprocess.DEVNULL, env=own)
    until = time.monotonic() + 60
    while not pid.exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert gone(int(pid.read_text()))
    assert not child.exists() or gone(int(child.read_text()))
    while list(temporary.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert list(temporary.iterdir()) == []
    assert entries(home) == []
    monkeypatch.delenv("CC")
    assert fires() == [0, 1, 1, 0, 1]


def test_a_failing_compiler_is_quoted(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrap(tmp_path / "bad-cc", "echo 'no such instruction: vfoo' >&2; exit 3", monkeypatch)
    with pytest.raises(EnvironmentFailureError, match=r"exit code 3:\nno such instruction: vfoo") as caught:
        fires()
    assert caught.value.exit_code == 6
    assert entries(home) == []


def test_a_compiler_that_makes_no_library_is_an_error(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = find_compiler()
    wrap(tmp_path / "idle-cc", "exit 0", monkeypatch)
    with pytest.raises(EnvironmentFailureError, match="it printed nothing"):
        fires()
    wrap(tmp_path / "odd-cc", 'while [ "$1" != -o ]; do shift; done; echo text > "$2"', monkeypatch)
    with pytest.raises(EnvironmentFailureError, match="cannot load"):
        fires()
    wrap(tmp_path / "other-cc", f'echo "int other;" > unit.c; exec {real} "$@"', monkeypatch)
    with pytest.raises(EnvironmentFailureError, match="made a library without "):
        fires()
    assert entries(home) == []


def test_a_hanging_compiler_is_ended_with_all_it_started(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap(tmp_path / "hanging-cc", f"sleep 60 & echo $! > {tmp_path}/child; wait", monkeypatch)
    monkeypatch.setenv("NEURODEPLOY_CC_TIMEOUT", "0.5")
    with pytest.raises(EnvironmentFailureError, match=r"did not finish within 0\.5 s"):
        fires()
    assert entries(home) == []
    assert gone(int((tmp_path / "child").read_text()))
