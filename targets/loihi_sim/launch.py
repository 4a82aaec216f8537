"""Start the worker in Lava's environment, wait, and leave no process, segment or folder behind."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from neurodeploy.errors import EnvironmentFailureError
from neurodeploy.process import Ended, read_time_limit, run_process
from neurodeploy.stopping import undone

from .limits import refuse_limit

SHARED_MEMORY = Path("/dev/shm")
LAVA_SIDE = Path(__file__).with_name("lava_side")
TIMEOUT = "NEURODEPLOY_WORKER_TIMEOUT"
ERRORS_SHOWN = 40
BOOT = (
    "import sys, pathlib; sys.path.insert(0, sys.argv[1]); "
    "from lava_side import worker; worker.main(pathlib.Path(sys.argv[2]))"
)


@contextmanager
def scratch() -> Generator[tuple[Path, str]]:
    """A folder for jobs and a prefix for their shared memory; both are gone afterwards."""
    token = f"nd{secrets.token_hex(4)}"
    folder = Path(tempfile.gettempdir()) / f"{token}-jobs"
    with undone(lambda: _remove(folder, token)):
        folder.mkdir(mode=0o700)
        yield folder, f"{token}_"


def _remove(folder: Path, token: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path in SHARED_MEMORY.glob(f"*{token}_*"):
        path.unlink(missing_ok=True)


def timeout(default: float) -> float:
    """Seconds a worker may take: $NEURODEPLOY_WORKER_TIMEOUT, else ``default``."""
    return read_time_limit(TIMEOUT, default)


def run_worker(python: Path, folder: Path, jobs: list[str], limit: float) -> None:
    """Run the worker on the jobs of ``folder``.

    Raises EnvironmentFailureError when it takes longer than ``limit`` seconds, is killed, or a process model fails;
    then the message has that process's own traceback.
    """
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
    environment = {key: os.environ[key] for key in keep if key in os.environ}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = (str(python), "-I", "-c", BOOT, str(LAVA_SIDE.parent), str(folder))
    remedy = f"give it more time: set {TIMEOUT} (seconds), or run fewer steps"
    ended = run_process(command, folder, limit, "the Lava worker", remedy, environment=environment, guarded=False)
    check(ended, folder, jobs)


def check(ended: Ended, folder: Path, jobs: list[str]) -> None:
    """Raises EnvironmentFailureError where the worker failed."""
    for job in jobs:
        error = folder / job / "error.txt"
        if error.exists():
            text = error.read_text(errors="replace")
            refuse_limit(text)
            lines = "\n".join(text.splitlines()[-ERRORS_SHOWN:])
            raise EnvironmentFailureError(f"a Lava process failed:\n{lines}", "loihi-sim", "see the traceback above")
    if ended.code == 0 and all((folder / job / "done").exists() for job in jobs):
        return
    refuse_limit(ended.words)
    remedy = "run again with more free memory, or install the target anew if this repeats"
    raise EnvironmentFailureError(f"the Lava worker {ended.words}", "loihi-sim", remedy)
