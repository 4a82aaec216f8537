"""The peers: which there are, in which environment each runs, and its process."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import environments

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0
"""Seconds a peer may take to answer."""


@dataclass(frozen=True)
class Peer:
    """A peer on a number of threads.

    - ``environment``: which of ``benchmarks.environments`` it runs in; ``worker``: the module of its process.
    - ``exact``: it computes the same integers, which is checked; else only its speed is compared.
    - ``families``: the workloads it can run; ``not_for``: those where one would expect it, but which it cannot run, for
      the reason ``why_not``.
    """

    name: str
    environment: str
    worker: str
    threads: int = 1
    exact: bool = False
    families: tuple[str, ...] = ("W1", "W2", "W3")
    not_for: tuple[str, ...] = ()
    why_not: str = ""


CHAIN = "its container holds chains of layers"
PEERS = (
    Peer("PyTorch eager, 1 thread", "torch", "torch_float"),
    Peer("PyTorch eager, 2 threads", "torch", "torch_float", 2),
    Peer("PyTorch bit-exact, 1 thread", "torch", "torch_exact", exact=True),
    Peer("Norse", "norse", "norse_chain", families=("W1",), not_for=("W2", "W3"), why_not=CHAIN),
    Peer("SpikingJelly", "spikingjelly", "spikingjelly_chain", families=("W1",), not_for=("W2", "W3"), why_not=CHAIN),
    Peer("xylosim", "xylosim", "xylosim_layer", exact=True, families=("W3X",)),
)


class PeerError(Exception):
    """A peer that answered with an error, or not at all."""


@dataclass(eq=False)
class Worker:
    """A peer's process; ``loaded``: the workload's file that it holds; ``version``: the version that it reported."""

    process: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]
    loaded: Path | None = None
    version: str = ""

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to one request. Raises PeerError where it is an error, or does not come in time."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
        except OSError as error:
            raise PeerError(self._ended()) from error
        if not select.select([stdout], [], [], PATIENCE)[0]:
            raise PeerError(f"gave no answer within {PATIENCE:g} s")
        line = stdout.readline()
        if not line:
            raise PeerError(self._ended())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def load(self, file: Path, threads: int) -> None:
        """Have it load a workload, unless it holds it already."""
        if self.loaded != file:
            self.version = self.ask(do="load", file=str(file), threads=threads)["version"]
            self.loaded = file

    def seconds(self, steps: int) -> float:
        """Seconds per step, over this number of steps."""
        return float(self.ask(do="run", steps=steps)["seconds"])

    def raster(self) -> dict[str, NDArray[Any]]:
        """What its nodes send on the stimulus, ``(T, *shape)``."""
        place = Path(self.folder.name) / "raster.npz"
        self.ask(do="raster", file=str(place))
        with np.load(place, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.folder.cleanup()

    def _ended(self) -> str:
        self.process.wait(5)
        last = (Path(self.folder.name) / "said").read_text(errors="replace").strip().splitlines()[-1:]
        return f"its process ended with code {self.process.returncode}" + "".join(f": {line}" for line in last)


def start(python: Path, worker: str, threads: int) -> Worker:
    """A peer's process in the environment of that interpreter."""
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    environment = {**keep, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    folder: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory(prefix="neurodeploy-bench-")
    with (Path(folder.name) / "said").open("wb") as said:
        process = subprocess.Popen(
            [str(python), "-m", f"benchmarks.workers.{worker}"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        )
    return Worker(process, folder)


class Workers:
    """Processes by peer: each is started when it is first asked for, and all are ended together."""

    def __init__(self) -> None:
        self.running: dict[str, Worker] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *unused: object) -> None:
        for worker in self.running.values():
            worker.close()

    def of(self, peer: Peer) -> Worker:
        """The peer's process. Raises UnavailableError where its environment is not there."""
        worker = self.running.get(peer.name)
        if worker is None or worker.process.poll() is not None:
            worker = self.running[peer.name] = start(
                environments.interpreter(peer.environment), peer.worker, peer.threads
            )
        return worker
