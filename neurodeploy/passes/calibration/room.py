"""Room for the membranes that the float network really has on the stimulus.

A scale is chosen so that one step's input fits, whatever the stimulus. What a membrane gathers over many steps may go
further, and a machine cuts it at the end of its width. A scale with room for the largest membrane that was seen cuts
none of them, and has coarser weights. So both are tried where some would be cut, and the one stays whose spikes differ
in fewer cells; the one with room where both differ in as many.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.draft import Draft
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.rounding import check_bits, rounded_paths
from neurodeploy.passes.scales import ceiling, choose_scale
from neurodeploy.trace import Trace

Array = NDArray[np.float64]


def cut_cells(draft: Draft, neuron: Neuron, network: Trace) -> int:
    """In how many cells of the float network's own run the membrane leaves its width at the scale the draft gives."""
    before = network[neuron.name].v_before
    if neuron.kind != "cuba-lif" or before is None:
        return 0
    integers = np.abs(before * neuron.unit) * 2.0 ** choose_scale(draft, neuron)
    return int(np.count_nonzero(integers > neuron.membrane_limit(draft.numerics)))


def with_room(draft: Draft, neuron: Neuron, network: Trace) -> Draft:
    """The draft in which the scale of a population leaves room for the largest membrane of each of its neurons."""
    before = network[neuron.name].v_before
    assert before is not None
    after = replace(draft, reached={**draft.reached, neuron.name: np.abs(before).max(axis=(0, 1))})
    return replace(after, ceilings={**after.ceilings, neuron.name: ceiling(after, neuron)})


def check_room(draft: Draft, neuron: Neuron) -> None:
    """Raises CannotRepresentError where the scale of a population leaves its weights too few bits."""
    scale = choose_scale(draft, neuron)
    check_bits(draft, rounded_paths(draft, draft.entering(neuron.name), scale), scale, 0)
