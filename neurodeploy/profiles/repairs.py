"""Repairs of graphs that several exporters need."""

from __future__ import annotations

import numpy as np

from neurodeploy.network.raw import Raw
from neurodeploy.profiles.evidence import batch_in_input


def drop_batch(raw: Raw) -> Raw:
    """Inputs without their batch dimension, and Outputs without theirs where an Input had one."""
    inputs = batch_in_input(raw)
    for name, node in raw.nodes.items():
        shape = node.number("shape")
        output = node.kind == "Output" and bool(inputs) and shape is not None and len(shape) > 1 and shape[0] == 1
        if shape is not None and (name in inputs or output):
            raw = raw.change(name, shape=np.asarray(shape[1:]))
    return raw
