"""Networks that no ``.net`` says exactly, and what the remedies make of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import nir
import numpy as np

from neurodeploy.contract import Contract, Terms
from neurodeploy.frontends.lava_dl.chain import cuba_node
from neurodeploy.frontends.lava_dl.layers import Cuba
from neurodeploy.frontends.lava_dl.write import net_bytes
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.profiles.lava_dl import PROFILE, tau_of
from tests.remedies.case import Case

TERMS = PROFILE.terms
DENSE, GRADED = nir.Linear(np.full((2, 2), 0.5)), InputRange(-1.0, 1.0, 0.25, declared=True)
LOOP = (("n", "back"), ("back", "n"))


def neurons(*shape: int, current: int = 900, bias: Any = 0.0, threshold: float = 1.0) -> Any:
    """SLAYER's neurons, which are driven by a ``bias``."""
    rest = np.broadcast_to(np.asarray(bias) * 4096 / 140, shape)
    return cuba_node(Cuba(current, 140, int(64 * threshold)), shape, rest, TERMS.dt)


def net(
    *chain: Any,
    shape: tuple[int, ...] = (2,),
    more: dict[str, Any] | None = None,
    edges: tuple[tuple[str, str], ...] = (),
    values: InputRange | None = None,
    terms: Terms = TERMS,
) -> Network:
    """A chain of layers, ``n`` the last of them, with ``more`` nodes and ``edges`` beside it."""
    names = [*(f"l{number}" for number in range(len(chain) - 1)), "n"]
    size = getattr(chain[-1], "v_leak", getattr(chain[-1], "r", np.zeros(shape))).shape
    nodes = {"input": nir.Input({"input": np.array(shape)}), **dict(zip(names, chain, strict=True))}
    nodes |= {"output": nir.Output({"output": np.array(size)}), **(more or {})}
    graph = nir.NIRGraph(nodes, [*pairwise(["input", *names, "output"]), *edges], type_check=False)
    return Network(graph, Contract(terms), {} if values is None else {"input": values})


def layer(**fields: Any) -> Network:
    return net(DENSE, neurons(2, **fields))


def weighted(*rows: Any) -> Network:
    return net(nir.Linear(np.array(rows, float)), neurons(2))


def stepped(says: str, good: dict[str, Any], **bad: Any) -> Case:
    """A dense layer under other terms."""

    def under(terms: dict[str, Any]) -> Network:
        return net(DENSE, neurons(2), terms=replace(TERMS, **terms))

    return case(under(bad), says, under(good))


def case(refused: Network, says: str, followed: Network) -> Case:
    return Case(lambda: net_bytes(refused), says, lambda: net_bytes(followed))


def one_of(values: Any) -> Any:
    """Neurons with these thresholds."""
    return replace(neurons(2), v_threshold=np.array(values, float))


def two_inputs(joined: bool) -> Network:
    build = NetworkBuilder(TERMS)
    if joined:
        at: Any = build.linear("w", build.input("a", (4,)), np.full((2, 4), 0.5))
    else:
        at = [build.linear(f"w{name}", build.input(name, (2,)), np.full((2, 2), 0.5)) for name in "ab"]
    build.output("output", build.place("n", at, neurons(2)))
    return build.build()


def delayed(steps: int, bias: float = 0.25) -> Network:
    """Two layers, the second with a bias, and a delay between them."""
    late = [nir.Delay(np.full(2, steps * TERMS.dt))] if steps else []
    return net(DENSE, neurons(2), *late, nir.Linear(np.full((2, 2), 0.5)), neurons(2, bias=bias))


def branched(split: bool) -> Network:
    """A layer that two layers read, or one."""
    more = {} if split else {"w": DENSE, "m": neurons(2)}
    return net(DENSE, neurons(2), more=more, edges=() if split else (("n", "w"), ("w", "m")))


def recurrent(back: Any) -> Network:
    return net(DENSE, neurons(2), more={"back": back}, edges=LOOP)


