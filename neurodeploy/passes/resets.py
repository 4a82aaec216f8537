"""Resets that come one step late, as resets in the step of the spike.

Rules:

1. A late reset to zero or to a value sets the membrane before the decay of the next step, so it is the same as a reset
   at once.
2. A late reset by subtraction happens after the decay of the next step. At once, the decay leaves only the share
   ``keep`` of the subtracted ``s * threshold``; a feedback of ``-(1 - keep) * threshold * s``, one step late, subtracts
   the rest.
3. A synaptic current would smear that feedback over several steps. So a decaying membrane behind one is refused.
"""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np

from neurodeploy.contract import Contract
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
        contract = _at_once(contract, name)
        feedback = _feedback(network, name)
        if feedback is not None:
            back = _new(f"{name}_reset", nodes)
            nodes[back] = feedback
            edges += [(name, back), (back, name)]
            added.add(back)
    if not late:
        return network
    graph = nir.NIRGraph(nodes, edges, metadata=network.graph.metadata, type_check=False)
    return replace(network, graph=graph, contract=contract, inserted=network.inserted | added)


def is_late(network: Network, name: str) -> bool:
    """Whether a neuron resets in the step after its spike."""
    node, terms = network.nodes[name], network.contract.of(name)
    return terms.reset_timing == "next-step" and isinstance(node, SPIKING) and not isinstance(node, nir.Threshold)


def _at_once(contract: Contract, name: str) -> Contract:
    return contract.override(name, reset_timing="same-step")


def _feedback(network: Network, name: str) -> nir.Scale | None:
    """The feedback of rule 2; None where nothing decays."""
    node, terms = network.nodes[name], network.contract.of(name)
    c = coefficients(node, terms)
    lost = (1.0 - c.membrane) * threshold_of(node)
    if terms.reset != "subtract" or not np.any(lost):
        return None
    reasons = {
        "a current stands before its membrane": c.has_current,
        "a loop through it takes other than one step": terms.recurrent_delay != 1,
        "nothing reaches its membrane": bool(np.any(c.gain == 0)),
        "its states are rounded": terms.state_grid is not None,
    }
    obstacles = [reason for reason, holds in reasons.items() if holds]
    if obstacles:
        raise RefusedError(
            f"integers reset in the step of the spike, its contract says next-step, and {obstacles[0]}",
            f"node {name}",
            "train with a same-step reset, or one to zero",
        )
    return nir.Scale(np.ascontiguousarray(np.broadcast_to(-lost / c.gain, network.shapes[name])))


def _new(name: str, taken: dict[str, object]) -> str:
    return name if name not in taken else _new(f"{name}_", taken)
