"""Build Lava processes from an artifact's description, and nothing else."""

# pyright: reportMissingImports=false
from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from lava.proc.io.source import PySendModelFixed, RingBuffer
from scipy.sparse import csr_matrix

from .graded_relay import GradedRelay, PyGradedRelayModel
from .held_lif import HeldLIF, PyHeldLifModel
from .recorder import Tap, recorder_classes
from .window import Window

STOCK = {
    "LIF": ("lava.proc.lif", "LIF", "PyLifModelBitAcc"),
    "LIFReset": ("lava.proc.lif", "LIFReset", "PyLifResetModelBitAcc"),
    "Dense": ("lava.proc.dense", "Dense", "PyDenseModelBitAcc"),
    "Sparse": ("lava.proc.sparse", "Sparse", "PySparseModelBitAcc"),
    "Conv": ("lava.proc.conv", "Conv", "PyConvModelFixed"),
}
"""Stock processes: package, process class, and the bit-accurate model that stands for it."""

models: dict[type, list[type]] = {
    RingBuffer: [PySendModelFixed],
    HeldLIF: [PyHeldLifModel],
    GradedRelay: [PyGradedRelayModel],
}
"""The one model of each process class; the compiler is told, so that it need not search folders."""


@dataclass(frozen=True)
class Job:
    """One run: ``samples`` windows of ``steps``, one every ``period`` of ``columns``, with or without states.

    ``process_models``: a file whose models replace our own.
    """

    samples: int
    steps: int
    period: int
    columns: int
    states: bool
    process_models: str | None


def stock(name: str) -> Any:
    """A stock process class; its model is noted for the compiler."""
    package, process_name, model_name = STOCK[name]
    process = getattr(importlib.import_module(f"{package}.process"), process_name)
    models[process] = [getattr(importlib.import_module(f"{package}.models"), model_name)]
    return process


def join(out_port: Any, in_port: Any) -> None:
    """Connect two ports of equal size; a differing shape is read in row-major order."""
    if tuple(out_port.shape) == tuple(in_port.shape):
        out_port.connect(in_port)
    else:
        out_port.reshape(tuple(in_port.shape)).connect(in_port)


def build(
    description: Mapping[str, Any], arrays: Mapping[str, Any], sources: Mapping[str, Any], job: Job
) -> tuple[Any, Any]:
    """The whole network; returns its recorder and the run configuration's model map.

    ``sources``: what each given node sends, ``(*shape, columns)``, by node name.
    """
    neurons = {described["name"]: neuron(described, arrays, job) for described in description["neurons"]}
    outputs = {name: process.s_out for name, process in neurons.items()}
    outputs |= {name: RingBuffer(data=data).s_out for name, data in sources.items()}
    ports = {(name, 0): port for name, port in outputs.items()}
    for described in description["delays"]:
        line = synapse(described, arrays)
        join(ports[described["source"], described["waits"]], line.s_in)
        ports[described["source"], described["waits"] + 1] = line.a_out
    for described in description["synapses"]:
        process = synapse(described, arrays)
        join(ports[described["source"], described["waits"]], process.s_in)
        join(process.a_out, neurons[described["target"]].a_in)
    return record(description, neurons, job)


def window_of(description: Mapping[str, Any], job: Job) -> Window:
    """The window of a described population."""
    return Window(description["latency"], job.steps, job.period)


def neuron(description: Mapping[str, Any], arrays: Mapping[str, Any], job: Job) -> Any:
    """A population's process."""
    arguments = {key: arrays[entry].astype(np.int32) for key, entry in description["arrays"].items()}
    arguments |= {**description["parameters"], "shape": tuple(description["shape"]), "name": description["name"]}
    if description["process"] in ("HeldLIF", "GradedRelay"):
        process = HeldLIF if description["process"] == "HeldLIF" else GradedRelay
        return process(window=window_of(description, job), **arguments)
    if description["process"] == "LIFReset":
        arguments |= {"reset_interval": job.period, "reset_offset": description["latency"] + 1}
    return stock(description["process"])(**arguments)


def synapse(description: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
    """A synapse process, or one step of a delay line."""
    arguments = dict(description["parameters"])
    named = description["arrays"]
    if description["process"] == "Conv":
        arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
        return stock("Conv")(weight=arrays[named["weight"]].astype(np.int32), **arguments)
    mode = importlib.import_module("lava.utils.weightutils").SignMode
    arguments["sign_mode"] = mode[arguments["sign_mode"]]
    if description["process"] == "Dense":
        return stock("Dense")(weights=arrays[named["weights"]].astype(np.int32), **arguments)
    parts = tuple(arrays[named[part]] for part in ("data", "indices", "indptr"))
    weights = csr_matrix((parts[0].astype(np.int32), *parts[1:]), shape=tuple(arguments.pop("shape")))
    return stock("Sparse")(weights=weights, **arguments)


def record(description: Mapping[str, Any], neurons: Mapping[str, Any], job: Job) -> tuple[Any, Any]:
    """The recorder, connected to everything it records."""
    taps: list[Tap] = []
    origins: list[Any] = []
    for number, described in enumerate(description["neurons"]):
        process, shape, window = (
            neurons[described["name"]],
            tuple(described["shape"]),
            window_of(described, job),
        )
        taps.append(Tap(f"output.{number}", shape, window, False))
        origins.append(process.s_out)
        if job.states and described["process"] != "GradedRelay":
            taps += [Tap(f"{state}.{number}", shape, window, True) for state in ("u", "v")]
            origins += [process.u, process.v]
    process_class, model_class = recorder_classes(taps)
    models[process_class] = [model_class]
    recorder = process_class(samples=job.samples)
    for number, (tap, origin) in enumerate(zip(taps, origins, strict=True)):
        port = getattr(recorder, f"port{number}")
        if tap.state:
            port.connect_var(origin)
        else:
            origin.connect(port)
    return recorder, models
