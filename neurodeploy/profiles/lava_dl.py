"""lava-dl 0.6.0, SLAYER's CUBA neuron: ``lava/lib/dl/slayer/neuron/cuba.py`` and ``dynamics/leaky_integrator.py``.

- ``i = (1 - current_decay) i + x; v = (1 - voltage_decay) v + i``, this step's current drives the membrane; hard reset
  to 0 in the same step. Decays are rounded to 1/4096, thresholds cut to 1/64.
- Current and membrane are integers of 1/4096; what decay leaves of them is truncated toward zero.
- It compares ``v >= threshold + eps`` with eps = 0.01/4096, which on that grid is ``v > threshold``; from a threshold
  of 64 on the sum rounds to the threshold in float32, and v at the threshold fires.
- lava-dl writes no NIR; its form is ``.net`` (``frontends.lava_dl``). On a NIR graph this profile reads what somebody
  wrote as tau = dt / decay, in the units of the float network; r and w_in are not used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurodeploy.contract import Terms
from neurodeploy.network.raw import RawNode
from neurodeploy.profiles.decays import numbers, single
from neurodeploy.profiles.profile import Overrides, Profile, Translation

DECAY_ONE = 1 << 12
WEIGHT_SCALE = 1 << 6
STATE_GRID = 1.0 / (WEIGHT_SCALE << 6)
COARSE_FROM = 64.0
ENDLESS = 2.0**60


def tau_of(decay: ArrayLike, dt: float) -> NDArray[np.float64]:
    """The time constant in seconds of a decay in 1/4096; one that never decays keeps all of its state in float64."""
    lost = np.asarray(decay, np.float64) / DECAY_ONE
    return dt * np.where(lost > 0, 1.0 / np.where(lost > 0, lost, 1.0), ENDLESS)


def tie_terms(threshold: ArrayLike) -> Overrides:
    """The comparison that gives SLAYER's result where the membrane is at the threshold."""
    return {"fires_at": ">="} if np.any(np.asarray(threshold) >= COARSE_FROM) else {}


def translate(node: RawNode, terms: Terms) -> Translation:
    """Decays as SLAYER holds them, float32 numbers rounded to 1/4096; the drive is added as it is."""
    changes: dict[str, NDArray[np.float64]] = {}
    for key in ("tau", "tau_mem", "tau_syn"):
        if node.number(key) is not None:
            lost = (terms.dt / numbers(node, key).astype(np.float64)).astype(single)
            changes[key] = tau_of(np.rint(lost * single(DECAY_ONE)), terms.dt)
    if node.number("v_threshold") is not None:
        written = numbers(node, "v_threshold").astype(np.float64)
        changes["v_threshold"] = np.trunc(written * WEIGHT_SCALE) / WEIGHT_SCALE
    ties = tie_terms(changes.get("v_threshold", np.zeros(1)))
    return node.change(**changes, **({"w_in": np.ones(1)} if "tau_syn" in changes else {})), ties


PROFILE = Profile(
    "lava-dl-0.6",
    "SLAYER's CUBA neuron; fires above the threshold, hard reset, state truncated to 1/4096",
    Terms(input_gain="unit", state_grid=STATE_GRID),
    translate,
    assumes={"dt": "lava-dl counts in steps: a step was taken to be 1e-3 s, and tau = dt / decay"},
)
