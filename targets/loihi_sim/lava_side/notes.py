"""What a job's processes write down in its folder: which of them there are, and the first failure."""

from __future__ import annotations

import contextlib
from pathlib import Path

PROCESSES = "processes"
"""Folder of a job: one empty file for each process of its network, named by its number."""


def note_failure(job: Path, text: str) -> None:
    """Keep the first failure of a job."""
    with contextlib.suppress(FileExistsError), (job / "error.txt").open("x") as file:
        file.write(text)


def note_process(pid: int) -> None:
    """Count a process that the job in the current folder has started among those of its network."""
    folder = Path(PROCESSES)
    folder.mkdir(exist_ok=True)
    (folder / str(pid)).touch()


def lost_process(job: Path) -> str | None:
    """How a process of a running job's network ended, or None while all run. The others would wait for it for ever.

    Only processes that were noted count: programs that the job's libraries call end by themselves.
    """
    for entry in (job / PROCESSES).glob("*"):
        try:
            fields = Path(f"/proc/{entry.name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return "a process of the network was killed\n"
        if fields[0] == "Z":
            status = int(fields[-1])
            how = f"was killed by signal {status & 127}" if status & 127 else f"ended with code {status >> 8}"
            return f"a process of the network {how}\n"
    return None
