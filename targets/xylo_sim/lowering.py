"""A Program as the numbers that xylosim's layer takes, in one file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from neurodeploy.program import Population, Program
from neurodeploy.target import Artifact, Options

from .layout import INPUT, OUTPUT, RECURRENT, Layout

CONFIGURATION = "xylo.json"
FORMAT = "neurodeploy-xylo-1"


def lower(program: Program, options: Options) -> Artifact:
    """The artifact: ``xylo.json``, from which alone the network is run."""
    layout = Layout(program)
    description: dict[str, Any] = {"format": FORMAT, "inputs": layout.sizes[INPUT], "shifts": {}, "synapses": {}}
    for kind in (INPUT, RECURRENT, OUTPUT):
        used = [p.shift for p in program.projections if layout.kind(p) == kind and np.any(p.weights)]
        description["shifts"][kind] = max(used, default=0)
        description["synapses"][kind] = _synapses(layout, kind)
    description["late"] = layout.late[program.inputs[0].name] if program.inputs else 0
    description["hidden"] = _neurons(layout.hidden)
    description["output"] = _neurons(layout.output)
    description["nodes"] = [_node(layout, p) for p in program.populations]
    late = [f"{name} acts {steps} step(s) late" for name, steps in layout.late.items() if steps]
    sizes = ", ".join(f"{count} {words}" for count, words in zip(layout.sizes.values(), KINDS, strict=True))
    files = {CONFIGURATION: (json.dumps(description, indent=1) + "\n").encode()}
    return Artifact(program, files, notes=(f"{sizes} of one synaptic current", *late))


KINDS = ("input channels", "hidden neurons", "output neurons")


def _synapses(layout: Layout, kind: str) -> list[list[list[int]]]:
    """Per source its targets with their weights, in the order of the targets."""
    matrix = layout.weights(kind)
    return [[[int(target), int(row[target])] for target in np.flatnonzero(row)] for row in matrix]


def _neurons(populations: tuple[Population, ...]) -> dict[str, list[int]]:
    keys = {"threshold": "threshold", "bias": "bias", "dash_syn": "current_decay", "dash_mem": "membrane_decay"}
    return {
        key: [int(value) for p in populations for value in np.broadcast_to(getattr(p, name), p.shape).reshape(-1)]
        for key, name in keys.items()
    }


def _node(layout: Layout, p: Population) -> dict[str, Any]:
    where = "hidden" if p in layout.hidden else "output"
    return {"name": p.name, "where": where, "first": layout.first[p.name], "size": p.size, "late": layout.late[p.name]}
