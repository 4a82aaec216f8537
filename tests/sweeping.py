"""Sweeps as a shell starts them, on a Dask cluster of this machine or alone, killed in the middle and begun again."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neurodeploy.network.file import write_network
from neurodeploy.sweeps.files import CSV, PARQUET
from neurodeploy.sweeps.journal import NAME
from tests.convolutional import network

SOURCE, OUT = "net.nir", "swept"
TABLES = (CSV, PARQUET)
WAITING_SECONDS = 600.0


def words(bits: Iterable[int], seeds: Iterable[int]) -> list[str]:
    """A sweep over widths of weights and seeds, each with calibration and without, as the shell has it."""
    chosen = ["sweep", SOURCE, "-o", OUT, "-t", "fixed", "--steps", "12", "--samples", "3", "-q"]
    chosen += [word for width in bits for word in ("-O", f"weight-bits={width}")]
    chosen += [word for name in ("none", "own") for word in ("--calibrate", name)]
    return [*chosen, *(word for seed in seeds for word in ("--seed", str(seed)))]


def started(folder: Path, sweep: Sequence[str], executor: str = "serial") -> subprocess.Popen[str]:
    """The sweep under way in a folder of its own, in which its source is written first."""
    folder.mkdir(exist_ok=True)
    if not (folder / SOURCE).exists():
        write_network(network(), folder / SOURCE)
    command = [sys.executable, "-m", "neurodeploy", *sweep, "--executor", executor]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finished(folder: Path, sweep: Sequence[str], executor: str = "serial") -> None:
    """The same, at its end. Raises RuntimeError where it fails."""
    process = started(folder, sweep, executor)
    _, said = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"a sweep on {executor} ended with {process.returncode}: {said}")


def rows(folder: Path) -> bytes:
    """The whole lines of its journal."""
    path = folder / OUT / NAME
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1]


def until_rows(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait for some rows. Raises RuntimeError where the sweep ends before, or nothing comes for long."""
    limit = time.monotonic() + WAITING_SECONDS
    while rows(folder).count(b"\n") < count:
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"the sweep has {rows(folder)!r}, and {count} rows are waited for")
        time.sleep(0.02)


def killed(folder: Path, sweep: Sequence[str], executor: str, count: int) -> bytes:
    """Kill the sweep, with SIGKILL, when it has some rows: what its journal then holds."""
    process = started(folder, sweep, executor)
    until_rows(folder, count, process)
    process.kill()
    process.communicate()
    return rows(folder)


def same_tables(one: Path, other: Path) -> bool:
    """Whether two sweeps wrote the same tables, byte for byte."""
    return all((one / OUT / name).read_bytes() == (other / OUT / name).read_bytes() for name in TABLES)


def repeated(before: bytes, folder: Path) -> bool:
    """Whether a sweep that went on computed a row again: what it had stands first, and every key once."""
    after = rows(folder)
    keys = [json.loads(line)["key"] for line in after.splitlines()]
    return not after.startswith(before) or len(set(keys)) < len(keys)


@contextmanager
def cluster(folder: Path) -> Generator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each a process; without nannies, so that a killed worker stays away."""
    module, file = [sys.executable, "-m", "distributed.cli.dask_"], folder / "scheduler.json"
    plain = ["--no-dashboard", "--host", "127.0.0.1"]

    def start(kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [*module[:2], module[2] + kind, *plain, *options]
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    file.unlink(missing_ok=True)
    processes = [start("scheduler", "--port", "0", "--scheduler-file", str(file))]
    try:
        while not file.exists() or not file.read_text().endswith("}"):
            assert processes[0].poll() is None
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        processes += [start("worker", address, "--nthreads", "1", "--no-nanny") for _ in range(2)]
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Ended:
    """How a sweep ended whose scheduler is dead: exit code, seconds, what it said, and whether it left a folder."""

    code: int
    seconds: float
    said: str
    left: bool


DEAD = ("nothing listens", "what listens is silent", "no machine has the name")


def without_scheduler(folder: Path, sweep: Sequence[str], kind: str) -> Ended:
    """A sweep on a scheduler that is dead in one of the ``DEAD`` ways."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if kind == DEAD[0]:
            server.close()
        address = f"tcp://scheduler.invalid:{port}" if kind == DEAD[2] else f"tcp://127.0.0.1:{port}"
        begun = time.monotonic()
        process = started(folder, sweep, f"dask:{address}")
        _, said = process.communicate()
    return Ended(process.returncode, time.monotonic() - begun, said, (folder / OUT).exists())
