"""Smaller programs: what leads to a node, the node alone on replayed messages, some of its neurons or lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import fan_in
from neurodeploy.causes.view import SIZED
from neurodeploy.host import Host
from neurodeploy.program.population import Input, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.trace import Trace

# A population's unit says what its integers stand for, which a program without its network has nothing to do with: 1.
IntArray = NDArray[np.int64]
Arrays = dict[str, NDArray[np.float64]]


def leading_to(program: Program, node: str) -> Program:
    """The program without what does not lead to ``node``."""
    kept, frontier = {node}, {node}
    while frontier:
        frontier = {p.source for p in program.projections if p.target in frontier} - kept
        kept |= frontier
    return replace(
        program,
        inputs=tuple(i for i in program.inputs if i.name in kept),
        populations=tuple(replace(p, unit=1.0) for p in program.populations if p.name in kept),
        projections=tuple(p for p in program.projections if p.target in kept),
        outputs=(node,),
        host=Host(),
        provenance={},
    )


def alone(program: Program, node: str, sent: Trace) -> tuple[Program, Arrays]:
    """The node by itself, every source an input that replays what it sent, and these inputs ``(B, T, *shape)``."""
    names = {source: _free(source, node) for source in dict.fromkeys(p.source for p in program.into(node))}
    inputs: list[Input] = []
    arrays: Arrays = {}
    for source, name in names.items():
        output = program.node(source).output
        inputs.append(Input(name, program.node(source).shape, output.scale, output.width, output.signed))
        arrays[name] = sent[source].output / 2.0**output.scale
    projections = tuple(replace(p, source=names[p.source]) for p in program.into(node))
    population = replace(program.by_name[node], unit=1.0)
    return Program(program.numerics, tuple(inputs), (population,), projections, (node,)), arrays


def _free(source: str, node: str) -> str:
    return f"{source}_again" if source == node else source


def neurons_alone(program: Program, node: str, neurons: IntArray) -> Program:
    """A node that stands alone with some of its neurons, flat, over dense synapses from all lines of its inputs."""
    population = program.by_name[node]
    fields = {key: _some(population, getattr(population, key), neurons) for key in SIZED}
    cut = replace(population, shape=(len(neurons),), unit=1.0, **fields)
    inputs = tuple(replace(i, shape=(i.size,)) for i in program.inputs)
    projections = tuple(_dense(p, program.node(p.source), population, neurons) for p in program.projections)
    return replace(program, inputs=inputs, populations=(cut,), projections=projections)


def _some(population: Population, value: int | IntArray, neurons: IntArray) -> int | IntArray:
    return value if np.ndim(value) == 0 else np.broadcast_to(value, population.shape).reshape(-1)[neurons]


def _dense(projection: Projection, source: Input | Population, target: Population, neurons: IntArray) -> Projection:
    reached = fan_in(projection, source.shape, target.shape, neurons)
    weights = np.zeros((len(neurons), source.size), np.int64)
    weights[:, reached.lines] = reached.matrix
    plain = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    kind = projection.kind if projection.kind in ("dense", "sparse") else "dense"
    return replace(projection, kind=kind, weights=weights, **plain)  # type: ignore[arg-type]


def with_lines(program: Program, kept: Mapping[str, IntArray]) -> Program:
    """A program of dense synapses from its inputs with some of their lines only; an input without any is left out."""
    inputs = tuple(replace(i, shape=(len(kept[i.name]),)) for i in program.inputs if len(kept[i.name]))
    names = {node.name for node in inputs}
    projections = tuple(
        replace(p, weights=p.weights[:, kept[p.source]]) for p in program.projections if p.source in names
    )
    return replace(program, inputs=inputs, projections=projections)
