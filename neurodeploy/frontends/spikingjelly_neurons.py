"""SpikingJelly neurons as NIR neurons. Equations: SpikingJelly 2.0.0, ``spikingjelly/_ops`` and ``.../neuron``.

Fires at the threshold too; hard reset to ``v_reset`` or soft (None), in the same step. The membrane decays towards
``v_reset``, or 0, and starts there. Thresholds and time constants are rounded to float32 where they meet the state.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import torch
from numpy.typing import NDArray

from neurodeploy.frontends.decay import time_constant
from neurodeploy.frontends.framework import Framework, Layout, need, numbers
from neurodeploy.network.builder import NetworkBuilder

Array = NDArray[np.float64]
Sources = tuple[str, ...]


def integrate(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """IF: ``v += x``."""
    firing, terms = _firing(name, neuron)
    return build.neuron(name, sources, nir.IF, {"r": 1.0, **firing}, input_gain="unit", **terms)


def leaky(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """LIF: ``v += (x - (v - v_reset)) / tau``, or with ``decay_input=False`` ``v += x - (v - v_reset) / tau``."""
    return _leaky(build, name, sources, neuron, 1.0 / float(np.float32(neuron.tau)))


def parametric(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """PLIF: LIF with ``1 / tau = sigmoid(w)``, which was trained."""
    return _leaky(build, name, sources, neuron, float(numbers(neuron.w.sigmoid())))


def delay(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """Delay: what arrived ``delay_steps`` steps ago."""
    return build.delay(name, sources, layer.delay_steps * build.dt)


def _leaky(build: NetworkBuilder, name: str, sources: Sources, neuron: Any, lost: float) -> str:
    need(0 < lost <= 1, name, f"1 / tau = {lost:g} is not within 0 to 1", "use a tau from 1")
    firing, terms = _firing(name, neuron)
    tau = time_constant(np.asarray(1.0 - lost), build.dt)
    fields = {"tau": tau, "r": 1.0, "v_leak": firing["v_reset"], **firing}
    gain = "spec" if neuron.decay_input else "unit"
    return build.neuron(name, sources, nir.LIF, fields, input_gain=gain, **terms)


def _firing(name: str, neuron: Any) -> tuple[dict[str, float], dict[str, Any]]:
    _check(name, neuron)
    v_reset = 0.0 if neuron.v_reset is None else float(np.float32(neuron.v_reset))
    reset = "subtract" if neuron.v_reset is None else "value" if v_reset else "zero"
    terms = {"reset": reset, "fires_at": ">=", "initial_state": v_reset}
    return {"v_threshold": float(np.float32(neuron.v_threshold)), "v_reset": v_reset}, terms


def _check(name: str, neuron: Any) -> None:
    with torch.no_grad():
        spikes = neuron.surrogate_function(torch.tensor([-1.0, 0.0, 0.5, 2.0]))
    fires = spikes.tolist() == [0.0, 1.0, 1.0, 1.0]
    need(fires, name, "its surrogate is no step in the forward pass", "use one that is, with spiking=True")
    need(neuron._neuron_precision is None, name, "it runs in reduced precision", "run it in float32")


def _layouts(_: str, neuron: Any) -> tuple[Layout, ...]:
    return ("time-first",) if neuron.step_mode == "m" else ("step",)


def _forget(neuron: Any) -> None:
    neuron.reset()


def _remembered(neuron: Any) -> tuple[Any, ...]:
    return tuple(neuron._memories.values())


SPIKINGJELLY = Framework(
    "spikingjelly",
    "SpikingJelly",
    {"IFNode": integrate, "LIFNode": leaky, "ParametricLIFNode": parametric, "Delay": delay},
    _layouts,
    _forget,
    remembered=_remembered,
)
"""``spikingjelly.activation_based``."""
