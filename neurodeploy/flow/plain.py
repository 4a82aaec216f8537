"""Networks, programs and traces as plain data, for ``--json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodeploy.bundle import Bundle
from neurodeploy.model import ReferenceModel
from neurodeploy.network.network import Network
from neurodeploy.passes.options import option_json
from neurodeploy.passes.pipeline import pipeline_options
from neurodeploy.program.program import Program
from neurodeploy.target import Installed
from neurodeploy.trace import Trace


def network_json(network: Network) -> dict[str, Any]:
    """Nodes, edges, shapes, contract."""
    return {
        "nodes": {
            name: {"type": type(network.nodes[name]).__name__, "shape": list(network.shapes[name])}
            for name in network.order
        },
        "edges": [list(edge) for edge in network.graph.edges],
        "contract": network.contract.to_json(),
    }


def program_json(program: Program) -> dict[str, Any]:
    """Populations and projections with the spans of their integers."""
    return {
        "numerics": program.numerics.name,
        "inputs": {node.name: vars(node) for node in program.inputs},
        "populations": {
            p.name: {key: span(value) for key, value in vars(p).items() if key not in ("name", "output")}
            | {"output": vars(p.output)}
            for p in program.populations
        },
        "projections": {
            p.name: {key: span(value) for key, value in vars(p).items() if key != "name"} for p in program.projections
        },
    }


def bundle_json(bundle: Bundle) -> dict[str, Any]:
    """What a bundle holds."""
    return {
        "target": bundle.target,
        "digest": bundle.digest,
        "network": network_json(bundle.network),
        "program": program_json(bundle.program),
        "files": {name: len(data) for name, data in bundle.artifact.files.items()},
        "notes": list(bundle.artifact.notes),
        "report": dict(bundle.report),
    }


def trace_json(trace: Trace) -> dict[str, Any]:
    """Counts per node, and what a head made of the run where one read it."""
    nodes = {
        name: {
            "shape": list(entry.output.shape),
            "graded": entry.graded,
            "spikes": None if entry.graded else int(entry.output.sum()),
            "active": float((entry.output != 0).mean()),
        }
        for name, entry in trace.entries.items()
    }
    return {"nodes": nodes, "meta": trace.about(), "task": None if trace.task is None else trace.task.to_json()}


def targets_json(targets: Mapping[str, Installed]) -> dict[str, Any]:
    """Targets with availability and reason."""
    return {
        name: {
            "available": installed.reason is None,
            "reason": installed.reason,
            "summary": None if installed.target is None else installed.target.summary,
            "numerics": None if installed.target is None else installed.target.numerics.name,
            "options": _options(installed),
            "quantization": _quantization(installed),
        }
        for name, installed in targets.items()
    }


def _options(installed: Installed) -> dict[str, Any]:
    options = () if installed.target is None else installed.target.options
    return {option.name: {"default": option.default, "help": option.help} for option in options}


def _quantization(installed: Installed) -> dict[str, Any]:
    """Options of the quantization pipeline, with the values that the target's numerics allow."""
    target = installed.target
    if target is None:
        return {}
    choices = dict.fromkeys((target.numerics, *target.numerics_choices))
    machines = [numerics for numerics in choices if numerics.accumulation != "events"]
    return {key: option_json(option, machines) for key, option in pipeline_options().items()}


def models_json(models: Mapping[str, ReferenceModel | str]) -> dict[str, Any]:
    """Reference networks with their presets, or why they cannot be used."""
    return {
        name: {"available": False, "reason": model}
        if isinstance(model, str)
        else {"available": True, "summary": model.summary, "presets": list(model.presets)}
        for name, model in models.items()
    }


def span(value: Any) -> Any:
    """Arrays as shape, least and greatest; everything else as it is."""
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "min": int(value.min(initial=0)), "max": int(value.max(initial=0))}
    return list(value) if isinstance(value, tuple) else value
