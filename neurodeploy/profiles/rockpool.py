"""Rockpool 3.1.0: ``rockpool/nn/modules/torch/{nir,lif_torch,lif_neuron_torch}.py``.

- LIFNeuronTorch (a LIF): ``v = exp(-dt/tau) v + x + bias``. LIFTorch (a CubaLIF): ``i = b (i + x); v = a v + i +
  bias``, a and b the two decays. ExpSynTorch (an LI): ``i = b (i + x)``. Spikes: floor(v / threshold), at most 2^16,
  each subtracted in the same step.
- The exporter writes r = tau exp(-dt/tau) / dt, from which dt follows; bias and the recurrent weights of a LIFTorch are
  lost, v_reset = 0 stands for the subtraction, w_in = 1 for b; batch and time of its example stand in the shapes of
  Input and Output.
- Precision: decays are float32.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.raw import Raw, RawNode
from neurodeploy.profiles.decays import Array, close, factor_for, numbers, single, tau_for
from neurodeploy.profiles.defects import batch
from neurodeploy.profiles.evidence import kinds, neurons
from neurodeploy.profiles.profile import Evidence, Profile, Translation

MANY = 65536


def translate(node: RawNode, terms: Terms) -> Translation:
    """Decays in float32; the drive is added as it is, a current is decayed with what it receives."""
    kept = {key: _kept(node, key, terms) for key in ("tau", "tau_mem", "tau_syn") if node.number(key) is not None}
    changed = node.change(**{key: tau_for(keep, terms) for key, keep in kept.items()})
    if "tau_syn" in kept:
        return changed.change(w_in=kept["tau_syn"]), {"input_gain": "unit"}
    if node.kind == "LI":
        return changed.change(r=factor_for(kept["tau"], kept["tau"])), {"input_gain": "spec"}
    return changed, {"input_gain": "unit"}


def _kept(node: RawNode, key: str, terms: Terms) -> Array:
    return np.exp(single(-terms.dt) / numbers(node, key).astype(single)).astype(np.float64)


def dt_of(raw: Raw) -> float | None:
    """The dt with which r = tau exp(-dt/tau) / dt holds for every neuron; None where there is none.

    With s = dt/tau this is s exp(s) = 1/r, solved by Newton's method from s = log(1 + 1/r).
    """
    steps: list[Array] = []
    for node in neurons(raw, "LIF", "LI", "CubaLIF"):
        tau, r = numbers(node, "tau_mem" if node.kind == "CubaLIF" else "tau"), numbers(node, "r")
        if tau.size == 0 or not (np.all(np.isfinite(r)) and np.all(r > 0) and np.all(tau > 0)):
            return None
        gain = 1.0 / r.astype(np.float64)
        s = np.log1p(gain)
        for _ in range(50):
            s = s - (s * np.exp(s) - gain) / (np.exp(s) * (1.0 + s))
        steps.append(np.ravel(s * tau))
    every_dt = np.concatenate(steps) if steps else np.empty(0)
    if every_dt.size == 0 or not close(every_dt, every_dt[0]):
        return None
    return float(f"{float(np.median(every_dt)):.6g}")


def _dt_is_round(raw: Raw) -> bool:
    dt = dt_of(raw)
    return dt is not None and close(dt, float(f"{dt:.2g}"), 1e-5)


def _taus_differ(raw: Raw) -> bool:
    taus = [
        numbers(node, "tau_mem" if node.kind == "CubaLIF" else "tau") for node in neurons(raw, "LIF", "LI", "CubaLIF")
    ]
    return len({float(tau) for array in taus for tau in np.ravel(array)}) > 1


PROFILE = Profile(
    "rockpool-3.1",
    "LIFNeuronTorch, LIFTorch, ExpSynTorch; many spikes per step, each subtracted",
    Terms(method="exponential", reset="subtract", fires_at=">=", max_spikes_per_step=MANY, input_gain="unit"),
    translate,
    defects=(batch("rockpool-batch-in-input", time=True),),
    evidence=(
        Evidence("every r is tau exp(-dt/tau) / dt for one round dt", 4, _dt_is_round),
        Evidence("and that for different tau", 2, lambda raw: dt_of(raw) is not None and _taus_differ(raw)),
        Evidence("only neurons Rockpool exports", 1, kinds("LIF", "LI", "CubaLIF")),
    ),
    assumes={"dt": "where no r tells dt, Rockpool's default, 1e-3 s, was taken"},
    dt_of=dt_of,
)
