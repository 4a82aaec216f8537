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
    neurons = {each["name"]: neuron(each, arrays, job) for each in description["neurons"]}
    outputs = {name: process.s_out for name, process in neurons.items()}
    outputs |= {name: RingBuffer(data=data).s_out for name, data in sources.items()}
    ports = {(name, 0): port for name, port in outputs.items()}
    for each in description["delays"]:
        line = synapse(each, arrays)
        join(ports[each["source"], each["waits"]], line.s_in)
        ports[each["source"], each["waits"] + 1] = line.a_out
    for each in description["synapses"]:
        process = synapse(each, arrays)
        join(ports[each["source"], each["waits"]], process.s_in)
        join(process.a_out, neurons[each["target"]].a_in)
    return record(description, neurons, job)


def window_of(each: Mapping[str, Any], job: Job) -> Window:
    """The window of a population of that latency."""
    return Window(each["latency"], job.steps, job.period)


def neuron(each: Mapping[str, Any], arrays: Mapping[str, Any], job: Job) -> Any:
    """A population's process."""
    given = {key: arrays[entry].astype(np.int32) for key, entry in each["arrays"].items()}
    given |= {**each["parameters"], "shape": tuple(each["shape"]), "name": each["name"]}
    if each["process"] in ("HeldLIF", "GradedRelay"):
        process = HeldLIF if each["process"] == "HeldLIF" else GradedRelay
        return process(window=window_of(each, job), **given)
    if each["process"] == "LIFReset":
        given |= {"reset_interval": job.period, "reset_offset": each["latency"] + 1}
    return stock(each["process"])(**given)


def synapse(each: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
    """A synapse process, or one step of a delay line."""
    given = dict(each["parameters"])
    named = each["arrays"]
    if each["process"] == "Conv":
        given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
        return stock("Conv")(weight=arrays[named["weight"]].astype(np.int32), **given)
    mode = importlib.import_module("lava.utils.weightutils").SignMode
    given["sign_mode"] = mode[given["sign_mode"]]
    if each["process"] == "Dense":
        return stock("Dense")(weights=arrays[named["weights"]].astype(np.int32), **given)
    parts = tuple(arrays[named[part]] for part in ("data", "indices", "indptr"))
    weights = csr_matrix((parts[0].astype(np.int32), *parts[1:]), shape=tuple(given.pop("shape")))
    return stock("Sparse")(weights=weights, **given)


def record(description: Mapping[str, Any], neurons: Mapping[str, Any], job: Job) -> tuple[Any, Any]:
    """The recorder, connected to everything it records."""
    taps: list[Tap] = []
    origins: list[Any] = []
    for number, each in enumerate(description["neurons"]):
        process, shape, window = neurons[each["name"]], tuple(each["shape"]), window_of(each, job)
        taps.append(Tap(f"output.{number}", shape, window, False))
        origins.append(process.s_out)
        if job.states and each["process"] != "GradedRelay":
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
