"""Run artifacts on Lava: stimulus in, Trace out, many jobs in one launch of the worker."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Population, Program
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.program.store import npz_bytes
from neurodeploy.reading import stage
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact
from neurodeploy.trace import Entry, Trace

from . import environment, launch
from .layout import layouts
from .lowering import FORMAT, NET, NETWORK, WEIGHTS

CHUNK_BYTES = 1 << 28
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Run:
    """One artifact on one stimulus, as ``Target.run`` takes them.

    ``process_models`` names a file whose process models replace our own, to show that a wrong rule is noticed.
    """

    artifact: Artifact
    stimulus: Stimulus
    states: bool = False
    drive: Trace | None = None
    process_models: Path | None = None


@dataclass(frozen=True)
class Job:
    """How one Lava run is stepped: ``samples`` windows of ``steps``, one every ``period`` of ``columns`` columns."""

    samples: int
    steps: int
    period: int
    columns: int
    states: bool
    process_models: str | None


@dataclass(frozen=True, eq=False)
class Part:
    """Samples of a run that one Lava run steps, and its folder's name."""

    run: Run
    name: str
    job: Job


def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
    """The trace of ``artifact`` on Lava, latency removed.

    Raises UnavailableError without Lava's environment, EnvironmentFailureError when its worker fails.
    """
    return run_many([Run(artifact, stimulus, states, drive)])[0]


def run_many(runs: Sequence[Run]) -> list[Trace]:
    """The traces of several runs in one launch of the worker."""
    python = environment.interpreter()
    with launch.scratch() as (folder, prefix):
        parts: list[list[Part]] = []
        count = 0
        for run in runs:
            parts.append(prepare(run, folder, count))
            count += len(parts[-1])
        every = [part for group in parts for part in group]
        names = [part.name for part in every]
        order = {"jobs": names, "prefix": prefix, "parallel": min(2, os.cpu_count() or 1)}
        (folder / "order.json").write_text(json.dumps(order))
        limit = launch.timeout(120 + sum(estimate(part) for part in every))
        launch.run_worker(python, folder, names, limit)
        return [collect(run, folder, group) for run, group in zip(runs, parts, strict=True)]


def estimate(part: Part) -> float:
    """An upper estimate of the seconds that a run takes."""
    program = part.run.artifact.program
    processes = len(program.populations) + 2 * len(program.projections) + sum(p.delay for p in program.projections)
    neurons = sum(p.size for p in program.populations)
    return 20 + part.job.columns * (0.02 * processes + 2e-5 * neurons)


def through_netx(artifact: Artifact) -> Artifact:
    """The artifact run by lava-dl's own importer from its ``network.net``; only the last layer is recorded.

    Raises InputError for an artifact that has no such file.
    """
    if NET not in artifact.files:
        raise InputError("has no network.net", "artifact", "its notes say why")
    description = description_of(artifact)
    last = max(description["neurons"], key=lambda neuron: neuron["latency"])
    first = next(
        synapse for synapse in description["synapses"] if synapse["source"] == description["inputs"][0]["name"]
    )
    order = {"message_bits": first["parameters"]["num_message_bits"], "layers": last["latency"]}
    description |= {"netx": order, "neurons": [last], "synapses": [first], "delays": [], "relaunch": False}
    return replace(artifact, files={**artifact.files, NETWORK: json.dumps(description).encode()})


def description_of(artifact: Artifact) -> dict[str, Any]:
    """The artifact's description. Raises InputError for files that are none of ours."""
    try:
        description = json.loads(artifact.files[NETWORK])
    except (KeyError, ValueError) as error:
        raise InputError(f"no description of Lava processes: {error}", NETWORK, "export the network again") from error
    if description.get("format") != FORMAT or WEIGHTS not in artifact.files:
        raise InputError("another format of Lava artifact", NETWORK, "export the network again")
    return description


