"""snnTorch 1.0.0: ``snntorch/export_nir.py``, ``snntorch/_neurons/{leaky,synaptic,rleaky}.py``.

- Leaky: ``r = v > threshold`` of the previous step; ``subtract``: ``v = beta v + x - r threshold``; ``zero``:
  ``v = beta (1 - r) v + x``; then strictly compared: a reset one step late, and a subtraction that is not decayed.
- Synaptic: ``i = alpha i + x; v = beta v + i``, ``subtract`` as above. RLeaky, RSynaptic: the last step's own spikes
  pass through a layer, bias included from the first step on, and join x.
- ``zero`` of Synaptic, RLeaky and RSynaptic also drops the input of the step after a spike, which no contract says;
  with ``reset_delay=False`` there is no such step.
- ``reset_delay=False`` with ``subtract``: a membrane above the threshold even after its reset is compared less one more
  threshold in the next step (``reset_timing=same-step-and-next``); it takes a drive of about two thresholds.
- The exporter hard-codes dt = 1e-4 and writes tau = dt / (1 - beta) and r = tau / dt, so the drive is added as it is;
  ``subtract``, the default, and ``none`` are written as v_reset = 0 like ``zero``; beta = 1 as an infinite tau; the
  padding of AvgPool is written as 0.
- Precision: in that of the file, then beta and alpha are float32.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.raw import Raw, RawNode
from neurodeploy.profiles.decays import Array, close, numbers, recover, tau_for
from neurodeploy.profiles.defects import no_leak
from neurodeploy.profiles.evidence import dtypes_are, every, kinds
from neurodeploy.profiles.profile import Defect, Evidence, Profile, Translation

DT = 1e-4
TAUS = ("tau", "tau_mem", "tau_syn")


def translate(node: RawNode, terms: Terms) -> Translation:
    """Decays back from their time constants; the drive is added as it is."""
    taus = {key: tau_for(kept(node, key), terms) for key in TAUS if node.number(key) is not None}
    changed = node.change(**taus)
    return changed.change(w_in=np.ones(1)) if "tau_syn" in taus else changed, {"input_gain": "unit"}


def kept(node: RawNode, key: str, dt: float = DT) -> Array:
    """The float32 factor that was written as ``dt / (1 - factor)`` in the file's precision, from 0 to 1."""
    tau = numbers(node, key)
    kind = tau.dtype.type if tau.dtype.kind == "f" else np.float64
    with np.errstate(divide="ignore"):
        factor = recover(1 - kind(dt) / tau, lambda factor: kind(dt) / (kind(1) - factor.astype(kind)), tau)
    return np.clip(factor, 0, 1)


def dropped_input(raw: Raw, terms: Terms) -> Mapping[str, str]:
    """Neurons whose reset to zero drops the next input."""
    if terms.reset == "subtract" or terms.reset_timing.startswith("same-step"):
        return {}
    message = "its reset to zero also drops the input of the step after a spike"
    edges = set(raw.edges)
    looped = {a for a, b in edges if (b, a) in edges}
    return {
        name: message
        for name, node in raw.nodes.items()
        if node.kind == "CubaLIF" or (node.kind == "LIF" and name in looped)
    }


def compared_low(_raw: Raw, terms: Terms) -> Mapping[str, str]:
    """Subtraction in the step of the spike."""
    if terms.reset != "subtract" or terms.reset_timing != "same-step":
        return {}
    message = (
        "snnTorch compares a membrane that its reset left above the threshold less one more threshold in the next step"
    )
    return {"contract": message}


def _gain_is_one(node: RawNode) -> bool:
    tau = numbers(node, "tau" if node.kind == "LIF" else "tau_mem")
    return tau.size > 0 and close(numbers(node, "r") * DT, tau) and bool(np.all(tau >= 0.999 * DT))


def _in_float32(raw: Raw) -> bool:
    return every(_gain_is_one, "LIF", "CubaLIF")(raw) and dtypes_are("float32")(raw)


PROFILE = Profile(
    "snntorch-1.0",
    "Leaky, Synaptic, RLeaky, RSynaptic; reset one step late",
    Terms(dt=DT, reset="subtract", reset_timing="next-step", recurrent_bias_at_start="applied"),
    translate,
    defects=(
        Defect(
            "snntorch-zero-drops-input",
            dropped_input,
            None,
            "after every spike one step of input is lost, which the contract cannot say",
            "train with reset_mechanism='subtract'",
        ),
        Defect(
            "snntorch-compares-low",
            compared_low,
            lambda raw, _: raw,
            "where a drive exceeds about two thresholds snnTorch misses a spike that this contract gives",
            "for reset_delay=False write reset_timing=same-step-and-next, which says it",
        ),
        no_leak("snntorch-no-leak"),
    ),
    evidence=(
        Evidence("every r is tau / 1e-4 s, the dt it hard-codes", 3, every(_gain_is_one, "LIF", "CubaLIF")),
        Evidence("and that in float32", 3, _in_float32),
        Evidence("recurrent layers hold lif and w_rec", 3, lambda raw: any(n.endswith(".w_rec") for n in raw.nodes)),
        Evidence("only neurons snnTorch exports", 1, kinds("LIF", "CubaLIF")),
        Evidence("every v_reset is 0", 1, every(lambda node: not np.any(numbers(node, "v_reset")))),
    ),
    assumes={
        "reset": "files of snnTorch do not tell subtract from zero: its default, subtract, was taken",
        "reset_timing": "files of snnTorch do not tell reset_delay: its default, one step late, was taken",
    },
)
