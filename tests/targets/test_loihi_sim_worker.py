"""Whatever happens to a run, its error says what, and no process, shared memory or folder is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET, launch
from neurodeploy.targets.loihi_sim.launch import LAVA_SIDE
from neurodeploy.targets.loihi_sim.limits import refuse_limit
from neurodeploy.targets.loihi_sim.runner import Run, run_many

from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.flow import export
from neurodeploy.program import Population, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from tests.cli.support import small_network
from tests.targets.loihi_sim_support import differences, lava, program, weights

NET = program(
    [Population("n", (5,), threshold=40, reset="subtract")], [Projection("w", "input", "n", "dense", weights(5, 6))]
)
ROOT = Path(__file__).parents[2]
SHORT, LONG = (Stimulus({"input": np.ones((1, steps, 6))}) for steps in (5, 200_000))


class Traces:
    """What the runs of one test could leave: their folders stand in ``folder``, their segments begin with ``token``."""

    def __init__(self, folder: Path, token: str) -> None:
        self.folder, self.token = folder, token

    def processes(self) -> list[int]:
        """Every process of a worker that runs here."""
        found: list[int] = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder).encode() in (entry / "cmdline").read_bytes() and int(entry.name) != os.getpid():
                    found.append(int(entry.name))
            except OSError:
                continue
        return sorted(found)

    def segments(self) -> list[str]:
        """Shared memory of these runs."""
        return [path.name for path in Path("/dev/shm").glob(f"*nd{self.token}*")]

    def wait_for_network(self) -> list[int]:
        """Wait until the Lava network runs: worker, job, segments' manager, and several processes."""
        for _ in range(1500):
            if len(self.processes()) >= 6 and self.segments():
                return self.processes()
            time.sleep(0.02)
        raise TimeoutError("no network came up")

    def nothing_is_left(self, within: float = 0) -> bool:
        """Whether processes, segments and folders are gone."""
        limit = time.monotonic() + within
        while True:
            clean = not self.processes() and not self.segments() and not list(self.folder.glob("nd*"))
            if clean or time.monotonic() > limit:
                return clean
            time.sleep(0.05)


@pytest.fixture
def traces(lava: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traces]:
    """A scratch folder and a token of this test's own."""
    token = tmp_path.parent.name.rsplit("-", 1)[-1] + os.urandom(2).hex()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(launch.secrets, "token_hex", lambda size: token)
    yield Traces(tmp_path, token)


def in_order(processes: list[int]) -> list[int]:
    """By start: the worker first, the last process of the network last."""
    return sorted(processes, key=lambda pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]))


def in_background(act: threading.Thread) -> threading.Thread:
    """Start a helper thread."""
    act.start()
    return act


def test_a_run_leaves_nothing(traces: Traces) -> None:
    TARGET.run(TARGET.lower(NET, {}), SHORT)
    assert traces.nothing_is_left()


def test_a_run_that_takes_too_long_is_ended(traces: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODEPLOY_WORKER_TIMEOUT", "4")
    with pytest.raises(EnvironmentFailureError, match="the Lava worker: did not finish within 4 s") as caught:
        TARGET.run(TARGET.lower(NET, {}), LONG)
    assert caught.value.exit_code == 6
    assert "NEURODEPLOY_WORKER_TIMEOUT" in caught.value.remedy
    assert traces.nothing_is_left()


def test_a_time_limit_is_a_number(traces: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODEPLOY_WORKER_TIMEOUT", "soon")
    with pytest.raises(InputError, match="soon"):
        TARGET.run(TARGET.lower(NET, {}), SHORT)


@pytest.mark.parametrize(
    ("which", "told"), [(0, "worker was killed by SIGKILL"), (-1, "process of the network was killed")]
)
def test_a_killed_process_is_told(traces: Traces, which: int, told: str) -> None:
    def kill() -> None:
        os.kill(in_order(traces.wait_for_network())[which], signal.SIGKILL)

    killer = in_background(threading.Thread(target=kill))
    with pytest.raises(EnvironmentFailureError, match=told):
        TARGET.run(TARGET.lower(NET, {}), LONG)
    killer.join()
    assert traces.nothing_is_left()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("spikes = self.fire()", "spikes = self.planted_fault()"),
        ("super().__init__(proc_params)", "super().__init__(proc_params.planted_fault)"),
    ],
    ids=["while-running", "while-building"],
)
def test_a_fault_in_a_process_model_is_told_with_its_own_traceback(traces: Traces, old: str, new: str) -> None:
    source = (LAVA_SIDE / "held_lif.py").read_text()
    assert source.count(old) == 1
    path = traces.folder / "faulty.py"
    path.write_text(source.replace(old, new))
    with pytest.raises(EnvironmentFailureError) as caught:
        run_many([Run(TARGET.lower(NET, {}), SHORT, process_models=path)])
    assert "Traceback" in caught.value.what
    assert "faulty.py" in caught.value.what
    assert "has no attribute 'planted_fault'" in caught.value.what
    assert traces.nothing_is_left()


