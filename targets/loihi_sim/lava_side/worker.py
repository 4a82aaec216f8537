"""The worker: runs jobs from a folder, each in a process of its own, and leaves nothing behind.

A job is a folder with ``network.json``, ``weights.npz``, ``sources.npz`` and ``job.json``; what the recorder wrote and
``done`` appear in it, or ``error.txt`` with the traceback of the process that failed. The worker watches its standard
input: when it closes, whoever asked is gone, and everything (processes, shared memory, the folder) is removed.
"""

# pyright: reportMissingImports=false, reportPrivateUsage=false
from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import shutil
import signal
import sys
import traceback
from multiprocessing import process as process_state
from multiprocessing import resource_tracker, shared_memory
from pathlib import Path
from typing import Any, NoReturn

from .notes import lost_process, note_failure

SHARED_MEMORY = Path("/dev/shm")
DIE_WITH_PARENT = 1


def main(folder: Path) -> None:
    """Run every job of ``folder``, ``parallel`` at a time."""
    order = json.loads((folder / "order.json").read_text())
    pending: list[str] = list(order["jobs"])
    running: dict[int, str] = {}
    die_with_parent()
    resource_tracker.ensure_running()
    preload([folder / job for job in pending])
    gc.freeze()
    while pending or running:
        while pending and len(running) < order["parallel"]:
            job = pending.pop(0)
            running[start(folder / job, f"{order['prefix']}{job}_")] = job
        if orphaned(0.02):
            vanish(folder, order["prefix"])
        end_broken(folder, running)
        for pid in finished(running):
            job = running.pop(pid)
            clear_shared_memory(f"{order['prefix']}{job}_")
            if not (folder / job / "done").exists():
                return


def preload(jobs: list[Path]) -> None:
    """Import what the jobs need once, before they are forked."""
    from . import runtime

    for job in jobs:
        description = json.loads((job / "network.json").read_text())
        runtime.preload(
            {process["process"] for part in ("neurons", "delays", "synapses") for process in description[part]}
        )


def start(job: Path, prefix: str) -> int:
    """Fork the process that runs one job; its shared memory carries ``prefix``."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.chdir(job)
        shared: Any = shared_memory
        shared._SHM_NAME_PREFIX, shared._SHM_SAFE_NAME_LENGTH = f"/{prefix}", len(prefix) + 17
        config: Any = process_state.current_process()._config  # type: ignore[attr-defined]
        config["tempdir"], config["semprefix"] = ".", f"/{prefix}"
        from . import runtime

        runtime.run_job(job)
        Path("done").touch()
    except BaseException:
        note_failure(job, traceback.format_exc())
    os._exit(0)


def end_broken(folder: Path, running: dict[int, str]) -> None:
    """Kill jobs whose network has lost a process; its own traceback, where it left one, comes first."""
    for pid, job in running.items():
        loss = lost_process(folder / job)
        if loss is not None and not (folder / job / "done").exists():
            note_failure(folder / job, loss)
            os.kill(pid, signal.SIGKILL)


def die_with_parent() -> None:
    """Have the kernel kill every process forked from here on when the one that forked it ends."""
    library = ctypes.CDLL(None, use_errno=True)
    parent: list[int] = []

    def bind() -> None:
        library.prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent[-1]:
            os._exit(1)

    os.register_at_fork(before=lambda: parent.append(os.getpid()), after_in_child=bind)


def finished(running: dict[int, str]) -> list[int]:
    """Jobs that have ended."""
    return [pid for pid in running if os.waitpid(pid, os.WNOHANG)[0] == pid]


def orphaned(wait: float) -> bool:
    """Whether standard input closes within ``wait`` seconds."""
    return bool(select.select([sys.stdin], [], [], wait)[0])


def clear_shared_memory(prefix: str) -> None:
    """Remove the segments of a job that was cut off."""
    for path in SHARED_MEMORY.glob(f"*{prefix}*"):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            resource_tracker.unregister(f"/{path.name}", "shared_memory")


def vanish(folder: Path, prefix: str) -> NoReturn:
    """Remove every trace of this worker, itself last."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    shutil.rmtree(folder, ignore_errors=True)
    clear_shared_memory(prefix)
    os.killpg(0, signal.SIGKILL)
    os._exit(1)
