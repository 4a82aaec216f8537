"""A run replayed by SANA-FE: the raster and the placement go out as a file, counts and energies come back as one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from neurodeploy.errors import CapabilityError, EnvironmentFailureError
from neurodeploy.placement.placement import Placement
from neurodeploy.process import read_time_limit, run_process, temporary_folder
from neurodeploy.program.program import Program
from neurodeploy.reading import read_json
from neurodeploy.sanafe.environment import NAME, interpreter
from neurodeploy.sanafe.estimate import Estimate
from neurodeploy.sanafe.pairs import pairs
from neurodeploy.trace import Trace

WORKER = Path(__file__).with_name("worker.py")
TIMEOUT, SECONDS = "NEURODEPLOY_WORKER_TIMEOUT", 600.0
MOST_SYNAPSES, PER_CORE = 3_000_000, 1024
ARCHITECTURE = "loihi.yaml"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


class Layer(msgspec.Struct, frozen=True):
    """What SANA-FE says of a run in which one group alone fires."""

    energy: dict[str, float]
    synaptic: int


class Result(msgspec.Struct, frozen=True):
    """What the worker writes."""

    energy: dict[str, float]
    seconds: list[float]
    events: dict[str, int]
    hops: int
    busy: dict[str, float]
    layers: dict[str, Layer]
    digest: str


def estimate(program: Program, placement: Placement, trace: Trace) -> Estimate:
    """What SANA-FE estimates of the first sample of a run of the program, placed on Loihi 1.

    Raises UnavailableError where SANA-FE is not installed, CapabilityError for more synapses than it can be asked
    about, EnvironmentFailureError where it fails, takes too long, or counts other events than the run has.
    """
    python = interpreter()
    task, expected = job(program, placement, trace)
    with temporary_folder(NAME) as folder:
        (folder / "job.json").write_text(json.dumps(task))
        environment = {key: os.environ[key] for key in KEPT if key in os.environ} | {"OMP_NUM_THREADS": "1"}
        command = (str(python), "-I", str(WORKER), str(folder / "job.json"), str(folder / "result.json"))
        remedy = f"give it more time: set {TIMEOUT} (seconds), or give fewer steps"
        limit = read_time_limit(TIMEOUT, SECONDS)
        ended = run_process(command, folder, limit, "SANA-FE", remedy, environment=environment)
        if ended.code != 0:
            raise EnvironmentFailureError(ended.words, "SANA-FE", "install it anew if this repeats")
        result = read_json(folder / "result.json", Result, "SANA-FE wrote something else", "install it anew")
    counted = {name: result.events[name] for name in expected}
    if counted != expected:
        problem = f"it counted other events than the run has: {counted}, not {expected}"
        raise EnvironmentFailureError(problem, "SANA-FE", "report it; its figures are not shown")
    busiest = max(result.busy.items(), key=lambda item: item[1], default=("0", 0.0))
    return Estimate(
        result.energy,
        tuple(result.seconds),
        result.events,
        {name: {"joules": of.energy["total"], "synaptic": of.synaptic} for name, of in result.layers.items()},
        (int(busiest[0]), busiest[1]),
        len(placement.occupied),
        ARCHITECTURE,
        result.digest,
    )


def job(program: Program, placement: Placement, trace: Trace) -> tuple[dict[str, Any], dict[str, int]]:
    """What the worker reads, and the events that it must count."""
    nodes = (*program.inputs, *program.populations)
    number = {node.name: index for index, node in enumerate(nodes)}
    synapses = {p.name: pairs(program, p) for p in program.projections}
    total = sum(map(len, synapses.values()))
    if total > MOST_SYNAPSES:
        problem = f"holds {total:,} synapses, SANA-FE is asked about at most {MOST_SYNAPSES:,}"
        raise CapabilityError(problem, NAME, "estimate a smaller input")
    mesh, chips = placement.chip.mesh, -(-len(placement.cores) // placement.chip.cores.value)
    fired = {node.name: trace[node.name].output[0].reshape(trace.steps, -1) != 0 for node in nodes}
    host = chips * placement.chip.cores.value
    groups: list[dict[str, Any]] = []
    for node in nodes:
        inside = node.name in program.by_name
        cores = _homes(placement, node.name, node.shape) if inside else [host + i // PER_CORE for i in range(node.size)]
        host += 0 if inside else -(-node.size // PER_CORE)
        steps, neurons = np.nonzero(fired[node.name])
        fires: dict[str, list[int]] = {}
        for step, neuron in zip(steps.tolist(), neurons.tolist(), strict=True):
            fires.setdefault(str(neuron), []).append(step)
        groups.append(
            {
                "name": node.name,
                "size": node.size,
                "host": not inside,
                "cores": cores,
                "fires": fires,
                "synapse": _synapse(program, node.name),
            }
        )
    tiles = -(-(host - chips * placement.chip.cores.value) // mesh.cores_per_tile)
    edges = [
        {"source": number[p.source], "target": number[p.target], "pairs": synapses[p.name].tolist()}
        for p in program.projections
    ]
    events = {node.name: fired[node.name].sum(axis=0) for node in nodes}
    synaptic = sum(int(events[p.source][synapses[p.name][:, 0]].sum()) for p in program.projections)
    columns = chips * mesh.width + -(-tiles // mesh.height)
    most = max(np.unique(np.concatenate([group["cores"] for group in groups]), return_counts=True)[1])
    task = {"steps": trace.steps, "columns": columns, "rows": mesh.height, "neurons_per_core": int(most)}
    task |= {"groups": groups, "edges": edges}
    return task, {"synaptic": synaptic, "fired": sum(int(counts.sum()) for counts in events.values())}


def _homes(placement: Placement, population: str, shape: tuple[int, ...]) -> list[int]:
    """The core of every neuron of a population, row-major."""
    homes = np.zeros(shape, np.int64)
    for core, blocks in enumerate(placement.cores):
        for block in blocks:
            if block.population == population:
                homes[block.part] = core
    return homes.reshape(-1).tolist()


def _synapse(program: Program, name: str) -> str:
    """The synapse unit of a population: that of convolutions where all its projections are windows."""
    kinds = {p.kind for p in program.into(name)}
    if kinds and kinds <= {"conv1d", "conv2d", "sum-pool"}:
        return "loihi_conv_synapse"
    return "loihi_sparse_synapse" if kinds == {"sparse"} else "loihi_dense_synapse"
