"""Our files in the other frameworks' own importers: which of them run a network with the spikes that we give it.

Every network is one that at least one framework can represent: its neurons, its step and the contract under which we
write it. A layer that sends one step late (spyx) is compared so many steps later.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Contract, Terms
from neurodeploy.network.file import write_network
from neurodeploy.network.network import Network
from neurodeploy.reference.network_runner import run_network
from tests.crossframework.environments import ENVIRONMENTS
from tests.crossframework.workers.nets import Net

Full = Callable[[float], NDArray[np.float64]]
HERE = Path(__file__).parent
TABLE = "ROUNDTRIP.md"
LAYERS = 2
LATE = {"spyx": LAYERS}
"""Steps by which a framework's output comes late."""

HEAD = """# Our files in other frameworks

Written by `python -m tests.crossframework --back`: networks of two layers that neurodeploy writes, read by each
framework's own importer and run there for 120 steps; the output's spikes are compared with those of our `network` rung,
cell by cell. Weights are random. A network is listed with what a framework has to have to represent it.

- **same**: every spike. A percentage: so many cells differ, silently. In code type: the error of its importer.
- spyx sends every layer one step late; its output is compared two steps later.
- sinabs, whose nir is at most 1.0.4, reads no file in which a neuron has the field `v_reset`, which came later.
"""


@dataclass(frozen=True)
class Case:
    """A neuron as we write it: ``needs`` says what a framework has to have."""

    needs: str
    neuron: Callable[[Full], Any]
    terms: Terms
    topology: str = "dense"


def _lif(tau: float, r: float, threshold: float) -> Callable[[Full], Any]:
    return lambda full: nir.LIF(full(tau), full(r), full(0), full(threshold), full(0))


def _cuba(syn: float, mem: float, r: float, w_in: float, threshold: float) -> Callable[[Full], Any]:
    return lambda full: nir.CubaLIF(full(syn), full(mem), full(r), full(0), full(threshold), full(0), full(w_in))


def _if(r: float) -> Callable[[Full], Any]:
    return lambda full: nir.IF(full(r), full(1.5), full(0))


UNIT, STEPS = Terms(input_gain="unit"), Terms(dt=1.0, reset="subtract", reset_timing="next-step", input_gain="unit")
MANY = Terms(1.0, "exponential", "subtract", fires_at=">=", max_spikes_per_step=65536, input_gain="unit")
CASES = {
    "if": Case("IF, r = 1 as gain 1", _if(1.0), UNIT),
    "if-conv": Case("the same of convolutions", _if(1.0), UNIT, "conv"),
    "if-by-dt": Case("IF, r = 1/dt, dt = 1e-4", _if(1e4), Terms(1e-4, fires_at=">=")),
    "if-by-dt-conv": Case("the same of convolutions", _if(1e4), Terms(1e-4, fires_at=">="), "conv"),
    "if-many": Case("IF, many spikes per step, each subtracted", _if(1.0), MANY),
    "lif": Case("LIF, r = 1, Euler, dt = 1e-3", _lif(4e-3, 1.0, 0.25), Terms()),
    "lif-conv": Case("the same of convolutions", _lif(4e-3, 1.0, 0.25), Terms(), "conv"),
    "lif-short": Case("LIF, r = 1, Euler, dt = 1e-4", _lif(4e-4, 1.0, 0.25), Terms(1e-4, fires_at=">=")),
    "lif-whole": Case("LIF, r = tau/dt, dt = 1e-4", _lif(4e-4, 4.0, 1.5), Terms(1e-4)),
    "lif-whole-conv": Case("the same of convolutions", _lif(4e-4, 4.0, 1.5), Terms(1e-4), "conv"),
    "lif-late": Case("LIF, dt = 1, subtracted a step late", _lif(4.0, 4.0, 1.5), STEPS),
    "lif-many": Case("LIF, dt = 1, exponential, many spikes per step", _lif(4.0, 1.0, 1.5), MANY),
    "cuba": Case("CubaLIF, r = w_in = 1, Euler, dt = 1e-3", _cuba(2e-3, 4e-3, 1.0, 1.0, 0.2), Terms()),
    "cuba-whole": Case("CubaLIF, gains 1, dt = 1e-4", _cuba(2e-4, 4e-4, 4.0, 2.0, 3.0), Terms(1e-4)),
}  # fmt: skip


def network(case: Case) -> tuple[Network, NDArray[np.float32]]:
    """The network and its stimulus; biases are 0, so that a layer that is late is late by that alone."""
    net = Net("ours", case.topology, "random")
    nodes: dict[str, Any] = {"input": nir.Input({"input": np.array(net.stimulus.shape[2:])})}
    side = 8
    for index, layer in enumerate(net.layers):
        weight, zeros = layer.weight.astype(np.float64), np.zeros(len(layer.weight))
        if layer.conv:
            nodes[f"{2 * index}"] = nir.Conv2d((side, side), weight, layer.stride, 1, 1, 1, zeros)
            side //= layer.stride
        else:
            nodes[f"{2 * index}"] = nir.Affine(weight, zeros)
        nodes[f"{2 * index + 1}"] = case.neuron(lambda value, shape=layer.shape: np.full(shape, float(value)))
    nodes["output"] = nir.Output({"output": np.array(net.layers[-1].shape)})
    names = list(nodes)
    graph = nir.NIRGraph(nodes, list(pairwise(names)))
    return Network(graph, Contract(case.terms)), net.stimulus


def measure(python: Callable[[str], Path], environment: Mapping[str, str]) -> str:
    """The table. ``python`` gives a framework's interpreter."""
    expected: dict[str, NDArray[Any]] = {}
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, case in CASES.items():
            ours, x = network(case)
            write_network(ours, folder / f"{name}.nir")
            np.save(folder / f"{name}.npy", x)
            expected[name] = run_network(ours, {"input": x})[ours.populations[-1]].output
        (folder / "steps.json").write_text(json.dumps({name: case.terms.dt for name, case in CASES.items()}))
        for framework in ENVIRONMENTS:
            worker = (str(python(framework)), "-W", "ignore", str(HERE / "workers" / "import_back.py"))
            subprocess.run([*worker, framework, place], env=dict(environment), check=True, stdin=subprocess.DEVNULL)
            found[framework] = judge(folder, framework, expected)
    return table(found)


def judge(folder: Path, framework: str, expected: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """By network: ``same``, the share of cells that differ, or the error."""
    errors = json.loads((folder / f"{framework}.json").read_text())
    told = {name: f"`{text[:100].replace('|', '/')}`" for name, text in errors.items()}
    late = LATE.get(framework, 0)
    with np.load(folder / f"{framework}.npz") as sent:
        for name in sent.files:
            wanted = expected[name][:, : expected[name].shape[1] - late]
            got = sent[name][:, late:]
            share = float(np.mean(got.reshape(wanted.shape) != wanted)) if got.size == wanted.size else None
            told[name] = "another shape" if share is None else "**same**" if share == 0 else f"{100 * share:.1f} %"
            told[name] += " (silent)" if share and not np.any(got) else ""
    return told


def table(found: Mapping[str, Mapping[str, str]]) -> str:
    """Rows are networks, columns frameworks."""
    rows = [f"| network | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
    rows += [f"| {case.needs} | {' | '.join(each[name] for each in found.values())} |" for name, case in CASES.items()]
    return "\n".join([HEAD, *rows, ""])