def test_a_helper_that_ends_is_no_process_of_the_network(traces: Traces) -> None:
    """Libraries fork helper programs; one that ends, even before it ran its own command, breaks nothing."""
    helper = "\nimport os, time\nif not os.fork():\n    time.sleep(0.2)\n    os._exit(0)\ntime.sleep(1)\n"
    path = traces.folder / "helped.py"
    path.write_text((LAVA_SIDE / "held_lif.py").read_text() + helper)
    (actual,) = run_many([Run(TARGET.lower(NET, {}), SHORT, process_models=path)])
    assert differences(actual, run_program(NET, SHORT)) == {}
    assert traces.nothing_is_left()


def caller(traces: Traces) -> subprocess.Popen[bytes]:
    """Another Python that runs a long job with this test's folder and token."""
    script = f"""
import tempfile
from neurodeploy.targets.loihi_sim import launch
from tests.targets.test_loihi_sim_worker import LONG, NET, TARGET
tempfile.tempdir = {str(traces.folder)!r}
launch.secrets.token_hex = lambda size: {traces.token!r}
TARGET.run(TARGET.lower(NET, {{}}), LONG)
"""
    path = traces.folder.with_name(f"caller-of-{traces.folder.name}.py")
    path.write_text(script)
    return subprocess.Popen(
        [sys.executable, str(path)], stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_the_caller_dies_its_worker_goes_too(traces: Traces, how: signal.Signals) -> None:
    other = caller(traces)
    traces.wait_for_network()
    other.send_signal(how)
    other.wait(10)
    assert traces.nothing_is_left(within=10)


def test_when_caller_and_worker_are_killed_together_no_process_lives_on(traces: Traces) -> None:
    other = caller(traces)
    worker = in_order(traces.wait_for_network())[0]
    other.send_signal(signal.SIGSTOP)
    os.kill(worker, signal.SIGKILL)
    other.kill()
    other.wait(10)
    traces.nothing_is_left(within=3)
    assert not traces.processes()
    assert not traces.segments()


__all__ = ["lava"]


MOUNTED = {
    "size=64k": "no space is left (/dev/shm holds 0.0625 MiB",
    "ro": "shared memory cannot be made (/dev/shm is read-only",
}
MOUNT = "mount -t tmpfs -o $0 none /dev/shm || exit 99; "


@pytest.mark.parametrize("option", MOUNTED)
def test_a_small_or_read_only_shared_memory_is_named(lava: None, tmp_path: Path, option: str) -> None:
    """Mounted over the real one in a namespace of its own, which no other process sees."""
    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-m", "sh", "-c", MOUNT, option], check=False).returncode
    ):
        pytest.skip("this user may not mount (needs unshare -m, as root)")
    export(small_network(), "loihi-sim", tmp_path / "b")
    verb = MOUNT + f"{sys.executable} -m neurodeploy run b --steps 3 -q; code=$?; ls /dev/shm; exit $code"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", verb, option],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (6, ""), done.stderr
    assert MOUNTED[option] in done.stderr
    assert "Traceback" not in done.stderr


SAID = {
    "OSError: [Errno 24] Too many open files": "may not open more files (ulimit -n: ",
    "OSError: [Errno 28] No space left on device: '/psm_x'": "no space is left (/dev/shm holds ",
    "a process of the network was killed by signal 7": "no space is left (/dev/shm holds ",
    "was killed by SIGBUS": "no space is left (/dev/shm holds ",
    "OSError: [Errno 30] Read-only file system: '/nd12_x'": "shared memory cannot be made",
    "MemoryError": "need more memory than they get (ulimit -v: ",
    "RuntimeError: can't start new thread": "no more threads can be started (ulimit -v: ",
}


@pytest.mark.parametrize("said", SAID)
def test_a_limit_of_the_computer_is_named_without_a_traceback(said: str) -> None:
    with pytest.raises(EnvironmentFailureError) as told:
        refuse_limit(f"Traceback (most recent call last):\n  File ...\n{said}\n")
    assert SAID[said] in str(told.value)
    assert "Traceback" not in str(told.value)
    refuse_limit("Traceback (most recent call last):\n  File ...\nValueError: a rule of a process model\n")
