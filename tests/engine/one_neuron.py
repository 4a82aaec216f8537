"""The smallest program there is: one input, one neuron, one synapse."""

import numpy as np

from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection

SPIKES = {"input": np.array([0, 1, 1, 0, 1], dtype=float).reshape(1, -1, 1)}


def program(weight: int = 2) -> Program:
    projection = Projection("in", "input", "n", "dense", np.array([[weight]]))
    return Program(LOIHI2, (Input("input", (1,)),), (Population("n", (1,), threshold=1),), (projection,), ("n",))