def prepare(run: Run, folder: Path, first: int) -> list[Part]:
    """Write the job folders of one run; a long batch takes several."""
    artifact = run.artifact
    description = description_of(artifact)
    sent = quantize_inputs(artifact.program, run.stimulus)
    batch, steps = next(iter(sent.values())).shape[:2]
    inputs = sent if run.drive is None else {n: run.drive[n].output.astype(np.int64) for n in sources(artifact.program)}
    at_once = 1 if description["relaunch"] else chunk(artifact.program, steps + description["gap"], run.states)
    parts: list[Part] = []
    for start in range(0, batch, at_once):
        samples = slice(start, min(start + at_once, batch))
        part = Part(run, str(first + len(parts)), plan(description, steps, samples.stop - start, run))
        write(part, folder, {name: array[samples] for name, array in inputs.items()}, description)
        parts.append(part)
    return parts


def sources(program: Program) -> list[str]:
    """Every node that some projection starts from."""
    return sorted({projection.source for projection in program.projections})


def chunk(program: Program, period: int, states: bool) -> int:
    """Samples whose sources and records fit in memory at once."""
    neurons = sum(node.size for node in (*program.inputs, *program.populations))
    return max(1, CHUNK_BYTES // max(1, neurons * period * 4 * (3 if states else 1)))


def plan(description: dict[str, Any], steps: int, samples: int, run: Run) -> Job:
    """Windows far enough apart that no delayed message reaches the next one."""
    period = steps + description["gap"]
    latest = max((neuron["latency"] for neuron in description["neurons"]), default=0)
    models = None if run.process_models is None else str(run.process_models.resolve())
    return Job(samples, steps, period, (samples - 1) * period + steps + latest, run.states, models)


def write(part: Part, folder: Path, inputs: dict[str, IntArray], description: dict[str, Any]) -> None:
    """The job folder: the artifact's own files, the sources and the plan."""
    program = part.run.artifact.program
    place = folder / part.name
    place.mkdir()
    stage(place, part.run.artifact.files)
    latency = {neuron["name"]: neuron["latency"] for neuron in description["neurons"]}
    used = {synapse["source"] for synapse in description["synapses"]}
    names = sorted(name for name in inputs if name in used)
    laid = layouts(program)
    arrays: dict[str, NDArray[Any]] = {
        f"source.{number}": in_columns(laid[name].to_lava(inputs[name]), latency.get(name, 0), part.job)
        for number, name in enumerate(names)
    }
    arrays["names"] = np.array(json.dumps(names))
    (place / "sources.npz").write_bytes(npz_bytes(arrays, compress=False))
    (place / "job.json").write_text(json.dumps(asdict(part.job)))


def in_columns(array: IntArray, first: int, job: Job) -> NDArray[np.int32]:
    """(B, T, *shape) as (*shape, columns): each sample in its window, zero elsewhere."""
    columns = np.zeros((job.columns, *array.shape[2:]), dtype=np.int32)
    for sample in range(job.samples):
        start = first + sample * job.period
        columns[start : start + job.steps] = array[sample]
    return np.moveaxis(columns, 0, -1)


def collect(run: Run, folder: Path, parts: list[Part]) -> Trace:
    """The trace of a run from what its jobs recorded."""
    program = run.artifact.program
    sent = quantize_inputs(program, run.stimulus)
    entries = {i.name: Entry(sent[i.name], i.output.kind == "graded", i.scale) for i in program.inputs}
    laid = layouts(program)
    for number, neuron in enumerate(description_of(run.artifact)["neurons"]):
        population = program.by_name[neuron["name"]]

        def record(kind: str, number: int = number, name: str = population.name) -> IntArray:
            rows = [np.load(folder / part.name / f"{kind}.{number}.npy", allow_pickle=False) for part in parts]
            return laid[name].to_program(np.concatenate(rows)).astype(np.int64)

        states = run.states and population.kind != "relay"
        entries[population.name] = entry(
            population, record("output"), record("v") if states else None, record("u") if states else None
        )
    return Trace(entries, {"rung": "loihi-sim", "target": "loihi-sim", "numerics": LOIHI2.name})


def entry(population: Population, output: IntArray, v: IntArray | None, u: IntArray | None) -> Entry:
    """One population's entry, as the reference runner scales it."""
    state_scale = population.scale + (0 if population.kind == "relay" else LOIHI2.state_shift)
    return Entry(
        output,
        graded=population.output.kind == "graded",
        scale=population.output.scale,
        v=v,
        u=u,
        state_scale=state_scale,
        inserted=population.inserted,
        state_unit=population.unit,
    )
