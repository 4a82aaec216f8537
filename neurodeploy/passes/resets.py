"""Resets that reach into the next step, as resets in the step of the spike.

Rules:

1. A late reset to zero or to a value sets the membrane before the decay of the next step, so it is the same as a reset
   at once.
2. A late reset by subtraction happens after the decay of the next step. At once, the decay leaves only the share
   ``keep`` of the subtracted ``s * threshold``; a feedback of ``-(1 - keep) * threshold * s``, one step late, subtracts
   the rest.
3. A reset at once whose membrane ``w`` is compared less one more threshold in the next step, where it still fires, asks
   for ``r[t+1] = w[t] > threshold``. With ``u[t] = keep w[t-1] + x[t]`` and a threshold from 0 it is
   ``s[t] = u[t] > (1 + r[t]) threshold`` and ``r[t+1] = u[t] > (2 - r[t]) threshold``, by the four cases of ``r`` and
   ``s``. So a second population, which is driven alike and never resets, tells ``r``: its membrane is
   ``u + r threshold``, its threshold twice as high, and that of the neuron itself is ``u - r threshold``. All this
   passes through feedback that takes one step or two.
4. A synaptic current would smear a feedback over several steps: it keeps ``keep_i`` of it in each. One more feedback of
   ``-keep_i`` times the first, a step later, takes that rest away, so that it reaches the membrane once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Contract, Terms
from neurodeploy.errors import RefusedError
from neurodeploy.network.network import Network
from neurodeploy.network.shapes import SPIKING
from neurodeploy.reference.neuron import Coefficients, coefficients, fires, terms_hold, threshold_of

Array = NDArray[np.float64]
Edge = tuple[str, str]
REMEDY = "train with a reset in the step of the spike (reset_timing=same-step), or with reset=zero"
LATE = "train with a reset one step late (reset_timing=next-step; in snnTorch leave reset_delay at True), or to zero"


@dataclass(frozen=True)
class Rewritten:
    """A network whose neurons all reset in the step of the spike; ``origins``: the neuron of each node added."""

    network: Network
    origins: dict[str, tuple[str, ...]]


def reset_at_once(network: Network) -> Rewritten:
    """The equal network whose neurons all reset in the step of the spike.

    Raises RefusedError naming a neuron for which there is none.
    """
    return _rewritten(network, [name for name in network.populations if is_late(network, name)])


def held_apart(network: Network) -> Network:
    """The equal network that has the populations of its integers: what a reset leaves is told by one of its own."""
    return _rewritten(
        network,
        [name for name in network.populations if is_late(network, name) and terms_hold(network.contract.of(name))],
    ).network


def _rewritten(network: Network, late: list[str]) -> Rewritten:
    if not late:
        return Rewritten(network, {})
    draft = _Draft(network, dict(network.nodes), list(network.graph.edges), network.contract)
    for name in late:
        draft.contract = draft.contract.override(name, reset_timing="same-step")
        if terms_hold(network.contract.of(name)):
            _tell_what_is_held(draft, name)
        else:
            _subtract_the_rest(draft, name)
    graph = nir.NIRGraph(draft.nodes, draft.edges, metadata=network.graph.metadata, type_check=False)
    added = network.inserted | draft.origins.keys()
    return Rewritten(replace(network, graph=graph, contract=draft.contract, inserted=added), draft.origins)


def is_late(network: Network, name: str) -> bool:
    """Whether the reset of a neuron reaches into the step after its spike."""
    node, terms = network.nodes[name], network.contract.of(name)
    reaches = terms.reset_timing == "next-step" or terms_hold(terms)
    return reaches and isinstance(node, SPIKING) and not isinstance(node, nir.Threshold)


@dataclass
class _Draft:
    """The network as it is rewritten."""

    network: Network
    nodes: dict[str, Any]
    edges: list[Edge]
    contract: Contract
    origins: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def add(self, name: str, node: Any, of: str) -> str:
        """A node for the neuron ``of`` under a name that is free."""
        while name in self.nodes:
            name += "_"
        self.nodes[name], self.origins[name] = node, (of,)
        return name

    def feed(self, source: str, target: str, of: str, shares: list[Array], closes: bool) -> None:
        """Every spike of ``source`` adds ``shares[i]`` to the drive of ``target``, ``i + 1`` steps later.

        ``closes``: the edge back closes a loop, and so takes a step by itself.
        """
        for wait, share in enumerate(shares, start=0 if closes else 1):
            if not np.any(share):
                continue
            shape, back = self.network.shapes[of], source
            scale = np.ascontiguousarray(np.broadcast_to(share, shape))
            if np.any(scale != 1):  # a Scale of ones is a sum, which stands in the program as a relay
                back = self.add(f"{of}_reset", nir.Scale(scale), of)
                self.edges.append((source, back))
            if wait:
                steps = np.full(shape, wait * self.contract.of(of).dt)
                pause = self.add(f"{of}_reset_later", nir.Delay(steps), of)
                self.edges.append((back, pause))
                back = pause
            self.edges.append((back, target))


def _subtract_the_rest(draft: _Draft, name: str) -> None:
    """Rules 2 and 4; nothing where nothing decays."""
    node, terms = draft.network.nodes[name], draft.network.contract.of(name)
    c = coefficients(node, terms)
    lost = (1.0 - c.membrane) * threshold_of(node)
    if terms.reset != "subtract" or not np.any(lost):
        return
    _refuse(name, terms, REMEDY, _obstacles(draft.network, name, c))
    draft.feed(name, name, name, _drives(c, [-lost]), closes=True)


def _tell_what_is_held(draft: _Draft, name: str) -> None:
    """Rules 3 and 4."""
    network, node = draft.network, draft.network.nodes[name]
    terms = network.contract.of(name)
    c, threshold = coefficients(node, terms), threshold_of(node)
    obstacles = {
        "it may fire several times in a step": terms.max_spikes_per_step > 1,
        "it fires once": terms.fire_once,
        "its membrane is clamped": terms.v_min is not None,
        "its threshold is below 0": bool(np.any(threshold < 0)),
        "it starts above its threshold": bool(np.any(fires(node, terms, np.full_like(threshold, terms.initial_state)))),
        "its spikes return to it": _returns(network, name),
    }
    _refuse(name, terms, LATE, obstacles | _obstacles(network, name, c))
    held = draft.add(f"{name}_held", replace(node, v_threshold=2.0 * threshold), name)
    draft.contract = draft.contract.override(held, **{**dict(network.contract.overrides.get(name, {})), **FREE})
    draft.edges += [(source, held) for source in network.sources(name)]
    kept = c.membrane * threshold
    draft.feed(held, name, name, _drives(c, [-threshold, kept]), closes=True)
    draft.feed(held, held, name, _drives(c, [threshold, -kept]), closes=True)
    draft.feed(name, held, name, _drives(c, [-kept]), closes=False)


FREE = {"reset": "none", "reset_timing": "same-step"}
"""Terms of a population that tells what a membrane holds, and is reset by what reaches it."""


def _returns(network: Network, name: str) -> bool:
    """Whether a path leads from a node back to it."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        sources = set(network.sources(waiting.pop())) - reached
        reached |= sources
        waiting += sources
    return name in reached


