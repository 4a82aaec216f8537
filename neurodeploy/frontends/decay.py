"""Decays as a module multiplies by them, written as the time constants from which our runner gets them back.

Forward Euler gives back every float32 factor exactly, whatever rule the framework made it by.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms
from neurodeploy.profiles.decays import factor_for, tau_for

Array = NDArray[np.float64]
FOREVER = 1e300
"""Seconds: of a state that never decays, nothing is lost in a step."""


def time_constant(keep: Array, dt: float) -> Array:
    """Seconds with which a forward Euler step of ``dt`` keeps just ``keep`` of a state, from 0 to 1."""
    return np.minimum(tau_for(keep, Terms(dt=dt)), FOREVER)


def synapse(keep: Array, gain: Array, dt: float) -> dict[str, Array]:
    """``tau_syn`` and ``w_in`` of a current that is ``i = keep * i + gain * x`` under ``input_gain`` spec."""
    kept = np.minimum(keep, 1 - dt / FOREVER)
    return {"tau_syn": time_constant(keep, dt), "w_in": factor_for(gain, kept)}
