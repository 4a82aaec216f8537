"""SpikingJelly 2.0.0: ``spikingjelly/activation_based/nir_exchange/to_nir.py`` and ``.../neuron``.

- IF: ``v += x``. LIF, PLIF with ``decay_input``: ``v += (x - (v - v_reset)) / tau``, without: ``v = v - (v - v_reset) /
  tau + x``; tau in steps. CUBALIF: ``c = c_decay c + x; v = v_decay v + c``. Fires at the threshold too; hard reset to
  v_reset in the same step. Membranes start at v_reset.
- The exporter takes dt (1e-4 by default), writes IF with r = 1/dt, LIF with tau * dt and r = 1 (decay_input) or tau,
  v_leak = v_reset, in float64; it refuses soft reset and groups.
- Precision: the module divides by tau in float32; what a file says in float64 is rounded to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.raw import Raw, RawNode
from neurodeploy.profiles.decays import close, numbers, single, tau_for, uniform
from neurodeploy.profiles.evidence import dtypes_are, every, kinds, neurons
from neurodeploy.profiles.profile import Evidence, Overrides, Profile, Translation

DT = 1e-4


def translate(node: RawNode, terms: Terms) -> Translation:
    """Time constants in steps back from seconds; the gain is 1 or 1/tau."""
    unit: Overrides = {"input_gain": "unit", "initial_state": uniform(numbers(node, "v_reset")) or 0.0}
    if node.kind == "LIF":
        steps = (numbers(node, "tau").astype(np.float64) / terms.dt).astype(single).astype(np.float64)
        changed = node.change(tau=tau_for(1.0 - 1.0 / steps, terms))
        decays_input = close(numbers(node, "r"), 1.0) and not close(steps, 1.0)
        return (changed.change(r=np.ones(1)), {**unit, "input_gain": "spec"}) if decays_input else (changed, unit)
    if node.kind == "CubaLIF":
        taus = {key: tau_for(_kept(node, key, terms), terms) for key in ("tau_syn", "tau_mem")}
        return node.change(**taus, w_in=np.ones(1)), {**unit, "initial_state": unit["initial_state"]}
    return node, unit


def _kept(node: RawNode, key: str, terms: Terms) -> Any:
    return (1.0 - terms.dt / numbers(node, key).astype(np.float64)).astype(single).astype(np.float64)


def dt_of(raw: Raw) -> float | None:
    """1/r of an IF; from a LIF without decay_input tau/r; else the file does not tell."""
    for node in neurons(raw, "IF", "LIF", "CubaLIF"):
        r, tau = numbers(node, "r").astype(np.float64), numbers(node, "tau_mem" if node.kind == "CubaLIF" else "tau")
        if r.size == 0 or not np.all(r > 0):
            continue
        if node.kind == "IF":
            return _rounded(1.0 / float(r.flat[0]))
        if tau.size and not close(r, 1.0):
            return _rounded(float(tau.flat[0]) / float(r.flat[0]))
    return None


def _rounded(dt: float) -> float:
    """Without the last digits, which the detour over 1/dt costs."""
    return float(f"{dt:.12g}")


def _r_is_known(node: RawNode) -> bool:
    r = numbers(node, "r")
    if node.kind == "IF":
        return close(r, 1 / DT) or close(r, 1e3)
    tau = numbers(node, "tau_mem" if node.kind == "CubaLIF" else "tau")
    return close(r, 1.0) or close(tau / np.where(r == 0, 1, r), DT) or close(tau / np.where(r == 0, 1, r), 1e-3)


PROFILE = Profile(
    "spikingjelly-2.0",
    "IF, LIF, PLIF, CUBALIF; fires at the threshold, hard reset",
    Terms(dt=DT, reset="value", fires_at=">="),
    translate,
    evidence=(
        Evidence("parameters in float64", 3, dtypes_are("float64")),
        Evidence("every IF has r = 1/dt", 3, every(lambda node: close(numbers(node, "r"), 1 / DT), "IF")),
        Evidence("every r is 1 or tau/dt, an IF's 1/dt", 2, every(_r_is_known)),
        Evidence(
            "v_leak is v_reset",
            1,
            every(lambda node: close(numbers(node, "v_leak") + 1.0, numbers(node, "v_reset") + 1.0), "LIF"),
        ),
        Evidence("only neurons SpikingJelly exports", 1, kinds("IF", "LIF", "CubaLIF")),
    ),
    assumes={"dt": "where no r tells dt, the exporter's default, 1e-4 s, was taken"},
    dt_of=dt_of,
)
