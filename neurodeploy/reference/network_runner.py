"""The meaning of a Network: its NIR nodes stepped in float64 under the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.network.network import Network, is_junction
from neurodeploy.network.shapes import LINEAR, NEURONS
from neurodeploy.reference.linear import apply_linear
from neurodeploy.reference.neuron import Coefficients, NeuronState, advance, coefficients, initial_state, terms_of
from neurodeploy.trace import Entry, Trace

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Neuron:
    node: Any
    terms: Terms
    coefficients: Coefficients
    state: NeuronState


def run_network(
    network: Network,
    stimulus: Mapping[str, NDArray[Any]],
    states: bool = False,
    drive: Trace | None = None,
    forced: bool = False,
) -> Trace:
    """Run a network on ``(B, T, *shape)`` per input and record every neuron and junction.

    What crosses an edge that closes a loop arrives ``recurrent_delay`` steps later, zero before. With ``drive``,
    every node is fed that trace's outputs instead of this run's; with ``forced`` the neurons also reset as that trace
    fired, so that each cell is judged by itself.
    """
    check_supported(network)
    given = {name: _given(network, name, stimulus) for name in network.input_names}
    if len({each.shape[:2] for each in given.values()}) > 1:
        raise InputError("its inputs differ in samples or steps", "stimulus", "give all inputs the same (B, T)")
    batch, steps = next(iter(given.values())).shape[:2]
    sent = {name: np.zeros((batch, steps, *network.shapes[name])) for name in network.order}
    sent |= given
    before = {name: np.zeros_like(sent[name]) for name in network.populations}
    after = {name: np.zeros_like(sent[name]) for name in network.populations}
    neurons = {
        name: _start(network, name, batch) for name in network.populations if not is_junction(network.nodes[name])
    }
    fed = sent if drive is None else {**sent, **{name: drive[name].values for name in network.populations}}
    for t in range(steps):
        for name in network.order:
            if name in given:
                continue
            x = _received(network, name, fed, t, batch)
            if name not in neurons:
                sent[name][:, t] = apply_linear(network.nodes[name], x)
                continue
            n = neurons[name]
            decided = fed[name][:, t] if forced and drive is not None else None
            out, v = advance(n.node, n.terms, n.coefficients, n.state, x, decided)
            sent[name][:, t], before[name][:, t], after[name][:, t] = out, v, n.state.v
    return _trace(network, sent, before, after, states)


def check_supported(network: Network) -> None:
    """Raises RefusedError naming every node type that has no runner."""
    known = (*NEURONS, *LINEAR, nir.Input, nir.Output)
    strange = [f"{name} ({type(node).__name__})" for name, node in network.nodes.items() if not isinstance(node, known)]
    if strange:
        raise RefusedError(f"no runner for {', '.join(strange)}", "network", "replace these nodes by supported ones")


def _start(network: Network, name: str, batch: int) -> _Neuron:
    node = network.nodes[name]
    terms = terms_of(node, network.contract.of(name))
    return _Neuron(node, terms, coefficients(node, terms), initial_state((batch, *network.shapes[name]), terms))


def _given(network: Network, name: str, stimulus: Mapping[str, NDArray[Any]]) -> Array:
    shape = network.shapes[name]
    if name not in stimulus:
        raise InputError(f"the stimulus has no array for input {name!r}", "stimulus", f"it has: {', '.join(stimulus)}")
    values = np.asarray(stimulus[name], np.float64)
    if values.ndim < 2 or values.shape[2:] != shape:
        raise InputError(f"its array for input {name!r} has shape {values.shape}", "stimulus", f"give (B, T, *{shape})")
    return values


def _received(network: Network, name: str, fed: Mapping[str, Array], t: int, batch: int) -> Array:
    sources = network.sources(name)
    total = np.zeros((batch, *network.shapes[sources[0] if sources else name]))
    for source in sources:
        delay = network.contract.of(name).recurrent_delay if (source, name) in network.recurrent_edges else 0
        if t >= delay:
            total = total + fed[source][:, t - delay]
    return total


def _trace(
    network: Network,
    sent: Mapping[str, Array],
    before: Mapping[str, Array],
    after: Mapping[str, Array],
    states: bool,
) -> Trace:
    entries = {name: Entry(sent[name], graded=not network.input_range(name).binary) for name in network.input_names}
    for name in network.populations:
        graded = not isinstance(network.nodes[name], nir.IF | nir.LIF | nir.CubaLIF | nir.Threshold)
        output = sent[name] if graded else sent[name].astype(np.int64)
        kept = states and not is_junction(network.nodes[name])
        v, v_before = (after[name], before[name]) if kept else (None, None)
        entries[name] = Entry(output, graded, 0, v, None, v_before, 0, name in network.inserted)
    return Trace(entries, {"rung": "network"})
