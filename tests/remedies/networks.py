"""Networks that have no integers, or none on a machine, and what the remedies make of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import nir
import numpy as np

from neurodeploy.contract import Contract, Terms
from neurodeploy.errors import CannotRepresentError
from neurodeploy.frontends.lava_dl.chain import cuba_node
from neurodeploy.frontends.lava_dl.layers import Cuba
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.profiles.lava_dl import PROFILE
from tests.passes.networks import chain, dense, events, graph, lif, recurrent_network
from tests.remedies.case import Case

ONE, UNIT = np.ones(2), Terms(input_gain="unit")
MANY = np.random.default_rng(0).uniform(-1.0, 1.0, size=(1, 80000))


def integers(network: Callable[[], Network], numerics: Any = LOIHI2, **options: Any) -> Callable[[], object]:
    return lambda: quantize(network(), numerics, **options)


def case(refused: Callable[[], Network], says: str, followed: Callable[[], Network], numerics: Any = LOIHI2) -> Case:
    return Case(integers(refused, numerics), says, integers(followed, numerics))


def with_terms(network: Network, node: str, **terms: Any) -> Network:
    return replace(network, contract=network.contract.override(node, **terms))


def one_neuron(node: Any, terms: Terms | None = None, bias: Any = None, **of_node: Any) -> Network:
    """Two inputs, a dense layer and two neurons."""
    build = NetworkBuilder(terms)
    at = build.linear("fc", build.input("input", (2,)), np.eye(2), bias)
    build.output("output", build.place("n", at, node, **of_node))
    return build.build()


def current(tau: float = 4e-3) -> nir.CubaLIF:
    return nir.CubaLIF(tau * ONE, 4e-3 * ONE, ONE, 0 * ONE, ONE)


def on_grid(
    threshold: float = 4.0, bias: Any = None, grid: float | None = PROFILE.terms.state_grid, weight: float = 0.25
) -> Network:
    """SLAYER's neurons, whose states lie on a grid."""
    build = NetworkBuilder(replace(PROFILE.terms, state_grid=grid))
    at = build.linear("w", build.input("input", (6,)), np.full((5, 6), weight), bias)
    neuron = cuba_node(Cuba(900, 140, int(64 * threshold)), (5,), np.zeros(5), build.dt)
    build.output("output", build.place("n", at, neuron))
    return build.build()


def late(**terms: Any) -> Network:
    """A neuron behind a current that resets a step late."""
    return one_neuron(current(), Terms(reset_timing="next-step"), **terms)


def inhibited(**terms: Any) -> Network:
    """A neuron that is inhibited more than excited, and forgets nothing."""
    build = NetworkBuilder(Terms(input_gain="unit", **terms))
    at = build.linear("fc", build.input("input", (4,)), [[1.0, -1.0, -0.75, -0.5]])
    build.output("output", build.integrate("n", at, 0.5))
    return build.build()


def shared(tau: Any) -> Network:
    """A convolution into neurons of the time constants ``tau``, two channels of 2 by 2."""
    build = NetworkBuilder()
    at = build.conv("conv", build.input("input", (1, 3, 3)), np.ones((2, 1, 2, 2)))
    build.output("output", build.lif("n", at, np.broadcast_to(tau, (2, 2, 2)), 1.0))
    return build.build()


def pooled_with_padding(neuron_between: bool) -> Network:
    """A pooling with padding before a convolution, of a map too large for a matrix."""
    nodes: dict[str, Any] = {
        "input": nir.Input({"input": np.array([1, 80, 80])}),
        "pool": nir.AvgPool2d(np.full(2, 3), np.ones(2, int), np.ones(2, int)),
        "conv": nir.Conv2d(None, np.ones((1, 1, 3, 3)), 1, 1, 1, 1, None),
        "n": nir.IF(*(np.ones((1, 80, 80)) for _ in range(2))),
    }
    names = ["input", "pool", "conv", "n"]
    if neuron_between:
        nodes["first"] = nir.IF(*(np.ones((1, 80, 80)) for _ in range(2)))
        names.insert(2, "first")
    edges = list(pairwise(names))
    return Network(nir.NIRGraph(nodes, edges, type_check=False), Contract())


