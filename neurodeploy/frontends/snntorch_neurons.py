"""snnTorch neurons as NIR neurons. Equations: snnTorch 1.0.0, ``snntorch/_neurons``.

- A reset is one step late: the membrane at the end of a step decides it, the next step carries it out. A subtraction
  comes after the decay. A reset to zero comes before it; in Lapicque, Synaptic, RLeaky and RSynaptic it also drops
  the input of that step, which no contract can say. With ``reset_delay=False`` the membrane is reset in the step of the
  spike; by subtraction also compared less one more threshold in the next step, where it is still above it.
- Recurrent layers add what their spikes of the last step contribute; the bias of that layer counts from the first step.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.decay import time_constant
from neurodeploy.frontends.framework import AddNeuron, Framework, need, numbers, spread
from neurodeploy.frontends.weighted import add_weighted
from neurodeploy.network.builder import NetworkBuilder

Array = NDArray[np.float64]
Sources = tuple[str, ...]
RESETS = {"_base_sub": "subtract", "_base_zero": "zero", "_base_int": "none"}
CODES = ("subtract", "zero", "none")


def leaky(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """``v = beta v + x``."""
    keep = _factor(build, name, sources, neuron, "beta")
    return _neuron(build, name, sources, neuron, nir.LIF, {"tau": time_constant(keep, build.dt)})


def synaptic(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """``i = alpha i + x; v = beta v + i``."""
    taus = {
        key: _factor(build, name, sources, neuron, factor)
        for key, factor in (("tau_syn", "alpha"), ("tau_mem", "beta"))
    }
    fields = {key: time_constant(keep, build.dt) for key, keep in taus.items()} | {"w_in": 1.0}
    return _neuron(build, name, sources, neuron, nir.CubaLIF, fields)


def lapicque(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """``v = (1 - h / (R C)) v + h / (R C) R x``, h its ``time_step``; where beta is given, R and C are made from it."""
    return _neuron(build, name, sources, neuron, nir.LIF, _circuit(build, name, sources, neuron), "spec")


def lapicque_membrane(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """The membrane of Lapicque without a reset."""
    _check(name, neuron)
    fields = {**_circuit(build, name, sources, neuron), "v_leak": 0.0}
    return build.neuron(name, sources, nir.LI, fields, input_gain="spec")


def _circuit(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> dict[str, Any]:
    """Time constant and resistance of an RC circuit."""
    shape = build.shape(sources[0])
    lost = spread(name, neuron.time_step / (neuron.R * neuron.C), shape)
    fits = bool(np.all((lost > 0) & (lost <= 1)))
    need(fits, name, f"time_step / (R * C) = {lost.flat[0]:g} is not within 0 to 1", "use an R * C from time_step on")
    return {"tau": time_constant(1.0 - lost, build.dt), "r": spread(name, neuron.R, shape)}


def leaky_membrane(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """The membrane of Leaky without a reset: ``v = beta v + x``."""
    _check(name, neuron)
    tau = time_constant(_factor(build, name, sources, neuron, "beta"), build.dt)
    return build.neuron(name, sources, nir.LI, {"tau": tau, "r": 1.0, "v_leak": 0.0}, input_gain="unit")


def synaptic_membrane(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """The membrane of Synaptic without a reset: ``i = alpha i + x; v = beta v + i``."""
    _check(name, neuron)
    fields = {
        "tau_syn": time_constant(_factor(build, name, sources, neuron, "alpha"), build.dt),
        "tau_mem": time_constant(_factor(build, name, sources, neuron, "beta"), build.dt),
    }
    fields |= {"w_in": 1.0, "r": 1.0, "v_leak": 0.0}
    return build.neuron(name, sources, nir.CubaLI, fields, input_gain="unit")


def _membrane(kind: str, neuron: Any) -> AddNeuron | None:
    add = {"Lapicque": lapicque_membrane, "Leaky": leaky_membrane, "Synaptic": synaptic_membrane}.get(kind)
    return add if RESETS.get(neuron.state_function.__name__) == "none" else None


def recurrent_leaky(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """Leaky whose spikes of the last step return through a layer."""
    leaky(build, name, sources, neuron)
    return _feed_back(build, name, neuron)


def recurrent_synaptic(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """Synaptic whose spikes of the last step return through a layer."""
    synaptic(build, name, sources, neuron)
    return _feed_back(build, name, neuron)


def _feed_back(build: NetworkBuilder, name: str, neuron: Any) -> str:
    layer, back = neuron.recurrent, f"{name}.recurrent"
    if isinstance(layer, nn.Linear | nn.Conv2d):
        add_weighted(build, back, name, layer)
    else:
        build.scale(back, name, spread(name, layer.V, build.shape(name)))
    build.connect(back, name)
    return name


def _neuron(
    build: NetworkBuilder,
    name: str,
    sources: Sources,
    neuron: Any,
    kind: Any,
    fields: dict[str, Any],
    input_gain: str = "unit",
) -> str:
    _check(name, neuron)
    reset = _reset(name, neuron)
    fields = {"r": 1.0, "v_leak": 0.0, **fields}
    threshold = spread(name, neuron.threshold, build.shape(sources[0]))
    terms: dict[str, Any] = {"recurrent_bias_at_start": "applied"} if hasattr(neuron, "recurrent") else {}
    at_once = "same-step-and-next" if reset == "subtract" else "same-step"
    terms |= {"reset": reset, "reset_timing": "next-step" if _late(neuron) and reset != "none" else at_once}
    fields |= {"v_threshold": threshold, "v_reset": 0.0}
    if reset == "zero":
        _check_zero(name, neuron, threshold)
    return build.neuron(name, sources, kind, fields, input_gain=input_gain, **terms)


def _late(neuron: Any) -> bool:
    """Whether its reset is one step late; that of Lapicque always is."""
    return bool(getattr(neuron, "reset_delay", True))


def _check_zero(name: str, neuron: Any, threshold: Array) -> None:
    drops = any(hasattr(neuron, key) for key in ("alpha", "recurrent", "R")) and _late(neuron)
    remedy = "train with reset_mechanism='subtract' (snnTorch's default), or 'none'"
    need(not drops, name, "its reset to zero also drops the input of the step after a spike", remedy)
    fits = _late(neuron) or bool(np.all(threshold >= 0))
    need(fits, name, "it resets to zero, which is above its threshold", "use a threshold from 0")


def _check(name: str, neuron: Any) -> None:
    need(not neuron.inhibition, name, "inhibition lets one neuron of a layer fire", "train without inhibition")
    need(not neuron.state_quant, name, "state_quant rounds its membrane", "leave out state_quant; targets quantize")
    gain = numbers(neuron.graded_spikes_factor)
    need(bool(np.all(gain == 1)), name, "graded_spikes_factor scales its spikes", "scale the weights after it instead")
    with torch.no_grad():
        spikes = neuron.spike_grad(torch.tensor([-1.0, 0.0, 0.5, 2.0]))
    fires = spikes.tolist() == [0.0, 0.0, 1.0, 1.0]
    need(fires, name, "its spike_grad is no step in the forward pass", "use a surrogate that is one, e.g. atan()")


def _reset(name: str, neuron: Any) -> str:
    """The reset that the neuron runs; assigning its ``reset_mechanism`` later has no effect with ``reset_delay``."""
    runs, stated = RESETS.get(neuron.state_function.__name__), CODES[int(neuron.reset_mechanism_val)]
    if runs is None or (runs != stated and not _late(neuron)):
        fault = f"it runs reset {runs!r} and states {stated!r}"
        raise RefusedError(fault, f"node {name}", "give reset_mechanism where the neuron is made")
    return runs


def _factor(build: NetworkBuilder, name: str, sources: Sources, neuron: Any, key: str) -> Array:
    return spread(name, getattr(neuron, key).clamp(0, 1), build.shape(sources[0]))


def _runs(name: str, kind: str, neuron: Any) -> None:
    runs = kind != "RSynaptic" or bool(neuron.reset_delay)
    need(runs, name, "snnTorch cannot run an RSynaptic with reset_delay=False", "leave reset_delay at True")


def _forget(neuron: Any) -> None:
    neuron.reset_mem()


def _remembered(neuron: Any) -> tuple[Any, ...]:
    return tuple(getattr(neuron, state) for state in ("spk", "syn", "mem") if hasattr(neuron, state))


SNNTORCH = Framework(
    "snntorch",
    "snnTorch",
    {
        "Lapicque": lapicque,
        "Leaky": leaky,
        "RLeaky": recurrent_leaky,
        "RSynaptic": recurrent_synaptic,
        "Synaptic": synaptic,
    },
    lambda _, __: ("step",),
    _forget,
    remembered=_remembered,
    membrane=_membrane,
    memories=frozenset({"spk", "syn", "mem"}),
    check=_runs,
)
"""``snntorch``."""
