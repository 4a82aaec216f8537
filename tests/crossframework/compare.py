"""A framework's records as a trace of our network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.network.network import Network
from neurodeploy.network.shapes import SPIKING
from neurodeploy.trace import Entry, Trace

Array = NDArray[Any]


def stimulus_of(network: Network, x: Array) -> dict[str, Array]:
    """The stimulus for the network's only input."""
    (name,) = network.input_names
    return {name: x.astype(np.float64)}


def source_trace(
    network: Network, x: Array, recorded: Sequence[Array], late: int = 0
) -> tuple[dict[str, Array], Trace]:
    """The stimulus, and what the framework sent as a trace.

    Where its layers send ``late``, their records begin as many steps later and the run ends as many earlier.
    """
    stimulus = stimulus_of(network, x[:, : x.shape[1] - late])
    entries = {name: Entry(values) for name, values in stimulus.items()}
    for name, record in zip(network.populations, recorded, strict=True):
        entries[name] = Entry(record[:, late:], graded=not isinstance(network.nodes[name], SPIKING))
    return stimulus, Trace(entries)
