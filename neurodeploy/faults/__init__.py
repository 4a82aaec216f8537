"""Planted faults: what a target can get wrong, written by the looks of real defects, to see whether a check tells.

``faults(program, seed)`` plants every kind of fault that the program has a place for, each in one node and in one copy
of the program. It knows nothing of how a check explains what differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neurodeploy.conformance.draw import Draw
from neurodeploy.faults.fault import Fault, Term, planted_in
from neurodeploy.faults.neurons import neuron_faults
from neurodeploy.faults.planting import Spot
from neurodeploy.faults.synapses import synapse_faults
from neurodeploy.faults.updates import update_faults
from neurodeploy.program.program import Program

__all__ = ["Fault", "Term", "faults", "planted_in"]


def faults(program: Program, seed: int = 0, nodes: Sequence[str] | None = None, samples: int = 0) -> Iterator[Fault]:
    """Every fault of every population, or of some ``nodes``; the same for the same seed.

    A fault that the numerics cannot hold, such as a threshold of 0 where none is allowed, is left out. ``samples``: of
    the stimulus, where they may come back in another order.
    """
    for number, population in enumerate(program.populations):
        if nodes is not None and population.name not in nodes:
            continue
        spot = Spot(program, population, Draw(seed, number))
        for plant in (synapse_faults, neuron_faults, update_faults):
            yield from (fault for fault in plant(spot) if not fault.program.violations)
    if samples > 1 and nodes is None:
        order = (*range(1, samples), 0)
        yield Fault("samples in another order", "samples", program.order[0], program, order=order)
