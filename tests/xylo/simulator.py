"""Networks of ``nets`` on the real xylosim, and what differs between its records and a Trace."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.parity.compare import differing_cells
from neurodeploy.program.population import Population
from neurodeploy.trace import Trace
from tests.xylo.environment import interpreter
from tests.xylo.nets import Net

Records = dict[str, dict[str, NDArray[np.int64]]]
WORKER = Path(__file__).with_name("worker.py")
TIMEOUT = 600.0


def simulate(nets: Sequence[Net]) -> list[Records]:
    """What xylosim recorded of each network: per population its output, current u and membrane v, (steps, neurons).

    Raises RuntimeError with the simulator's own words where it fails.
    """
    given = json.dumps([_description(each) for each in nets])
    done = subprocess.run(
        [str(interpreter()), str(WORKER)], input=given, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    if done.returncode:
        raise RuntimeError(f"xylosim ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return [_records(each) for each in json.loads(done.stdout)]


def differing(records: Records, trace: Trace) -> int:
    """Cells of any output, current or membrane that are not the same."""
    arrays = {name: {key: values[None] for key, values in record.items()} for name, record in records.items()}
    simulated = {name: replace(trace[name], **record) for name, record in arrays.items()}
    return sum(differing_cells(Trace(simulated), trace).values())


def _records(net: dict[str, Any]) -> Records:
    def steps_first(key: str, values: list[list[int]]) -> NDArray[np.int64]:
        return np.array(values, np.int64) if key == "output" else np.array(values, np.int64).T

    return {name: {key: steps_first(key, values) for key, values in each.items()} for name, each in net.items()}


def _description(net: Net) -> dict[str, Any]:
    enter, recur, leave = net.program.projections
    description: dict[str, Any] = {"spikes": net.spikes[0].tolist()}
    for key, projection in (("in", enter), ("rec", recur), ("out", leave)):
        description |= {f"weights_{key}": projection.weights.tolist(), f"shift_{key}": projection.shift}
    return description | {p.name: _neurons(p) for p in net.program.populations}


def _neurons(p: Population) -> dict[str, list[int]]:
    keys = ("threshold", "bias", "current_decay", "membrane_decay")
    return {key: np.broadcast_to(getattr(p, key), p.shape).tolist() for key in keys}
