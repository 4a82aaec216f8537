"""Per-step decay factors of a module, written as time constants.

Forward Euler recovers every float32 factor exactly from its time constant, whatever rule the framework derived the
factor by.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms
from neurodeploy.profiles.decays import FOREVER, factor_for, tau_for

Array = NDArray[np.float64]


def time_constant(keep: Array, dt: float) -> Array:
    """The time constant in seconds with which a forward Euler step of ``dt`` keeps the fraction ``keep`` of a state."""
    return tau_for(keep, Terms(dt=dt))


def synapse(keep: Array, gain: Array, dt: float) -> dict[str, Array]:
    """``tau_syn`` and ``w_in`` of a current ``i = keep * i + gain * x`` under the contract term ``input_gain=spec``."""
    kept = np.minimum(keep, 1 - dt / FOREVER)
    return {"tau_syn": time_constant(keep, dt), "w_in": factor_for(gain, kept)}
