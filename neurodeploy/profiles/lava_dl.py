"""lava-dl 0.6.0, SLAYER's CUBA neuron: ``lava/lib/dl/slayer/neuron/cuba.py``.

- ``i = (1 - current_decay) i + x; v = (1 - voltage_decay) v + i``, fires at the threshold too, hard reset to 0 in the
  same step; this step's current drives the membrane.
- lava-dl writes no NIR (its form is ``.net``). This profile reads a graph in which somebody wrote its decays as
  tau = dt / decay, in the units of the float network before quantization; r and w_in are not used.
- A one-step delay of every block's output (``delay_shift``) belongs to SLAYER's blocks, not to its neuron.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.raw import RawNode
from neurodeploy.profiles.decays import numbers, single, tau_for
from neurodeploy.profiles.profile import Profile, Translation


def translate(node: RawNode, terms: Terms) -> Translation:
    """Decays as float32 numbers; the drive is added as it is."""
    taus = [key for key in ("tau", "tau_mem", "tau_syn") if node.number(key) is not None]
    lost = {key: (terms.dt / numbers(node, key).astype(np.float64)).astype(single) for key in taus}
    changed = node.change(**{key: tau_for(1.0 - each.astype(np.float64), terms) for key, each in lost.items()})
    return changed.change(w_in=np.ones(1)) if "tau_syn" in lost else changed, {}


PROFILE = Profile(
    "lava-dl-0.6",
    "SLAYER's CUBA neuron; fires at the threshold, hard reset",
    Terms(fires_at=">=", input_gain="unit"),
    translate,
    assumes={"dt": "lava-dl counts in steps: a step was taken to be 1e-3 s, and tau = dt / decay"},
)