def _obstacles(network: Network, name: str, c: Coefficients) -> dict[str, bool]:
    """Why no feedback reaches the membrane of a neuron when it must."""
    terms = network.contract.of(name)
    return {
        "a current stands before its membrane that drives it a step later": c.has_current and terms.current != "new",
        "a loop through it takes other than one step": terms.recurrent_delay != 1,
        "nothing reaches its membrane": bool(np.any(_gain(c) == 0)),
        "its states are rounded": terms.state_grid is not None,
    }


def _refuse(name: str, terms: Terms, remedy: str, obstacles: dict[str, bool]) -> None:
    """Raise RefusedError for the first obstacle that holds."""
    reasons = [reason for reason, holds in obstacles.items() if holds]
    if reasons:
        fault = f"integers reset in the step of the spike, its contract says {terms.reset_timing}, and {reasons[0]}"
        raise RefusedError(fault, f"node {name}", remedy)


def _gain(c: Coefficients) -> Array:
    return c.gain * c.gain_current if c.has_current else c.gain


def _drives(c: Coefficients, pushes: list[Array]) -> list[Array]:
    """What must arrive, step after step, so that the membrane is moved by each of ``pushes``."""
    shares = [push / _gain(c) for push in pushes]
    if not c.has_current:
        return shares
    after = [-c.current * share for share in shares]
    zero = np.zeros_like(shares[0])
    return [first + rest for first, rest in zip([*shares, zero], [zero, *after], strict=True)]
