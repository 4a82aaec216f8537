"""SpikingJelly neurons as NIR neurons. Equations: SpikingJelly 2.0.0, ``spikingjelly/_ops`` and ``.../neuron``.

Fires at the threshold too; hard reset to ``v_reset`` or soft (None), in the same step. The membrane decays towards
``v_reset``, or 0, and starts there. Thresholds and time constants, plain numbers or trained
tensors, are rounded to float32 where they meet the state.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import torch
from numpy.typing import NDArray

from neurodeploy.frontends.decay import time_constant
from neurodeploy.frontends.framework import Framework, Layout, need, numbers, single, spread
from neurodeploy.network.builder import NetworkBuilder

Array = NDArray[np.float64]
Sources = tuple[str, ...]


def integrate(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """IF: ``v += x``."""
    firing, terms = _firing(build, name, sources, neuron)
    return build.neuron(name, sources, nir.IF, {"r": 1.0, **firing}, input_gain="unit", **terms)


def leaky(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """LIF: ``v += (x - (v - v_reset)) / tau``, or with ``decay_input=False`` ``v += x - (v - v_reset) / tau``."""
    firing, terms = _firing(build, name, sources, neuron)
    lost = 1.0 / _float32(build, name, sources, neuron.tau)
    return _leaky(build, name, sources, neuron, lost, firing, terms)


def parametric(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """PLIF: LIF with a trained ``1 / tau = sigmoid(w)``."""
    firing, terms = _firing(build, name, sources, neuron)
    lost = _float32(build, name, sources, neuron.w.sigmoid())
    return _leaky(build, name, sources, neuron, lost, firing, terms)


def integrate_on(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """NonSpikingIF: the membrane ``v += x``, from 0 in every sample."""
    return build.neuron(name, sources, nir.I, {"r": 1.0}, input_gain="unit")


def leak_on(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """NonSpikingLIF: the membrane ``v += (x - v) / tau``, from 0 in every sample."""
    lost = 1.0 / _float32(build, name, sources, neuron.tau)
    fits = bool(np.all((lost > 0) & (lost <= 1)))
    need(fits, name, f"1 / tau = {lost.flat[0]:g} is not within 0 to 1", "use a tau from 1")
    fields = {"tau": time_constant(1.0 - lost, build.dt), "r": 1.0, "v_leak": 0.0}
    return build.neuron(name, sources, nir.LI, fields)


def _runs(name: str, kind: str, neuron: Any) -> None:
    decode = neuron.decode if kind.startswith("NonSpiking") else None
    fault = f"decode={decode!r} joins the membranes of all steps"
    need(decode is None, name, fault, "use decode=None, and take what you need of torch.stack(...) behind it")


def delay(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """Delay: what arrived ``delay_steps`` steps ago."""
    return build.delay(name, sources, layer.delay_steps * build.dt)


def _leaky(
    build: NetworkBuilder,
    name: str,
    sources: Sources,
    neuron: Any,
    lost: Array,
    fields: dict[str, Any],
    terms: dict[str, Any],
) -> str:
    fits = bool(np.all((lost > 0) & (lost <= 1)))
    need(fits, name, f"1 / tau = {lost.flat[0]:g} is not within 0 to 1", "use a tau from 1")
    fields = {"tau": time_constant(1.0 - lost, build.dt), "r": 1.0, "v_leak": fields["v_reset"], **fields}
    gain = "spec" if neuron.decay_input else "unit"
    return build.neuron(name, sources, nir.LIF, fields, input_gain=gain, **terms)


def _firing(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    _check(name, neuron)
    v_reset = 0.0 if neuron.v_reset is None else single(name, "v_reset", _rounded(neuron.v_reset))
    reset = "subtract" if neuron.v_reset is None else "value" if v_reset else "zero"
    terms = {"reset": reset, "fires_at": ">=", "initial_state": v_reset}
    return {"v_threshold": _float32(build, name, sources, neuron.v_threshold), "v_reset": v_reset}, terms


def _float32(build: NetworkBuilder, name: str, sources: Sources, value: Any) -> Array:
    """A parameter, a number or trained, rounded to float32; one that is no single number is spread over the neurons."""
    array = _rounded(value)
    return array.reshape(()) if array.size == 1 else spread(name, array, build.shape(sources[0]))


def _rounded(value: Any) -> Array:
    return numbers(value).astype(np.float32).astype(np.float64)


def _check(name: str, neuron: Any) -> None:
    with torch.no_grad():
        spikes = neuron.surrogate_function(torch.tensor([-1.0, 0.0, 0.5, 2.0]))
    fires = spikes.tolist() == [0.0, 1.0, 1.0, 1.0]
    need(fires, name, "its surrogate is no step in the forward pass", "use one that is, with spiking=True")
    need(neuron._neuron_precision is None, name, "it runs in reduced precision", "run it in float32")


def _layouts(kind: str, neuron: Any) -> tuple[Layout, ...]:
    return ("time-first",) if kind.startswith("NonSpiking") or neuron.step_mode == "m" else ("step",)


def _forget(neuron: Any) -> None:
    if hasattr(neuron, "reset"):  # one without spikes starts every call from 0
        neuron.reset()


def _remembered(neuron: Any) -> tuple[Any, ...]:
    return tuple(getattr(neuron, "_memories", {}).values())


SPIKINGJELLY = Framework(
    "spikingjelly",
    "SpikingJelly",
    {
        "IFNode": integrate,
        "LIFNode": leaky,
        "ParametricLIFNode": parametric,
        "NonSpikingIFNode": integrate_on,
        "NonSpikingLIFNode": leak_on,
        "Delay": delay,
    },
    _layouts,
    _forget,
    remembered=_remembered,
    check=_runs,
)
"""``spikingjelly.activation_based``."""
