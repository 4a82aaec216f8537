"""Lava as a contestant: the worker of the ``loihi-sim`` target, timed over two lengths so that its start-up cancels.

The worker's whole life is timed, from its start to its end. It records every population, as the engine does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from neurodeploy.targets.loihi_sim import TARGET, environment, launch, runner
from numpy.typing import NDArray

from neurodeploy.program import Program
from neurodeploy.target import Artifact
from neurodeploy.trace import Trace

SHORT = 4
IntArray = NDArray[np.int64]


def missing() -> str:
    """Why it cannot run here, or nothing."""
    return environment.available() or ""


@dataclass(eq=False)
class Lava:
    """One Program on Lava.

    ``startup``: seconds that the shorter runs took beyond their steps; ``last``: what the last longer run did.
    """

    program: Program
    stimulus: Mapping[str, IntArray]
    long: int
    startup: list[float] = field(default_factory=list[float])
    last: Trace | None = None

    def per_step(self) -> float:
        """Seconds per step."""
        artifact = TARGET.lower(self.program, {})
        short, _ = self.run(artifact, SHORT)
        long, self.last = self.run(artifact, self.long)
        step = (long - short) / (self.long - SHORT)
        self.startup.append(short - SHORT * step)
        return step

    def run(self, artifact: Artifact, steps: int) -> tuple[float, Trace]:
        """Seconds of the worker's life, and the trace."""
        job = runner.Run(artifact, {name: repeated(array, steps) for name, array in self.stimulus.items()})
        with launch.scratch() as (folder, prefix):
            parts = runner.prepare(job, folder, 0)
            names = [part.name for part in parts]
            (folder / "order.json").write_text(json.dumps({"jobs": names, "prefix": prefix, "parallel": 1}))
            limit = launch.timeout(120 + sum(runner.estimate(part) for part in parts))
            start = time.perf_counter()
            launch.run_worker(environment.interpreter(), folder, names, limit)
            return time.perf_counter() - start, runner.collect(job, folder, parts)


def repeated(array: NDArray[Any], steps: int) -> NDArray[Any]:
    """``(1, T, *shape)`` sent over and over for ``steps`` steps."""
    return array[:, np.arange(steps) % array.shape[1]]
