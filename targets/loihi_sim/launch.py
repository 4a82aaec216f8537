"""Start the worker in Lava's environment, wait, and leave no process, segment or folder behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from neurodeploy.errors import EnvironmentFailureError, InputError

SHARED_MEMORY = Path("/dev/shm")
LAVA_SIDE = Path(__file__).with_name("lava_side")
TIMEOUT = "NEURODEPLOY_WORKER_TIMEOUT"
ERRORS_SHOWN = 40
GROUP_POLLS = 100
BOOT = (
    "import sys, pathlib; sys.path.insert(0, sys.argv[1]); "
    "from lava_side import worker; worker.main(pathlib.Path(sys.argv[2]))"
)


@contextmanager
def scratch() -> Generator[tuple[Path, str]]:
    """A folder for jobs and a prefix for their shared memory; both are gone afterwards."""
    token = f"nd{secrets.token_hex(4)}"
    folder = Path(tempfile.mkdtemp(prefix=f"{token}-"))
    try:
        yield folder, f"{token}_"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for path in SHARED_MEMORY.glob(f"*{token}_*"):
            path.unlink(missing_ok=True)


def timeout(default: float) -> float:
    """Seconds a worker may take: $NEURODEPLOY_WORKER_TIMEOUT, else ``default``."""
    text = os.environ.get(TIMEOUT)
    try:
        return float(text) if text else default
    except ValueError as error:
        raise InputError(f"{text!r} is no number of seconds", TIMEOUT, "set it to a number or unset it") from error


def run_worker(python: Path, folder: Path, jobs: list[str], limit: float) -> None:
    """Run the worker on the jobs of ``folder``.

    Raises EnvironmentFailureError when it takes longer than ``limit`` seconds, is killed, or a process model fails;
    then the message has that process's own traceback.
    """
    log = folder / "worker.log"
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
    environment = {key: os.environ[key] for key in keep if key in os.environ}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with log.open("wb") as output:
        worker = subprocess.Popen(
            (str(python), "-I", "-c", BOOT, str(LAVA_SIDE.parent), str(folder)),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
        try:
            code = worker.wait(limit)
        except subprocess.TimeoutExpired as error:
            remedy = f"give it more time: set {TIMEOUT} (seconds), or run fewer steps"
            raise EnvironmentFailureError(
                f"the Lava worker took longer than {limit:g} s", "loihi-sim", remedy
            ) from error
        finally:
            end_group(worker)
    check(code, folder, jobs, log)


def end_group(worker: subprocess.Popen[bytes]) -> None:
    """Kill every process of the worker's session and wait until they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    for _ in range(GROUP_POLLS):  # what is still dying could yet make a segment
        if not any(lives_in(worker.pid, entry) for entry in Path("/proc").glob("[0-9]*")):
            break
        time.sleep(0.01)
    if worker.stdin is not None:
        worker.stdin.close()


def lives_in(group: int, entry: Path) -> bool:
    """Whether a process, given by its folder in /proc, belongs to ``group`` and is no zombie."""
    try:
        state, _, of_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return False
    return int(of_group) == group and state != "Z"


def check(code: int, folder: Path, jobs: list[str], log: Path) -> None:
    """Raises EnvironmentFailureError where the worker failed."""
    for job in jobs:
        error = folder / job / "error.txt"
        if error.exists():
            message = last_lines(error)
            raise EnvironmentFailureError(f"a Lava process failed:\n{message}", "loihi-sim", "see the traceback above")
    if code == 0 and all((folder / job / "done").exists() for job in jobs):
        return
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    remedy = "run again with more free memory, or install the target anew if this repeats"
    raise EnvironmentFailureError(f"the Lava worker {how}\n{last_lines(log)}".rstrip(), "loihi-sim", remedy)


def last_lines(path: Path) -> str:
    """The end of a log."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-ERRORS_SHOWN:])