def ended(*names: str) -> Network:
    """A neuron with these nodes between it and the output."""
    nodes = {"n": lif(), "w": nir.Linear(np.eye(2)), "li": nir.LI(2e-3 * ONE, ONE, 0 * ONE), "ones": nir.Scale(ONE)}
    used = {name: nodes[name] for name in ("n", *names)} | {"output": nir.Output({"output": np.array([2])})}
    path = ["input", "n", *names, "output"]
    return graph(used, list(pairwise(path)))


def joined(edges: list[tuple[str, str]], **nodes: Any) -> Network:
    return graph({"n": lif(), **nodes}, edges)


def options_of(remedy: str) -> dict[str, Any]:
    """The options that a remedy names with values."""
    return {key.replace("-", "_"): int(value) for key, value in re.findall(r"-O ([a-z-]+)=(\d+)", remedy)}


def offered(network: Callable[[], Network], says: str, numerics: Any = LOIHI2, **options: Any) -> Case:
    """A network whose refusal offers options with values: each of them is taken alone, and works."""

    def followed() -> object:
        try:
            quantize(network(), numerics, **options)
        except CannotRepresentError as error:
            found = options_of(error.remedy)
            assert found, error
            return [quantize(network(), numerics, **{**options, name: value}) for name, value in found.items()]
        raise AssertionError("it is not refused")

    return Case(integers(network, numerics, **options), says, followed)


def budget(share: float, sizes: tuple[int, int], **bits: int) -> object:
    network = chain(2, sizes=sizes)
    shown = {name: values.astype(float) for name, values in events(network, samples=2, steps=20).items()}
    return quantize(network, INT32, shown, budget=share, weight_bits=bits)


def reachable() -> object:
    try:
        budget(1.0, (8, 6), fc0=3)
    except CannotRepresentError as error:
        return budget(float(error.remedy.split("budget=")[1].split()[0]), (8, 6), fc0=3)
    raise AssertionError("it is not refused")


HELD = {"reset": "subtract", "reset_timing": "same-step-and-next"}
COUNTS = Terms(max_spikes_per_step=65536)


def counting() -> Network:
    build = NetworkBuilder(COUNTS)
    at = build.linear("a", build.input("input", (4,)), np.full((4, 4), 0.25))
    at = build.linear("b", build.integrate("n", at, 1e-4), np.random.default_rng(0).normal(size=(4, 4)))
    build.output("output", build.integrate("m", at, 1.0))
    return build.build()


