"""A head of another package: the neuron of the output that fires first."""

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.heads import BoundHead, HeadKind, Setting, head_of_output
from neurodeploy.table import Table
from neurodeploy.task import TaskValue


class First:
    """Of every sample the neuron that fired first, the lowest of several; ``silent`` where none did."""

    def __init__(self, node, batch, silent):
        self.node, self.silent = node, silent
        self.known = np.full(batch, -1)

    def feed(self, trace):
        fired = trace[self.node].output.reshape(*trace[self.node].output.shape[:2], -1) != 0
        for sample in np.flatnonzero((self.known < 0) & fired.any((1, 2))):
            first = fired[sample].any(1).argmax()
            self.known[sample] = fired[sample, first].argmax()

    def value(self):
        classes = np.where(self.known < 0, self.silent, self.known)
        return TaskValue(
            classes, classes.tolist(), Table("first spikes", (">sample", ">neuron"), list(enumerate(classes)))
        )


def bind(network, settings):
    head = head_of_output(network)
    if head is None:
        raise InputError("it has not one output of several neurons", "network", "give it one")
    return BoundHead((head.node,), lambda batch: First(head.node, batch, settings.get("silent", -1)))


def fail(network, settings):
    raise RuntimeError("its table is lost")


FIRST_SPIKE = HeadKind(
    "first-spike",
    "the neuron that fires first",
    bind,
    (Setting("silent", "the class where none fires (-1)", whole=True),),
)
BROKEN = HeadKind("broken", "fails whatever the network", fail)
