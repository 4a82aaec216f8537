"""Source module -> Network: the same spikes, except at ties, each node judged on the source's own inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.network.network import Network
from neurodeploy.network.shapes import SPIKING
from neurodeploy.parity.block import Place
from neurodeploy.parity.compare import Cell, check_aligned, unequal
from neurodeploy.parity.known import Known
from neurodeploy.parity.masks import Mask, is_nowhere, nowhere
from neurodeploy.parity.rung import Divergence, Rung, Scope, judge
from neurodeploy.parity.tally import Tally
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
    lead = next(iter(stimulus.values())).shape[:2]
    check_source(network, source, lead)
    judged = run_network(network, stimulus, states=True, drive=source, forced=True)
    reading = FloatJudge(network)
    reading.add(source, judged, Place())
    return reading.rung(allow_silent, (source.batch, source.steps))


def check_source(network: Network, source: Trace, lead: tuple[int, ...]) -> None:
    """Raises UnavailableError where the source's record of a node is missing or has the wrong shape."""
    check_aligned(source, {name: network.shapes[name] for name in network.populations}, lead, "rung source")


class FloatJudge:
    """Adds up the blocks of the float rung; those of a sample come in the order of their steps."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._tallies = {name: Tally() for name in network.populations}
        self._ties = dict.fromkeys(network.populations, 0)
        self._once = {name for name in network.populations if network.contract.of(name).fire_once}
        self._fired: dict[str, NDArray[np.bool_]] = {}

    def add(self, source: Trace, judged: Trace, place: Place, known: Known | None = None) -> None:
        """Compare two blocks, of which something may be ``known``.

        ``judged``: the network, every node fed what the source sent, reset as it fired.
        """
        facts = Known() if known is None else known
        if place.step == 0:
            self._fired.clear()
        for name, tally in self._tallies.items():
            different, ties = self._differences(name, source, judged, facts)
            tally.add(source[name], judged[name], different, facts)
            self._ties[name] += ties
            cell = place.cell(different)
            if cell is not None and tally.earlier(cell):
                tally.first = _divergence(self._network, name, cell, place, source, judged)

    @property
    def first(self) -> Divergence | None:
        """The first divergence so far: the earliest step, in it the node nearest to the inputs."""
        firsts = [tally.first for tally in self._tallies.values() if tally.first is not None]
        return min(firsts, key=lambda first: first.step, default=None)

    def rung(self, allow_silent: Collection[str], lead: tuple[int, int]) -> Rung:
        """What follows, over ``lead`` samples and steps."""
        nodes = {name: tally.result(ties=self._ties[name]) for name, tally in self._tallies.items()}
        first = self.first
        verdict, reasons = judge(nodes, first is not None, allow_silent)
        return Rung("source", "network", "ties", verdict, nodes, first, reasons=reasons, scope=Scope(*lead))

    def _differences(self, name: str, source: Trace, judged: Trace, known: Known) -> tuple[Mask, int]:
        if not isinstance(self._network.nodes[name], SPIKING):
            expected, actual = source[name].values, judged[name].values
            close = np.isfinite(expected) & (np.abs(actual - expected) <= TIE * np.maximum(1.0, np.abs(expected)))
            return ~(close | (actual == expected)), 0
        different, output = unequal(source[name], judged[name], known), source[name].output
        before = self._fired.get(name, np.zeros(output[:, 0].shape, np.bool_))
        if name in self._once and (output.dtype.kind == "f" or known.sent(output).range[1] > 0):
            self._fired[name] = before | (output > 0).any(axis=1)
        if is_nowhere(different):
            return nowhere(different.shape), 0
        tie = _ties(self._network, name, source[name], judged[name], different)
        if name in self._once:
            tie &= ~_earlier(output > 0, before)
        return different & ~tie, int(np.count_nonzero(tie))


def _earlier(fired: Mask, before: Mask) -> Mask:
    """Where a neuron fired in a step before. ``before``: which did before the block."""
    ever = np.logical_or.accumulate(fired, axis=1) | before[:, None]
    return np.concatenate([before[:, None], ever[:, :-1]], axis=1)


def _ties(network: Network, name: str, source: Entry, judged: Entry, different: Mask) -> Mask:
    """Differing cells where the last digits of the membrane decide about one spike more or less."""
    if judged.v_before is None:
        return np.zeros(different.shape, dtype=bool)
    cells = np.nonzero(different)
    expected, actual, before = source.values[cells], judged.values[cells], judged.v_before[cells]
    terms = terms_of(network.nodes[name], network.contract.of(name))
    least, most = np.minimum(expected, actual), np.maximum(expected, actual)
    each = np.broadcast_to(threshold_of(network.nodes[name]), network.shapes[name])[cells[2:]]
    threshold = each * np.maximum(most, 1.0)
    near = np.abs(before - threshold) < TIE * np.maximum(1.0, np.abs(threshold))
    tie = np.zeros(different.shape, dtype=bool)
    tie[cells] = near & (least >= 0) & (most - least == 1) & (most <= terms.max_spikes_per_step)
    return tie


def _divergence(network: Network, name: str, cell: Cell, place: Place, source: Trace, judged: Trace) -> Divergence:
    step, sample, *neuron = cell
    index = (sample - place.sample, step - place.step, *neuron)
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
