"""Integers that no float network does, a file that no contract says, and what the remedies make of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import nir
import numpy as np

from neurodeploy.contract import Contract, Terms
from neurodeploy.flow.exporting import quantize
from neurodeploy.frontends.nir_file import load_raw
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.network.raw import raw_of
from neurodeploy.numerics import INT32, LOIHI2, Numerics
from neurodeploy.passes.as_network import as_network, check_same
from neurodeploy.program import Program
from tests.remedies.case import Case

Change = Callable[[Program], Program]
REMEDY = "train a network without it"


def back(
    network: Callable[[], Network], numerics: Numerics = LOIHI2, change: Change = lambda same: same, **options: str
) -> Callable[[], object]:
    """What makes integers, and of them a network that becomes these integers again."""

    def run() -> object:
        source = network()
        asked = {key.replace("_", "-"): value for key, value in options.items()}
        program = change(quantize(source, numerics, asked).program)
        check_same(program, quantize(as_network(program, source), program.numerics).program)
        return program

    return run


def neurons(kind: str = "if", bias: Any = None, tau: Any = 5e-3, delay: bool = False) -> Network:
    """A dense layer and two neurons."""
    build = NetworkBuilder()
    source = build.input("input", (2,))
    source = build.delay("late", source, build.dt) if delay else source
    at = build.linear("fc", source, np.array([[0.5, -0.25], [0.75, 0.5]]), bias)
    if kind == "cuba":
        build.output("output", build.cuba_lif("n", at, 4e-3, tau, 1.0))
    else:
        build.output("output", build.lif("n", at, tau, 1.0) if kind == "lif" else build.integrate("n", at, 1.0))
    return build.build()


def summed(relay: bool = True) -> Network:
    """A weighted sum that is sent on, or neurons in its place."""
    build = NetworkBuilder()
    weighted = build.linear("fc", build.input("input", (4,)), np.random.default_rng(0).normal(size=(3, 4)))
    at = build.add("sum", [weighted]) if relay else build.integrate("sum", weighted, 1.0)
    at = at if relay else build.linear("fc1", at, np.eye(3))
    build.output("output", build.integrate("n", at, 1.0))
    return build.build()


def merged(neuron_between: bool) -> Network:
    """A pooling with padding before a convolution."""
    plane = (1, 4, 4)
    nodes: dict[str, Any] = {
        "input": nir.Input({"input": np.array(plane)}),
        "pool": nir.AvgPool2d(np.full(2, 3), np.ones(2, int), np.ones(2, int)),
        **({"first": nir.IF(np.ones(plane), np.ones(plane))} if neuron_between else {}),
        "conv": nir.Conv2d((4, 4), np.ones((1, 1, 3, 3)), 1, 1, 1, 1, np.zeros(1)),
        "n": nir.IF(np.ones(plane), np.ones(plane)),
        "output": nir.Output({"output": np.array(plane)}),
    }
    return Network(nir.NIRGraph(nodes, list(pairwise(nodes)), type_check=False), Contract(Terms()))


def pooling() -> Network:
    build = NetworkBuilder()
    at = build.pool("pool", build.input("input", (1, 4, 4)), 2, 2)
    build.output("output", build.integrate("n", at, 1.0))
    return build.build()


def direct() -> Network:
    """Neurons that receive spikes as they are."""
    build = NetworkBuilder()
    build.output("output", build.integrate("n", build.input("input", (2,)), 1.0))
    return build.build()


def population(**fields: Any) -> Change:
    """The last population with other numbers."""
    return lambda program: replace(
        program, populations=(*program.populations[:-1], replace(program.populations[-1], **fields))
    )


def projection(**fields: Any) -> Change:
    """The first projection with other numbers."""
    return lambda program: replace(
        program, projections=(replace(program.projections[0], **fields), *program.projections[1:])
    )


def twice(program: Program) -> Program:
    (only,) = program.projections
    return replace(program, projections=(only, replace(only, name="again")))


def from_file(**terms: str) -> Callable[[], object]:
    """What reads a file of snnTorch's Synaptic under its profile."""
    one = {key: np.full(2, value, np.float32) for key, value in SYNAPTIC.items()}
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "fc": nir.Linear(np.eye(2, dtype=np.float32)),
        "n": nir.CubaLIF(**one),
        "output": nir.Output({"output": np.array([2])}),
    }
    graph = nir.NIRGraph(nodes, list(pairwise(nodes)), type_check=False)
    profile = ",".join(["snntorch-1.0", *(f"{key}={value}" for key, value in terms.items())])
    return lambda: quantize(load_raw(raw_of(graph), "file", profile=profile), INT32)


SYNAPTIC = {"tau_syn": 4e-4, "tau_mem": 8e-4, "r": 8.0, "w_in": 4.0, "v_leak": 0.0, "v_threshold": 1.0}
BIAS = np.full(2, 0.25)
RETURNED: dict[str, Case] = {
    "a profile's defect": Case(
        from_file(reset="zero"), "train with reset_mechanism='subtract'", from_file(reset="subtract")
    ),
    "a current that starts elsewhere": Case(back(lambda: neurons("cuba", BIAS)), REMEDY, back(lambda: neurons("cuba"))),
    "a sum that is rounded": Case(back(summed), "put neurons that spike in its place", back(lambda: summed(False))),
    "a sum in other units": Case(
        back(summed, message_bits="16"), "put neurons that spike in its place", back(lambda: summed(False))
    ),
    "biases of which some decay": Case(
        back(lambda: neurons("lif", BIAS, np.array([5e-3, 1e30])), INT32),
        REMEDY,
        back(lambda: neurons("lif", None, np.array([5e-3, 1e30])), INT32),
    ),
    "a bias behind a current": Case(
        back(lambda: neurons("cuba"), INT32, population(bias=5, membrane_decay=0)),
        "train without that bias",
        back(lambda: neurons("cuba"), INT32, population(bias=0, membrane_decay=0)),
    ),
    "a bias behind a delay": Case(
        back(lambda: neurons("if", BIAS, delay=True)), "train without that bias", back(lambda: neurons(delay=True))
    ),
    "sums that are shifted down": Case(
        back(neurons, change=projection(weights=np.array([[3, -2], [5, 2]]))),
        "quantize it for numerics int32",
        back(neurons, INT32),
    ),
    "the same nodes twice": Case(back(direct, change=twice), REMEDY, back(direct)),
    "layers that were merged": Case(
        back(lambda: merged(False)), "put a neuron between the layers", back(lambda: merged(True))
    ),
    "a pooling of unequal weights": Case(
        back(pooling, change=projection(weights=np.array([[2, 2], [2, 4]]))), REMEDY, back(pooling)
    ),
}
