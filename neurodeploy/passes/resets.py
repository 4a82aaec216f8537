"""Resets that come one step late, as resets in the step of the spike.

Rules:

1. A late reset to zero or to a value sets the membrane before the decay of the next step, so it is the same as a reset
   at once.
2. A late reset by subtraction happens after the decay of the next step. At once, the decay leaves only the share
   ``keep`` of the subtracted ``s * threshold``; a feedback of ``-(1 - keep) * threshold * s``, one step late, subtracts
   the rest.
3. A synaptic current would smear that feedback over several steps: it keeps ``keep_i`` of it in each. A second
   feedback of ``-keep_i`` times the first, one step later, takes that rest away, so that it reaches the membrane once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import nir
import numpy as np

from neurodeploy.errors import RefusedError
from neurodeploy.network.network import Network
from neurodeploy.network.shapes import SPIKING
from neurodeploy.reference.neuron import coefficients, threshold_of


def reset_at_once(network: Network) -> Network:
    """The equal network whose neurons all reset in the step of the spike.

    Raises RefusedError naming a neuron for which there is none.
    """
    late = [name for name in network.populations if is_late(network, name)]
    nodes, edges, contract = dict(network.nodes), list(network.graph.edges), network.contract
    added: set[str] = set()
    for name in late:
        contract = contract.override(name, reset_timing="same-step")
        for feedback in _feedback(network, name):
            back = _new(f"{name}_reset", nodes)
            nodes[back] = feedback.scale
            edges.append((name, back))
            if feedback.waits:
                pause = _new(f"{back}_later", nodes)
                nodes[pause] = nir.Delay(np.full(network.shapes[name], contract.of(name).dt))
                edges += [(back, pause), (pause, name)]
                added.add(pause)
            else:
                edges.append((back, name))
            added.add(back)
    if not late:
        return network
    graph = nir.NIRGraph(nodes, edges, metadata=network.graph.metadata, type_check=False)
    return replace(network, graph=graph, contract=contract, inserted=network.inserted | added)


def neuron_behind(network: Network, name: str, added: frozenset[str]) -> tuple[str, ...]:
    """The neuron whose spikes the ``added`` node ``name`` carries back."""
    sources = network.sources(name)
    return sources if added.isdisjoint(sources) else neuron_behind(network, sources[0], added)


def is_late(network: Network, name: str) -> bool:
    """Whether a neuron resets in the step after its spike."""
    node, terms = network.nodes[name], network.contract.of(name)
    return terms.reset_timing == "next-step" and isinstance(node, SPIKING) and not isinstance(node, nir.Threshold)


@dataclass(frozen=True)
class _Feedback:
    """A feedback of the spikes of a neuron: what it multiplies them by, and whether it waits a step more."""

    scale: nir.Scale
    waits: bool = False


def _feedback(network: Network, name: str) -> list[_Feedback]:
    """The feedback of rules 2 and 3; none where nothing decays."""
    node, terms = network.nodes[name], network.contract.of(name)
    c = coefficients(node, terms)
    lost = (1.0 - c.membrane) * threshold_of(node)
    if terms.reset != "subtract" or not np.any(lost):
        return []
    gain = c.gain * c.gain_current if c.has_current else c.gain
    reasons = {
        "a current stands before its membrane that drives it a step later": c.has_current and terms.current != "new",
        "a loop through it takes other than one step": terms.recurrent_delay != 1,
        "nothing reaches its membrane": bool(np.any(gain == 0)),
        "its states are rounded": terms.state_grid is not None,
    }
    obstacles = [reason for reason, holds in reasons.items() if holds]
    if obstacles:
        raise RefusedError(
            f"integers reset in the step of the spike, its contract says next-step, and {obstacles[0]}",
            f"node {name}",
            "train with a reset in the step of the spike (reset_timing=same-step), or with reset=zero",
        )
    share = np.broadcast_to(-lost / gain, network.shapes[name])
    first = _Feedback(nir.Scale(np.ascontiguousarray(share)))
    if not c.has_current or not np.any(c.current):
        return [first]
    return [first, _Feedback(nir.Scale(-share * c.current), waits=True)]


def _new(name: str, taken: dict[str, object]) -> str:
    return name if name not in taken else _new(f"{name}_", taken)
