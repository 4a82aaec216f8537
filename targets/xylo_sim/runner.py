"""Run an artifact on xylosim: events out as a file, spikes and states back as one, in a process with a time limit."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.process import read_time_limit, run_process, temporary_folder
from neurodeploy.program import Population, Program
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact
from neurodeploy.trace import Entry, Trace

from .environment import NAME, interpreter
from .lowering import CONFIGURATION, FORMAT

WORKER = Path(__file__).with_name("worker.py")
TIMEOUT, SECONDS = "NEURODEPLOY_WORKER_TIMEOUT", 600.0
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
    """The trace of ``artifact`` on xylosim, latency removed. ``drive`` is ignored: xylosim's layer feeds itself.

    Raises UnavailableError without xylosim's environment, EnvironmentFailureError when it fails or takes too long,
    InputError for files that are none of ours.
    """
    program, python = artifact.program, interpreter()
    sent = quantize_inputs(program, stimulus)
    lead = next(iter(sent.values())).shape[:2]
    events = np.concatenate([sent[node.name].reshape(*lead, -1) for node in program.inputs], axis=2)
    job = {"configuration": _configuration(artifact), "events": events.tolist(), "states": states}
    results = _worked(python, job)
    entries = {node.name: Entry(sent[node.name], node.output.kind == "graded", node.scale) for node in program.inputs}
    entries |= {p.name: _entry(p, [result[p.name] for result in results], lead, states) for p in program.populations}
    return Trace(entries, {"rung": NAME, "numerics": program.numerics.name})


def _entry(p: Population, results: list[dict[str, Any]], lead: tuple[int, ...], states: bool) -> Entry:
    def record(key: str) -> NDArray[np.int64]:
        return np.array([result[key] for result in results], np.int64).reshape(*lead, *p.shape)

    u, v = (record("u"), record("v")) if states else (None, None)
    return Entry(record("output"), False, p.output.scale, v, u, None, p.scale, p.inserted, p.unit)


def _worked(python: Path, job: dict[str, Any]) -> list[dict[str, Any]]:
    with temporary_folder(NAME) as folder:
        (folder / "job.json").write_text(json.dumps(job))
        environment = {key: os.environ[key] for key in KEPT if key in os.environ} | {"OMP_NUM_THREADS": "1"}
        command = (str(python), "-I", str(WORKER), str(folder / "job.json"), str(folder / "result.json"))
        remedy = f"give it more time: set {TIMEOUT} (seconds), or run fewer steps"
        limit = read_time_limit(TIMEOUT, SECONDS)
        ended = run_process(command, folder, limit, "xylosim", remedy, environment=environment)
        if ended.code != 0:
            raise EnvironmentFailureError(f"xylosim {ended.words}", NAME, "install it anew if this repeats")
        return json.loads((folder / "result.json").read_text())


def _configuration(artifact: Artifact) -> dict[str, Any]:
    """The configuration that was exported. Raises InputError where it is none, or does not name the populations."""
    problem = f"its {CONFIGURATION} is missing or damaged"
    try:
        about: Any = json.loads(artifact.files[CONFIGURATION])
        if about["format"] == FORMAT and _sizes(about) == _expected(artifact.program):
            return cast("dict[str, Any]", about)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(problem, "artifact", "export it again") from error
    raise InputError(problem, "artifact", "export it again")


def _sizes(about: dict[str, Any]) -> dict[str, int]:
    return {node["name"]: node["size"] for node in about["nodes"]}


def _expected(program: Program) -> dict[str, int]:
    return {p.name: p.size for p in program.populations}
