"""Program -> artifact: a description of Lava processes and their arrays, which runs without the Program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError, choices
from neurodeploy.program import Program, Projection
from neurodeploy.program.latency import extra_steps, latencies
from neurodeploy.program.store import npz_bytes
from neurodeploy.target import Artifact, Options

from .layout import Layout, is_convolution, layouts, spaces
from .netx_file import net_file
from .neurons import Choice, NeuronProcess, choose
from .rules import checked
from .synapses import Process, convolution, identity, matrix

NETWORK = "network.json"
WEIGHTS = "weights.npz"
NET = "network.net"
FORMAT = "neurodeploy-loihi-sim-1"
CHOICES: tuple[Choice, ...] = get_args(Choice)
Arrays = dict[str, NDArray[Any]]


def lower(program: Program, options: Options) -> Artifact:
    """The artifact of ``program``. Raises CapabilityError with every violation, RefusedError for a loop too short.

    Option ``neurons``: ``auto`` (stock processes wherever one run over all samples is exact), ``stock`` (Lava is
    started anew for every sample, so that recurrent and delayed neurons can be stock too), ``held`` (own models only).
    """
    choice = neurons_option(options.get("neurons", CHOICES[0]))
    findings = checked(program)
    laid = layouts(program)
    latency = latencies(program)
    neurons = choose(program, laid, choice)
    arrays: Arrays = {}
    description = {
        "format": FORMAT,
        "relaunch": choice == "stock",
        "gap": max((p.delay for p in program.projections), default=0),
        "inputs": [{"name": i.name, "shape": list(laid[i.name].lava_shape)} for i in program.inputs],
        "neurons": [
            describe_neuron(number, name, neurons[name], laid[name], latency[name], arrays)
            for number, name in enumerate(program.order)
        ],
        "delays": delay_lines(program, laid, latency, arrays),
        "synapses": [
            describe_synapse(number, program, projection, laid, latency, arrays)
            for number, projection in enumerate(program.projections)
        ],
    }
    files = {
        NETWORK: (json.dumps(description, indent=1, sort_keys=True) + "\n").encode(),
        WEIGHTS: npz_bytes(arrays, compress=False),
    }
    content, note = net_file(program, laid)
    if content is not None:
        files[NET] = content
    return Artifact(program, files, findings, (*notes(neurons), note))


def neurons_option(name: str) -> Choice:
    """The ``-O neurons`` of that name. Raises InputError for an unknown one."""
    for choice in CHOICES:
        if name == choice:
            return choice
    raise InputError(f"neurons={name!r} is unknown", "-O neurons", choices(name, CHOICES))


def describe_neuron(
    number: int, name: str, neuron: NeuronProcess, layout: Layout, latency: int, arrays: Arrays
) -> dict[str, Any]:
    """One population; its arrays go to the archive."""
    return {
        "name": name,
        "process": neuron.process,
        "shape": list(layout.lava_shape),
        "latency": latency,
        "parameters": neuron.parameters,
        "arrays": stored(f"neuron.{number}", neuron.arrays, arrays),
    }


def stored(prefix: str, named: Mapping[str, NDArray[Any]], arrays: Arrays) -> dict[str, str]:
    """Put a process's arrays into the archive; returns their entry names."""
    names = {key: f"{prefix}.{key}" for key in named}
    arrays |= {names[key]: np.ascontiguousarray(array) for key, array in named.items()}
    return names


def delay_lines(
    program: Program, laid: Mapping[str, Layout], latency: dict[str, int], arrays: Arrays
) -> list[dict[str, Any]]:
    """Identity synapses behind each source, as many as its latest projection waits steps."""
    longest: dict[str, int] = {}
    for projection in program.projections:
        longest[projection.source] = max(longest.get(projection.source, 0), extra_steps(projection, latency))
    lines: list[dict[str, Any]] = []
    for number, (source, steps) in enumerate(sorted(longest.items())):
        process = identity(laid[source])
        names = stored(f"delay.{number}", process.arrays, arrays) if steps else {}
        lines += [
            {
                "source": source,
                "waits": waited,
                "process": process.process,
                "parameters": process.parameters,
                "arrays": names,
            }
            for waited in range(steps)
        ]
    return lines


def describe_synapse(
    number: int,
    program: Program,
    projection: Projection,
    laid: Mapping[str, Layout],
    latency: dict[str, int],
    arrays: Arrays,
) -> dict[str, Any]:
    """One projection; its weights go to the archive."""
    process = synapse(program, projection, laid)
    return {
        "name": projection.name,
        "source": projection.source,
        "target": projection.target,
        "waits": extra_steps(projection, latency),
        "process": process.process,
        "parameters": process.parameters,
        "arrays": stored(f"synapse.{number}", process.arrays, arrays),
    }


def synapse(program: Program, projection: Projection, laid: Mapping[str, Layout]) -> Process:
    """The process of one projection."""
    space = spaces(program, projection) if is_convolution(projection) else None
    if space is not None:
        return convolution(projection, space[0])
    return matrix(projection, laid[projection.source], laid[projection.target])


def notes(neurons: Mapping[str, NeuronProcess]) -> tuple[str, ...]:
    """Which populations are stock, and what each of our own models is for."""
    groups: dict[str, list[str]] = {}
    for name, neuron in neurons.items():
        if not neuron.reason:
            groups.setdefault(neuron.process, []).append(name)
    lines = [f"stock {process}: {', '.join(names)}" for process, names in sorted(groups.items())]
    own_models = [
        f"{n}: {neuron.process} (own process model: {neuron.reason})" for n, neuron in neurons.items() if neuron.reason
    ]
    return (*lines, *own_models)