def channels(bias: Any) -> Network:
    kernel = nir.Conv2d((3, 3), np.full((2, 1, 2, 2), 0.5), 1, 0, 1, 1, np.zeros(2))
    return net(kernel, neurons(2, 2, 2, bias=bias), shape=(1, 3, 3))


def flattened(start: int) -> Network:
    flat = nir.Flatten({"input": np.array([2, 2, 1])}, start, -1)
    weight = np.full((3, 4 if start == 0 else 2), 0.5)
    size = (3,) if start == 0 else (2, 3)
    return net(flat, nir.Linear(weight), neurons(*size), shape=(2, 2, 1))


def inserted(steps: int) -> Network:
    return replace(delayed(steps), inserted=frozenset({"l2"}))


TENTH = float(tau_of(140, TERMS.dt))
WRITTEN: dict[str, Case] = {
    "several inputs of a .net": case(two_inputs(False), "join them into one input", two_inputs(True)),
    "values into a .net": case(
        net(DENSE, neurons(2), values=GRADED), "put the neurons that make spikes of them before", layer()
    ),
    "a part beside the chain": case(net(DENSE, neurons(2), more={"m": neurons(2)}), "leave it out", layer()),
    "some dimensions": case(flattened(1), "flatten all of them", flattened(0)),
    "two readers": case(branched(False), "split the network there", branched(True)),
    "a bias of synapses": case(
        net(nir.Affine(DENSE.weight, np.full(2, 0.25)), neurons(2)),
        "move it into the leak of its neurons",
        layer(bias=0.25),
    ),
    "a layer without a block": case(
        net(nir.Scale(np.full(2, 0.5)), neurons(2)),
        "use a flatten, dense,",
        net(nir.Linear(np.eye(2) / 2), neurons(2)),
    ),
    "a bias behind neurons": case(delayed(0), "put a Delay of one step behind every neuron", delayed(1)),
    "a delay that was inserted": case(inserted(2), "remove it", delayed(0, bias=0.0)),
    "no neuron of SLAYER": case(
        net(DENSE, nir.LI(np.full(2, TENTH), np.ones(2), np.zeros(2))),
        "put an IF, LIF or CubaLIF there",
        net(DENSE, nir.LIF(np.full(2, TENTH), np.ones(2), np.zeros(2), np.ones(2))),
    ),
    "states without a grid": stepped("set state_grid=0.00024414", {}, state_grid=None),
    "another reset than SLAYER's": stepped("train it with reset=zero", {"reset": "zero"}, reset="subtract"),
    "another grid than SLAYER's": stepped("state_grid=0.00024414", {}, state_grid=0.5),
    "a threshold beyond SLAYER's": case(layer(threshold=1e5), "use one from 1/64 to", layer(threshold=63.0)),
    "another comparison than SLAYER's": stepped("or set fires_at", {"fires_at": ">"}, fires_at=">="),
    "feedback with a bias": case(
        recurrent(nir.Affine(DENSE.weight, np.ones(2))),
        "feed the spikes of a layer back to it through one Linear layer",
        recurrent(DENSE),
    ),
    "a bias within a channel": case(channels(np.arange(8.0).reshape(2, 2, 2)), "give one per channel", channels(8.0)),
    "weights of 9 bits": case(
        weighted([5.0, -5.0], [0.5, 0.5]), "quantize the weights to SLAYER's 8 bits", weighted([3.0, -3.0], [0.5, 0.5])
    ),
    "weights of nothing": case(
        weighted([0.0, 0.0], [0.0, 0.0]), "change one of these weights by 1/64", weighted([1 / 64, 0.0], [0.0, 0.0])
    ),
    "thresholds that differ": case(
        net(DENSE, one_of([1.0, 2.0])), "use one value for all neurons of the layer", net(DENSE, one_of([2.0, 2.0]))
    ),
    "a threshold between its steps": case(
        net(DENSE, one_of([0.3, 0.3])), "round it there first", net(DENSE, one_of([19 / 64] * 2))
    ),
    "weights between their steps": case(
        weighted([0.3, 0.5], [0.5, 0.5]), "round them there first", weighted([18 / 64, 0.5], [0.5, 0.5])
    ),
}
