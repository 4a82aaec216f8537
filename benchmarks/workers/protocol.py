"""The conversation between the benchmark and a peer's process: one JSON object per line, a request and its answer.

- ``{"do": "load", "file": "w1.npz", "threads": 1}`` -> ``{"version": "2.13.0"}``
- ``{"do": "run", "steps": 20}`` -> ``{"seconds": s}`` per step, timed here, its state going on from the last run
- ``{"do": "raster", "file": "out.npz"}`` -> ``{"nodes": [...]}``: what every node that it can show sent on
  the stimulus, from the initial state
- ``{"do": "quit"}``

What fails is answered by ``{"error": "..."}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Work:
    """A network as plain data, its weights by key, and a stimulus ``(T, *shape)`` that is sent over and over."""

    net: dict[str, Any]
    weights: dict[str, Array]
    stimulus: Array


class Stepper(Protocol):
    """A peer's network."""

    version: str

    def reset(self) -> None:
        """Back to the initial state."""

    def advance(self, times: Sequence[int]) -> None:
        """One step for each of these, on the stimulus of that step."""

    def sent(self) -> dict[str, Array]:
        """What nodes sent in the last step; none where the peer has equations of its own."""
        ...


Make = Callable[[Work, int], Stepper]


def read(path: Path) -> Work:
    """What ``benchmarks.workload`` wrote."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    net = json.loads(str(arrays.pop("net")))
    return Work(net, {name: a for name, a in arrays.items() if name != "stimulus"}, arrays["stimulus"])


def timed(stepper: Stepper, steps: int, period: int) -> float:
    """Seconds per step."""
    times = [t % period for t in range(steps)]
    start = time.perf_counter()
    stepper.advance(times)
    return (time.perf_counter() - start) / steps


def raster(stepper: Stepper, steps: int) -> dict[str, Array]:
    """What every node sent, ``(T, *shape)``."""
    stepper.reset()
    rows: list[dict[str, Array]] = []
    for t in range(steps):
        stepper.advance([t])
        rows.append({name: np.array(a, dtype=np.int16) for name, a in stepper.sent().items()})
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


class Session:
    """What one process has loaded, and its answers."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.stepper: Stepper | None = None
        self.period = 1

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        if request["do"] == "load":
            work = read(Path(request["file"]))
            self.stepper, self.period = self.make(work, request["threads"]), len(work.stimulus)
            timed(self.stepper, 3, self.period)
            return {"version": self.stepper.version}
        if self.stepper is None:
            return {"error": "nothing is loaded"}
        if request["do"] == "run":
            return {"seconds": timed(self.stepper, request["steps"], self.period)}
        sent = raster(self.stepper, self.period)
        np.savez(request["file"], **sent)  # type: ignore[arg-type]
        return {"nodes": sorted(sent)}


def serve(make: Make) -> None:
    """Answer requests until told to quit or left alone; what libraries print goes to standard error."""
    with os.fdopen(os.dup(1), "w") as replies:
        os.dup2(2, 1)
        session = Session(make)
        for line in sys.stdin:
            request = json.loads(line)
            if request["do"] == "quit":
                return
            try:
                reply = session.answer(request)
            except Exception as error:  # the benchmark lists the peer as not measured, with this reason
                reply = {"error": f"{type(error).__name__}: {error}"}
            replies.write(json.dumps(reply) + "\n")
            replies.flush()
