"""The heads that a network's own file may hold, as heads that runs are read out with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.heads.kind import BoundHead, HeadKind, Settings
from neurodeploy.heads.own import apply_head, head_of_output
from neurodeploy.host import Head
from neurodeploy.network.network import Network
from neurodeploy.table import Table, dimensions
from neurodeploy.task import TaskValue
from neurodeploy.trace import Trace, joined

Show = Callable[[NDArray[Any]], Table]


class OwnReading:
    """Keeps what the one node of a head sent, and applies the head to all of it."""

    def __init__(self, head: Head, show: Show) -> None:
        self._head, self._show = head, show
        self._parts: list[Trace] = []

    def feed(self, trace: Trace) -> None:
        """Keep the node's next steps."""
        self._parts.append(Trace({self._head.node: trace[self._head.node].outputs()}))

    def value(self) -> TaskValue:
        """The head's values, ``(B, ...)``."""
        values = apply_head(self._head, joined(self._parts, 1))
        return TaskValue(values, values.tolist(), self._show(values))


def _spike_count(network: Network, settings: Settings) -> BoundHead:
    head = network.host.post or head_of_output(network)
    if head is None:
        raise InputError("it has not one output of several neurons", "network", "give it one, a neuron per class")
    if head.kind != "spike-count-argmax":
        raise InputError(f"its own head is {head.kind}", "network", f"name that: {head.kind}")
    shape = network.shapes[head.node]
    if sum(side > 1 for side in shape) > 1:
        problem = f"its output {head.node} is a map of {dimensions(shape)} neurons, not a row of classes"
        raise InputError(problem, f"node {head.node}", "give it a neuron per class")
    return _bound(head, _classes)


def _llr(network: Network, settings: Settings) -> BoundHead:
    head = network.host.post
    if head is None or head.kind != "llr":
        raise InputError("it holds no readout with weights", "network", "give a receiver that does")
    return _bound(head, _ratios)


def _bound(head: Head, show: Show) -> BoundHead:
    return BoundHead((head.node,), lambda batch: OwnReading(head, show))


def _classes(values: NDArray[Any]) -> Table:
    return Table("classes", (">sample", ">class"), list(enumerate(values.tolist())))


def _ratios(values: NDArray[Any]) -> Table:
    told = ((v.mean(), np.abs(v).mean(), v.min(), v.max()) for v in values)
    rows = [(n, *(f"{number:.4g}" for number in numbers)) for n, numbers in enumerate(told)]
    return Table("log-likelihood ratios", (">sample", ">mean", ">mean size", ">least", ">largest"), rows)


BUILT_IN = {
    kind.name: kind
    for kind in (
        HeadKind("spike-count-argmax", "the class: the neuron of the output with most spikes", _spike_count),
        HeadKind("llr", "log-likelihood ratios of bits, by the readout that the network holds", _llr),
    )
}