MACHINE: dict[str, Case] = {
    "one bit for two signs": Case(
        integers(lambda: dense([[1.0, -1.0]]), weight_bits=1),
        "ask for 2 bits or more",
        integers(lambda: dense([[1.0, -1.0]]), weight_bits=2),
    ),
    "few bits": offered(lambda: dense(MANY), "-O weight-bits="),
    "many spikes per step": offered(counting, "-O spikes-per-step="),
    "messages of counts": offered(
        lambda: dense([[1.0]], max_spikes_per_step=1 << 17), "-O spikes-per-step=65535", INT32
    ),
    "a step longer than a time constant": case(
        lambda: one_neuron(lif(), Terms(dt=5e-3)), "choose dt <= tau", lambda: one_neuron(lif(), Terms(dt=1e-3))
    ),
    "decays that differ": Case(
        integers(lambda: one_neuron(nir.LIF(np.array([2e-3, 4e-3]), ONE, 0 * ONE, ONE))),
        "use one value per layer",
        integers(lambda: one_neuron(nir.LIF(2e-3 * ONE, ONE, 0 * ONE, ONE))),
    ),
    "decays that differ, on another machine": Case(
        integers(lambda: one_neuron(nir.LIF(np.array([2e-3, 4e-3]), ONE, 0 * ONE, ONE))),
        "-O numerics=int32",
        integers(lambda: one_neuron(nir.LIF(np.array([2e-3, 4e-3]), ONE, 0 * ONE, ONE)), INT32),
    ),
    "a membrane without a bound": Case(
        integers(inhibited, room="membrane"), "-O room=step", integers(inhibited, room="step")
    ),
    "a membrane without a bound, clamped": Case(
        integers(inhibited, room="membrane"),
        "clamp the membrane below (v_min)",
        integers(lambda: inhibited(v_min=-4.0), room="membrane"),
    ),
    "a threshold of nothing": case(
        lambda: dense(np.full((1, 50), 100.0), threshold=1e-4),
        "raise the threshold",
        lambda: dense(np.full((1, 50), 100.0), threshold=100.0),
    ),
    "a threshold of nothing, smaller weights": case(
        lambda: dense(np.full((1, 50), 100.0), threshold=1e-4),
        "lower the input weights",
        lambda: dense(np.full((1, 50), 1e-4), threshold=1e-4),
    ),
    "a threshold below 0": case(
        lambda: dense([[1.0]], threshold=-1.0), "raise the threshold", lambda: dense([[1.0]], threshold=1.0)
    ),
    "a threshold beyond the grid": case(lambda: on_grid(3000.0), "lower the threshold", on_grid),
    "a threshold beyond the grid, without it": case(
        lambda: on_grid(3000.0), "set state_grid=none", lambda: on_grid(3000.0, grid=None)
    ),
    "weights beyond the grid": case(lambda: on_grid(weight=1e6), "use smaller weights", lambda: on_grid(weight=100.0)),
    "weights beyond the grid, without it": case(
        lambda: on_grid(weight=1e6), "set state_grid=none", lambda: on_grid(weight=1e6, grid=None, threshold=1e6)
    ),
    "a long delay": case(
        lambda: recurrent_network(delay=63), "shorten it (recurrent_delay", lambda: recurrent_network(delay=62)
    ),
    "sums beyond all numbers": case(
        lambda: dense(np.full((1, 50), 1e307), threshold=1e307),
        "use smaller weights",
        lambda: dense(np.full((1, 50), 1e300), threshold=1e300),
    ),
    "sums beyond all numbers, fewer": case(
        lambda: dense(np.full((1, 50), 1e307), threshold=1e307),
        "or fewer inputs",
        lambda: dense(np.full((1, 5), 1e307), threshold=1e307),
    ),
    "a budget out of reach": Case(lambda: budget(1.0, (8, 6), fc0=3), "ask for budget=", reachable),
    "a budget of which nothing is in reach": Case(
        lambda: budget(0.5, (6, 4), fc0=2), "leave the bits of its layers to the budget", lambda: budget(0.5, (6, 4))
    ),
}

