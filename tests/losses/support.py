"""Networks rounded and judged, for the tests of losses."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodeploy.errors import CannotRepresentError, RefusedError
from neurodeploy.losses.losses import Losses, measure
from neurodeploy.network import Network
from neurodeploy.numerics import LOIHI2, Numerics
from neurodeploy.passes.pipeline import quantize
from neurodeploy.program.program import Program
from neurodeploy.reference.network_runner import run_network

OPTIONS: tuple[dict[str, Any], ...] = (
    *({}, {"unit": "row"}, {"unit": "layer", "weight_bits": 5}),
    *({"weight_bits": 3}, {"weight_bits": 16}, {"weight_bits": 12, "unit": "row"}),
)
"""Ways to round, all of them honest."""


def judged(network: Network, program: Program, shown: Mapping[str, np.ndarray], causes: bool = False) -> Losses:
    return measure(network, program, run_network(network, shown, states=True), causes=causes)


def rounded(network: Network, numerics: Numerics = LOIHI2, **options: Any) -> Program | None:
    """The integers, or None where the machine does not hold them."""
    try:
        return quantize(network, numerics, **options).program
    except (CannotRepresentError, RefusedError):
        return None
