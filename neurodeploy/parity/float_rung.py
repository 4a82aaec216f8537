"""Source module -> Network: the same spikes, except at ties, each node judged on the source's own inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.network.network import Network
from neurodeploy.network.shapes import SPIKING
from neurodeploy.parity.compare import Cell, check_aligned, first_cell
from neurodeploy.parity.measure import node_result
from neurodeploy.parity.rung import Divergence, NodeResult, Rung, Scope, judge
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.neuron import terms_of, threshold_of
from neurodeploy.trace import Entry, Trace

TIE = 1e-5


def float_rung(
    network: Network, stimulus: Mapping[str, NDArray[Any]], source: Trace, allow_silent: Collection[str]
) -> Rung:
    """Judge every node of ``network`` by teacher forcing: it receives what the source's own nodes sent.

    Each neuron also resets as the source fired, so that one tie excuses one cell and no other. A tie is
    ``|v - threshold| < 1e-5 * max(1, |threshold|)``, for the k-th spike of a step with k thresholds; it never excuses
    more than one spike. Real values may differ by ``1e-5 * max(1, |b|)``.

    - ``stimulus``: one array ``(B, T, *shape)`` per input.
    - ``source``: the trace of the module that the network came from.

    Raises UnavailableError where the source's record of a node is missing or has the wrong shape.
    """
    shapes = {name: network.shapes[name] for name in network.populations}
    check_aligned(source, shapes, next(iter(stimulus.values())).shape[:2], "rung source")
    judged = run_network(network, stimulus, states=True, drive=source, forced=True)
    nodes: dict[str, NodeResult] = {}
    firsts: list[tuple[int, int, Divergence]] = []
    for rank, name in enumerate(network.populations):
        different, ties = _differences(network, name, source, judged)
        cell = first_cell(different)
        first = None if cell is None else _divergence(network, name, cell, source, judged)
        nodes[name] = node_result(source[name], judged[name], different, first=first, ties=ties)
        if first is not None:
            firsts.append((first.step, rank, first))
    first = min(firsts, key=lambda ranked: ranked[:2])[2] if firsts else None
    verdict, reasons = judge(nodes, bool(firsts), allow_silent)
    return Rung(
        "source", "network", "ties", verdict, nodes, first, reasons=reasons, scope=Scope(source.batch, source.steps)
    )


def _differences(network: Network, name: str, source: Trace, judged: Trace) -> tuple[NDArray[np.bool_], int]:
    expected, actual = source[name].values, judged[name].values
    if not isinstance(network.nodes[name], SPIKING):
        close = np.isfinite(expected) & (np.abs(actual - expected) <= TIE * np.maximum(1.0, np.abs(expected)))
        return ~(close | (actual == expected)), 0
    different = expected != actual
    tie = different & _ties(network, name, expected, judged[name])
    return different & ~tie, int(tie.sum())


def _ties(network: Network, name: str, expected: NDArray[np.float64], judged: Entry) -> NDArray[np.bool_]:
    """Cells where the last digits of the membrane decide about one spike more or less."""
    if judged.v_before is None:
        return np.zeros(expected.shape, dtype=bool)
    terms = terms_of(network.nodes[name], network.contract.of(name))
    least, most = np.minimum(expected, judged.values), np.maximum(expected, judged.values)
    threshold = threshold_of(network.nodes[name]) * np.maximum(most, 1.0)
    near = np.abs(judged.v_before - threshold) < TIE * np.maximum(1.0, np.abs(threshold))
    tie = near & (least >= 0) & (most - least == 1) & (most <= terms.max_spikes_per_step)
    if terms.fire_once:
        tie &= np.cumsum(expected > 0, axis=1) <= (expected > 0)
    return tie


def _divergence(network: Network, name: str, cell: Cell, source: Trace, judged: Trace) -> Divergence:
    step, sample, *neuron = cell
    index = (sample, step, *neuron)
    before = judged[name].v_before
    spiking = isinstance(network.nodes[name], SPIKING) and before is not None
    membrane = float(before[index]) if spiking and before is not None else None
    threshold = None
    if spiking:
        threshold = float(np.broadcast_to(threshold_of(network.nodes[name]), network.shapes[name])[tuple(neuron)])
    return Divergence(
        name,
        sample,
        step,
        tuple(neuron),
        float(source[name].values[index]),
        float(judged[name].values[index]),
        actual_membrane=membrane,
        threshold=threshold,
        margin_lsb=None if membrane is None or threshold is None else membrane - threshold,
    )
