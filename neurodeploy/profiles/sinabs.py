"""sinabs 3.1.3: ``sinabs/nir.py``, ``sinabs/layers/functional/lif.py``.

- LIF: ``a = exp(-1 / tau); v = a v + (1 - a) x`` (``norm_input``, the default; else ``+ x``); IAF: ``v += x``; ExpLeak
  as LIF without spikes, but by default without ``norm_input``. Spikes: ``trunc(v / threshold)`` where v > 0
  (MultiSpike), each subtracted in the same step (MembraneSubtract); then v is clamped at ``min_v_mem``, which equals a
  clamp before the comparison as long as it lies below threshold and reset.
- The exporter writes tau in *steps*, r = 1 whether ``norm_input`` or not, v_reset = 0 whatever the reset, and nothing
  of ``tau_syn``, ``min_v_mem`` and recurrence; it needs nir <= 1.0.4, so its files have no v_reset at all.
- Precision: a is float32. A step is taken to last 1 ms; nothing but the seconds of tau depends on that.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.raw import Raw, RawNode
from neurodeploy.profiles.decays import Array, numbers, single, tau_for
from neurodeploy.profiles.evidence import every, kinds, neurons, version_is
from neurodeploy.profiles.profile import Evidence, Profile, Translation

MANY = 65536


def translate(node: RawNode, terms: Terms) -> Translation:
    """Time constants from steps to seconds; the gain of a LIF is 1 - a, of an IAF and an ExpLeak 1."""
    if node.kind in ("I", "IF"):
        return node, {"input_gain": "unit"}
    changed = node.change(tau=tau_for(_kept(node), terms))
    return changed, {"input_gain": "unit"} if node.kind == "LI" else {}


def _kept(node: RawNode) -> Array:
    tau = numbers(node, "tau").astype(single)
    with np.errstate(divide="ignore"):
        return np.exp(single(-1) / tau).astype(np.float64)


def _in_steps(node: RawNode) -> bool:
    tau = numbers(node, "tau")
    return tau.size > 0 and bool(np.all(tau >= 1)) and bool(np.all(numbers(node, "r") == 1))


def _without_reset(raw: Raw) -> bool:
    spiking = neurons(raw, "IF", "LIF")
    return bool(spiking) and all("v_reset" not in node.fields for node in spiking)


PROFILE = Profile(
    "sinabs-3.1",
    "IAF, LIF, ExpLeak; many spikes per step, each subtracted",
    Terms(method="exponential", reset="subtract", fires_at=">=", max_spikes_per_step=MANY),
    translate,
    evidence=(
        Evidence("time constants of 1 and more, with r = 1: steps, not seconds", 4, every(_in_steps, "LIF", "LI")),
        Evidence("written by a nir up to 1.0.4, which sinabs needs", 2, version_is("1.0.0", "1.0.1", "1.0.2", "1.0.4")),
        Evidence("its neurons have no v_reset", 2, _without_reset),
        Evidence("every r is 1", 1, every(lambda node: bool(np.all(numbers(node, "r") == 1)))),
        Evidence("only neurons sinabs exports", 1, kinds("IF", "LIF", "LI")),
    ),
    assumes={
        "dt": "files of sinabs count in steps: a step was taken to be 1e-3 s",
        "reset": "files of sinabs do not tell the reset: its default, subtract, was taken",
        "max_spikes_per_step": "files of sinabs do not tell MultiSpike from SingleSpike: its default, many, was taken",
        "input_gain": "files of sinabs do not tell norm_input: its default, 1 - exp(-1/tau), was taken for LIF",
        "v_min": "files of sinabs do not tell min_v_mem: its default, none, was taken",
    },
)
