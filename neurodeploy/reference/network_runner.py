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
from neurodeploy.reference.arrival import Arrivals
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

    Args:
        network: what is run.
        stimulus: values of every input, ``(B, T, *shape)`` by name.
        states: also record current and membrane of every neuron.
        drive: a trace whose outputs reach every node instead of this run's own (teacher forcing).
        forced: neurons also reset as ``drive`` fired, so that every cell can be judged by itself.

    An edge that closes a loop delivers ``recurrent_delay`` steps later. Before its first message it delivers nothing
    or, under ``recurrent_bias_at_start``, what its source sends without input. Where a term keeps states, all
    samples run as one, one after the other.

    Raises:
        InputError: for a stimulus that does not fit the inputs.
        RefusedError: for a node type that has no runner, and for terms without a meaning.
    """
    check_supported(network)
    drives = {name: _given(network, name, stimulus) for name in network.input_names}
    if len({array.shape[:2] for array in drives.values()}) > 1:
        raise InputError("its inputs differ in samples or steps", "stimulus", "give all inputs the same (B, T)")
    batch, steps = next(iter(drives.values())).shape[:2]
    fed = {} if drive is None else {name: np.asarray(drive[name].values, np.float64) for name in network.populations}
    if batch > 1 and keeps_state(network):
        drives, fed = ({name: _end_to_end(array) for name, array in arrays.items()} for arrays in (drives, fed))
    sent, before, after = _simulate(network, drives, fed, forced, max(steps, 1))
    sent, before, after = (_by_sample(arrays, batch, steps) for arrays in (sent, before, after))
    return _trace(network, sent, before, after, states)


def _by_sample(arrays: Mapping[str, Array], batch: int, steps: int) -> dict[str, Array]:
    return {name: array.reshape(batch, steps, *array.shape[2:]) for name, array in arrays.items()}


def keeps_state(network: Network) -> bool:
    """Whether some node starts a sample as the one before it ended."""
    return any(network.contract.of(name).keep_state for name in network.nodes)


def _end_to_end(samples: Array) -> Array:
    return samples.reshape(1, -1, *samples.shape[2:])


def _simulate(
    network: Network, drives: Mapping[str, Array], fed: Mapping[str, Array], forced: bool, period: int
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """What every node sent, and membranes before and after reset. A sample starts every ``period`` steps."""
    batch, steps = next(iter(drives.values())).shape[:2]
    sent = {name: np.zeros((batch, steps, *network.shapes[name])) for name in network.order}
    sent |= drives
    before, after = ({name: np.zeros(sent[name].shape) for name in network.populations} for _ in range(2))
    arrivals = Arrivals(network, {**sent, **fed}, batch, period)
    neurons: dict[str, _Neuron] = {}
    for t in range(steps):
        if t % period == 0:
            neurons = {name: _start(network, name, batch, neurons.get(name)) for name in _stepped(network)}
        for name in network.order:
            if name in drives:
                continue
            node, x = network.nodes[name], arrivals.into(name, t)
            if isinstance(node, nir.Delay):
                sent[name][:, t] = arrivals.delayed(name, t)
            elif name not in neurons:
                sent[name][:, t] = apply_linear(node, x)
            else:
                n = neurons[name]
                decided = fed[name][:, t] if forced and fed else None
                out, v = advance(n.node, n.terms, n.coefficients, n.state, x, decided)
                sent[name][:, t], before[name][:, t], after[name][:, t] = out, v, n.state.v
    return sent, before, after


def _stepped(network: Network) -> list[str]:
    return [name for name in network.populations if not is_junction(network.nodes[name])]


def check_supported(network: Network) -> None:
    """Raises RefusedError naming every node type that has no runner."""
    known = (*NEURONS, *LINEAR, nir.Delay, nir.Input, nir.Output)
    strange = [f"{name} ({type(node).__name__})" for name, node in network.nodes.items() if not isinstance(node, known)]
    if strange:
        raise RefusedError(f"no runner for {', '.join(strange)}", "network", "replace these nodes by supported ones")


def _start(network: Network, name: str, batch: int, ended: _Neuron | None) -> _Neuron:
    """A neuron at the start of a sample; ``ended`` as the sample before left it."""
    node = network.nodes[name]
    terms = terms_of(node, network.contract.of(name))
    fresh = initial_state((batch, *network.shapes[name]), terms)
    if ended is not None and terms.keep_state:
        ended.state.fired = fresh.fired
        return ended
    return _Neuron(node, terms, coefficients(node, terms), fresh)


def _given(network: Network, name: str, stimulus: Mapping[str, NDArray[Any]]) -> Array:
    shape = network.shapes[name]
    if name not in stimulus:
        raise InputError(f"the stimulus has no array for input {name!r}", "stimulus", f"it has: {', '.join(stimulus)}")
    values = np.asarray(stimulus[name], np.float64)
    if values.ndim < 2 or values.shape[2:] != shape:
        raise InputError(f"its array for input {name!r} has shape {values.shape}", "stimulus", f"give (B, T, *{shape})")
    declared = network.input_range(name)
    if declared.rounded and declared.grid is not None:
        return np.rint(values / declared.grid) * declared.grid
    return values


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
