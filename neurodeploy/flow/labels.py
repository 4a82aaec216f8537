"""How labels are judged: by the head of the network, or by what its output sends most."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from neurodeploy.finding import Finding
from neurodeploy.heads import head_of_output, task_value
from neurodeploy.host import Head
from neurodeploy.network.network import Network
from neurodeploy.stimulus import Array
from neurodeploy.trace import Trace


def task_of(network: Network, traces: Mapping[str, Trace], labels: Array | None) -> dict[str, Any] | None:
    """By rung, the task value of the network; None where it has no head and there is nothing to judge.

    With ``labels`` a network without a head is judged by the neuron of its only output that sends most over time.
    """
    head = head_of(network, labels)
    return None if head is None else {rung: task_value(head, trace, labels) for rung, trace in traces.items()}


def head_of(network: Network, labels: Array | None) -> Head | None:
    """The network's own head, or with ``labels`` the neuron of its only output that sends most; None without either."""
    return network.host.post or (None if labels is None else head_of_output(network))


def label_findings(network: Network, labels: Array | None) -> tuple[Finding, ...]:
    """What is told where labels cannot be judged, or name classes that there are not."""
    if labels is None:
        return ()
    head = head_of(network, labels)
    if head is None:
        problem = "the labels are not judged: the network has no head, and not one output of several neurons"
        return (Finding("labels-not-judged", "warning", "labels", problem, "give it one output, a neuron per class"),)
    if head.kind != "spike-count-argmax":
        problem = f"the labels are not judged: the head of the network ({head.kind}) tells no class"
        return (Finding("labels-not-judged", "warning", "labels", problem, "leave out the labels"),)
    classes = prod(network.shapes[head.node])
    strange = labels[~np.isin(labels, np.arange(classes))]
    if not strange.size:
        return ()
    problem = (
        f"{strange.size} of {labels.size} labels, such as {strange.flat[0]}, are no neuron of {head.node}, "
        f"which has {classes}: they count as wrong"
    )
    remedy = f"label with whole numbers from 0 to {classes - 1}"
    return (Finding("labels-beyond-classes", "warning", "labels", problem, remedy),)