FORMS: dict[str, Case] = {
    "a constant into a current on a grid": case(lambda: on_grid(bias=np.full(5, 0.25)), "remove that bias", on_grid),
    "a constant into a current on a grid, without it": case(
        lambda: on_grid(bias=np.full(5, 0.25)), "set state_grid=none", lambda: on_grid(bias=np.full(5, 0.25), grid=None)
    ),
    "a constant that adds up": case(
        lambda: one_neuron(current(1e30), UNIT, 0.1 * ONE), "remove the bias", lambda: one_neuron(current(1e30), UNIT)
    ),
    "resets that differ": case(
        lambda: one_neuron(nir.IF(ONE, ONE, np.array([0.1, 0.2])), reset="value"),
        "use one reset value per layer",
        lambda: one_neuron(nir.IF(ONE, ONE, 0.1 * ONE), reset="value"),
    ),
    "the previous current": case(
        lambda: one_neuron(current(), current="previous"),
        "set current=new",
        lambda: one_neuron(current(), current="new"),
    ),
    "an initial state that is reset": case(
        lambda: dense([[1.0]], reset_timing="every-step", initial_state=1.0),
        "set initial_state=0",
        lambda: dense([[1.0]], reset_timing="every-step", initial_state=0.0),
    ),
    "counts by a threshold of 0": case(
        lambda: dense([[1.0]], threshold=0.0, max_spikes_per_step=2),
        "raise its threshold",
        lambda: dense([[1.0]], threshold=0.5, max_spikes_per_step=2),
    ),
    "gains within a kernel": case(
        lambda: shared(np.linspace(2e-3, 3e-3, 8).reshape(2, 2, 2)),
        "use one time constant and resistance per channel",
        lambda: shared(2e-3),
    ),
    "a state that is kept": case(
        lambda: with_terms(recurrent_network(), "lif", keep_state=True), "set keep_state=false", recurrent_network
    ),
    "a loop without a neuron": case(
        lambda: joined(
            [("input", "a"), ("a", "b"), ("b", "a"), ("a", "n")], a=nir.Linear(np.eye(2)), b=nir.Linear(np.eye(2))
        ),
        "put a neuron into it",
        lambda: joined(
            [("input", "a"), ("a", "n"), ("n", "b"), ("b", "n")], a=nir.Linear(np.eye(2)), b=nir.Linear(np.eye(2))
        ),
    ),
    "a loop of sums": case(
        lambda: joined([("input", "s"), ("s", "h"), ("h", "s"), ("s", "n")], s=nir.Scale(ONE), h=nir.Scale(ONE / 2)),
        "put a neuron into the loop",
        lambda: joined([("input", "n"), ("n", "h"), ("h", "n")], h=nir.Scale(ONE / 2)),
    ),
    "a membrane that is sent": case(
        lambda: joined([("input", "li"), ("li", "n")], li=nir.LI(2e-3 * ONE, ONE, 0 * ONE)),
        "give it a threshold",
        lambda: joined([("input", "li"), ("li", "n")], li=lif()),
    ),
    "a bias on feedback": case(
        lambda: recurrent_network(feedback_bias=0.25),
        "set recurrent_bias_at_start=applied",
        lambda: with_terms(recurrent_network(feedback_bias=0.25), "lif", recurrent_bias_at_start="applied"),
    ),
    "a matrix too large": case(
        lambda: pooled_with_padding(False), "put a neuron between them", lambda: pooled_with_padding(True)
    ),
    "an output that no neuron sends": case(lambda: ended("w"), "LI reads a membrane out", lambda: ended("w", "li")),
    "an output that no neuron sends, summed": case(
        lambda: ended("w"), "a Scale of ones reads a sum out", lambda: ended("w", "ones")
    ),
    "a late reset behind a current": case(
        lambda: late(reset="subtract", recurrent_delay=2),
        "reset_timing=same-step",
        lambda: late(reset="subtract", recurrent_delay=2, reset_timing="same-step"),
    ),
    "a late reset behind a current, to zero": case(
        lambda: late(reset="subtract", recurrent_delay=2),
        "or with reset=zero",
        lambda: late(reset="zero", recurrent_delay=2),
    ),
    "a membrane that is held and returns": case(
        lambda: with_terms(recurrent_network(), "lif", **HELD),
        "reset_timing=next-step",
        lambda: with_terms(recurrent_network(), "lif", **HELD | {"reset_timing": "next-step"}),
    ),
    "a membrane that is held and returns, to zero": case(
        lambda: with_terms(recurrent_network(), "lif", **HELD),
        "or to zero",
        lambda: with_terms(recurrent_network(), "lif", **HELD | {"reset": "zero"}),
    ),
}
NETWORKS: dict[str, Case] = {**MACHINE, **FORMS}
