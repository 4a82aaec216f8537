"""What arrives at a node in a step: the sum of its edges, feedback late, and what a Delay holds back.

Edges are identities and several into one node add (NIR). An edge that closes a loop cannot be instantaneous; it is late
by the ``recurrent_delay`` of the node it enters. ``y(t) = x(t - delay)`` with a delay of whole steps is exact, and
before the start of a sample there is nothing, unless the contract keeps states.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Protocol

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import RefusedError
from neurodeploy.network.network import Network
from neurodeploy.reference.linear import apply_linear

Array = NDArray[np.float64]
WHOLE = 1e-6


class Line(Protocol):
    """What a node sends: indexed by ``[:, t]`` it is that of step ``t``, ``(B, *shape)``."""

    def __getitem__(self, index: tuple[slice, int], /) -> Array: ...


class Arrivals:
    """Sums what reaches each node. ``fed``: what every node sends by step, filled while the run goes on."""

    def __init__(self, network: Network, fed: Mapping[str, Line], batch: int, period: int) -> None:
        self._network, self._fed, self._batch, self._period = network, fed, batch, period
        self._received: dict[str, dict[int, Array]] = {}
        self._terms = {name: network.contract.of(name) for name in network.nodes}
        self._delays = {name: delay_steps(network, name) for name in _delays(network)}

    def into(self, name: str, t: int) -> Array:
        """The input of ``name`` in step ``t``, ``(B, *shape)``."""
        sources = self._network.sources(name)
        arriving = [self._over(source, name, t) for source in sources]
        total = sum(arriving[1:], start=arriving[0]) if arriving else self._nothing(name)
        if name in self._delays:
            line = self._received.setdefault(name, {})
            line[t] = total.copy()
            line.pop(t - 1 - int(self._delays[name].max(initial=0)), None)
        return total

    def _nothing(self, name: str) -> Array:
        return np.zeros((self._batch, *self._network.shapes[name]))

    def delayed(self, name: str, t: int) -> Array:
        """What a Delay sends in step ``t``, after ``into`` was called for it."""
        steps, line = self._delays[name], self._received[name]
        out = np.zeros_like(line[t])
        for d in np.unique(steps):
            if t - d >= self._first(name, t):
                out = np.where(steps == d, line[t - d], out)
        return out

    def _over(self, source: str, name: str, t: int) -> Array:
        if (source, name) not in self._network.recurrent_edges:
            return self._fed[source][:, t]
        terms = self._terms[name]
        if t - terms.recurrent_delay >= self._first(name, t):
            return self._fed[source][:, t - terms.recurrent_delay]
        applied = terms.recurrent_bias_at_start == "applied"
        silent = self._silence[source] if applied else np.zeros(1)
        return np.broadcast_to(silent, (self._batch, *self._network.shapes[source]))

    def _first(self, name: str, t: int) -> int:
        """The first step whose messages can still reach ``name``."""
        return 0 if self._terms[name].keep_state else t - t % self._period

    @cached_property
    def _silence(self) -> dict[str, Array]:
        return silence(self._network)


def silence(network: Network) -> dict[str, Array]:
    """What every node sends while all inputs and neurons are silent, ``(1, *shape)``: the biases alone."""
    sent = {name: np.zeros((1, *network.shapes[name])) for name in network.order}
    held = {*network.populations, *network.input_names, *_delays(network)}
    for name in network.order:
        sources = network.sources(name)
        if name not in held and sources:
            sent[name] = apply_linear(network.nodes[name], sum((sent[s] for s in sources[1:]), start=sent[sources[0]]))
    return sent


def delay_steps(network: Network, name: str) -> NDArray[np.int64]:
    """The delay of every element in steps. Raises RefusedError where it is no whole number of them, or negative."""
    delay = np.asarray(network.nodes[name].delay, np.float64) / network.contract.of(name).dt
    steps = np.rint(delay)
    if np.any(np.abs(delay - steps) > WHOLE * np.maximum(1, steps)) or np.any(steps < 0):
        worst = float(delay.flat[int(np.argmax(np.abs(delay - steps)))])
        raise RefusedError(
            f"a delay of {worst:g} steps is no whole number of them, 0 or more",
            f"node {name}",
            "give delays as multiples of dt, in seconds",
        )
    return np.broadcast_to(steps.astype(np.int64), network.shapes[name])


def _delays(network: Network) -> list[str]:
    return [name for name, node in network.nodes.items() if isinstance(node, nir.Delay)]
