"""sinabs neurons as NIR neurons. Equations: sinabs 3.1.3, ``sinabs/layers/functional/lif.py``, ``sinabs/activation``.

- ``v = a v + (1 - a) x`` with ``norm_input``, else ``a v + x``; with ``tau_syn`` the current ``i = a_s (i + x)`` takes
  the place of x. Fires at the threshold too, each spike subtracted or all reset to 0, in the same step.
- ``min_v_mem`` clamps after the reset; with a value up to 0 a clamp before the comparison gives the same.
- Recurrent layers add their spikes of the last step, passed through ``rec_connect``; nothing in the first step.
- Decay factors are those that the layer itself multiplies by, in float32.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.decay import synapse, time_constant
from neurodeploy.frontends.framework import Framework, Layout, need, numbers, single, spread
from neurodeploy.frontends.weighted import add_weighted
from neurodeploy.network.builder import NetworkBuilder

Array = NDArray[np.float64]
Sources = tuple[str, ...]
MEMORIES = ("v_mem", "i_syn")
MANY = 65536
"""The limit of spikes per step of a neuron without one."""


def integrate(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """IAF: ``v += x``; with a synaptic current a membrane that never decays."""
    if neuron.tau_syn is not None:
        return leaky(build, name, sources, neuron)
    fields, terms = _firing(build, name, sources, neuron)
    return build.neuron(name, sources, nir.IF, {"r": 1.0, **fields}, input_gain="unit", **terms)


def leaky(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """LIF, with or without a synaptic current."""
    fields, terms = _firing(build, name, sources, neuron)
    membrane, gain = _membrane(build, name, sources, neuron)
    if neuron.alpha_syn_calculated is None:
        fields |= {"tau": membrane, "r": 1.0, "v_leak": 0.0}
        return build.neuron(name, sources, nir.LIF, fields, input_gain=gain, **terms)
    keep = spread(name, neuron.alpha_syn_calculated, build.shape(sources[0]))
    current = synapse(keep, keep, build.dt)
    if gain == "unit":
        current["w_in"] = keep
    fields |= {"tau_mem": membrane, "r": 1.0, "v_leak": 0.0, **current}
    return build.neuron(name, sources, nir.CubaLIF, fields, input_gain=gain, **terms)


def exponential_leak(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """ExpLeak: LIF without a threshold; it sends its membrane."""
    fault = "it sends its membrane from before the clamp at min_v_mem"
    need(neuron.min_v_mem is None, name, fault, "leave out min_v_mem")
    membrane, gain = _membrane(build, name, sources, neuron)
    fields = {"tau": membrane, "r": 1.0, "v_leak": 0.0}
    return build.neuron(name, sources, nir.LI, fields, input_gain=gain)


def recurrent(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> str:
    """LIF or IAF with its own spikes of the last step behind ``rec_connect``."""
    add = leaky if neuron.tau_mem_calculated is not None else integrate
    add(build, name, sources, neuron)
    build.connect(_back(build, name, neuron.rec_connect), name)
    return name


def _back(build: NetworkBuilder, name: str, connect: Any) -> str:
    layers = list(connect) if isinstance(connect, nn.Sequential) else [connect]
    dense = [layer for layer in layers if not isinstance(layer, nn.Flatten | nn.Unflatten | nn.Identity)]
    shape, back = build.shape(name), f"{name}.rec_connect"
    if len(dense) == 1 and type(dense[0]) in ({1: nn.Linear, 3: nn.Conv2d}.get(len(shape)),):
        return add_weighted(build, back, name, dense[0])
    fault = f"its rec_connect {connect} has no exact form here"
    raise RefusedError(fault, f"node {name}", "use one Linear on (N,) or one Conv2d on (C, H, W), without a bias")


def _membrane(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> tuple[Array, str]:
    keep = spread(name, neuron.alpha_mem_calculated, build.shape(sources[0]))
    need(bool(np.all((keep >= 0) & (keep <= 1))), name, "its alpha is not within 0 to 1", "train it within them")
    return time_constant(keep, build.dt), "spec" if neuron.norm_input else "unit"


def _firing(build: NetworkBuilder, name: str, sources: Sources, neuron: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    threshold = spread(name, neuron.spike_threshold, build.shape(sources[0]))
    terms: dict[str, Any] = {"fires_at": ">=", "max_spikes_per_step": _largest_count(name, neuron.spike_fn)}
    terms["reset"] = _reset(name, neuron.reset_fn, threshold)
    if neuron.min_v_mem is not None:
        lowest = single(name, "min_v_mem", spread(name, neuron.min_v_mem, build.shape(sources[0])))
        need(lowest <= 0, name, f"min_v_mem = {lowest:g} lies above the reset", "use a min_v_mem up to 0")
        terms["v_min"] = lowest
    if terms["max_spikes_per_step"] > 1 or terms["reset"] == "zero" or "v_min" in terms:
        need(bool(np.all(threshold > 0)), name, "its threshold is not above 0", "use one above 0")
    return {"v_threshold": threshold, "v_reset": 0.0}, terms


def _largest_count(name: str, spike_fn: Any) -> int:
    kind = getattr(spike_fn, "__name__", type(spike_fn).__name__)
    if kind == "MaxSpike":
        limit = spike_fn.max_num_spikes_per_bin
        return MANY if limit is None else int(limit)
    known = {"MultiSpike": MANY, "SingleSpike": 1}
    need(kind in known, name, f"its spike_fn {kind} is unknown", f"use {', '.join([*known, 'MaxSpike'])}")
    return known[kind]


def _reset(name: str, reset_fn: Any, threshold: Array) -> str:
    kind = type(reset_fn).__name__
    if kind == "MembraneReset":
        fault = "sinabs adds the reset_value of MembraneReset to every membrane in every step"
        need(float(reset_fn.reset_value) == 0, name, fault, "reset to 0")
        return "zero"
    need(kind == "MembraneSubtract", name, f"its reset_fn {kind} is unknown", "use MembraneSubtract or MembraneReset")
    value = reset_fn.subtract_value
    same = value is None or bool(np.all(numbers(value) == threshold))
    need(same, name, "it subtracts another value than its threshold", "leave out subtract_value")
    return "subtract"


def _layouts(kind: str, _: Any) -> tuple[Layout, ...]:
    return ("merged",) if kind.endswith("Squeeze") else ("batch-first",)


def _forget(neuron: Any) -> None:
    neuron.reset_states()


def _resize(neuron: Any, samples: int) -> None:
    """Set how many samples stand one after the other in the input of a layer that squeezes batch and time."""
    if hasattr(neuron, "num_timesteps"):
        neuron.batch_size, neuron.num_timesteps = samples, -1


def _remembered(neuron: Any) -> tuple[Any, ...]:
    return tuple(getattr(neuron, state) for state in MEMORIES if hasattr(neuron, state))


SINABS = Framework(
    "sinabs",
    "sinabs",
    {
        "IAF": integrate,
        "IAFSqueeze": integrate,
        "IAFRecurrent": recurrent,
        "LIF": leaky,
        "LIFSqueeze": leaky,
        "LIFRecurrent": recurrent,
        "ExpLeak": exponential_leak,
        "ExpLeakSqueeze": exponential_leak,
    },
    _layouts,
    _forget,
    _resize,
    _remembered,
    frozenset(MEMORIES),
)
"""``sinabs.layers``."""
