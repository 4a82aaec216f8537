"""Norse cells and layers as NIR neurons. Equations: norse 1.1.0, ``norse.torch.functional``.

Norse's own exporter is not used: it writes tau * dt for tau. Decay factors are those that the cell multiplies by:
``dt * tau_inv``, rounded to float32. Membranes start at the leak potential, those of IAF at the reset potential.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.decay import synapse, time_constant
from neurodeploy.frontends.framework import Framework, Layout, need, numbers, single, spread
from neurodeploy.network.builder import NetworkBuilder

Array = NDArray[np.float64]
Sources = tuple[str, ...]


def integrate(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> str:
    """IAF: ``v += x``."""
    p, shape = cell.p, build.shape(sources[0])
    v_reset = spread(name, p.v_reset, shape)
    terms = {"reset": _reset(name, p), "initial_state": single(name, "reset potential", v_reset)}
    fields = {"r": 1.0, "v_threshold": spread(name, p.v_th, shape), "v_reset": v_reset}
    return build.neuron(name, sources, nir.IF, fields, input_gain="unit", **terms)


def box(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> str:
    """LIFBox: ``v += dt * tau_mem_inv * (x + v_leak - v)``."""
    fields, terms = _membrane(build, name, sources, cell)
    fields["tau"] = fields.pop("tau_mem")
    return build.neuron(
        name, sources, nir.LIF, {**fields, **_firing(build, name, sources, cell)}, **terms, **_fires(name, cell)
    )


def leaky_box(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> str:
    """LIBox: LIFBox without a threshold; it sends its membrane."""
    fields, terms = _membrane(build, name, sources, cell)
    fields["tau"] = fields.pop("tau_mem")
    return build.neuron(name, sources, nir.LI, fields, **terms)


def current_based(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> str:
    """LIF: ``j = i + x; v += dt * tau_mem_inv * (v_leak - v + j); i = j - dt * tau_syn_inv * j``."""
    fields, terms = _membrane(build, name, sources, cell)
    fields |= _current(build, name, sources, cell) | _firing(build, name, sources, cell)
    return build.neuron(name, sources, nir.CubaLIF, fields, **terms, **_fires(name, cell))


def leaky(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> str:
    """LI: LIF without a threshold; it sends its membrane."""
    fields, terms = _membrane(build, name, sources, cell)
    return build.neuron(name, sources, nir.CubaLI, fields | _current(build, name, sources, cell), **terms)


def leaky_linear(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> str:
    """LILinear: a dense layer without bias, then LI."""
    weighted = build.linear(f"{name}.input_weights", sources, numbers(cell.input_weights))
    return leaky(build, name, (weighted,), cell)


def recurrent(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> str:
    """LIFRecurrent: LIF behind input weights; the spikes of the last step return through recurrent weights."""
    weighted = build.linear(f"{name}.input_weights", sources, numbers(cell.input_weights))
    current_based(build, name, (weighted,), cell)
    build.connect(build.linear(f"{name}.recurrent_weights", name, numbers(cell.recurrent_weights)), name)
    return name


def _membrane(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    if float(cell.dt) != build.dt:
        fault = f"its dt is {cell.dt}, the network's {build.dt}"
        raise RefusedError(fault, f"node {name}", "use one dt in all cells; name it: --dt")
    shape = build.shape(sources[0])
    v_leak = spread(name, cell.p.v_leak, shape)
    tau = time_constant(_kept(build, name, sources, cell, "tau_mem_inv"), build.dt)
    return {"tau_mem": tau, "r": 1.0, "v_leak": v_leak}, {"initial_state": _start(name, v_leak)}


def _current(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> dict[str, Array]:
    keep = _kept(build, name, sources, cell, "tau_syn_inv")
    return synapse(keep, np.ones_like(keep), build.dt)


def _kept(build: NetworkBuilder, name: str, sources: Sources, cell: Any, key: str) -> Array:
    """``1 - dt * tau_inv``, the product rounded as the cell rounds it."""
    lost = spread(name, cell.dt * getattr(cell.p, key), build.shape(sources[0]))
    need(bool(np.all((lost > 0) & (lost <= 1))), name, f"dt * {key} is not within 0 to 1", "use a longer time constant")
    return 1.0 - lost


def _firing(build: NetworkBuilder, name: str, sources: Sources, cell: Any) -> dict[str, Array]:
    shape = build.shape(sources[0])
    return {"v_threshold": spread(name, cell.p.v_th, shape), "v_reset": spread(name, cell.p.v_reset, shape)}


def _fires(name: str, cell: Any) -> dict[str, Any]:
    return {"reset": _reset(name, cell.p)}


def _start(name: str, rest: Array) -> float:
    if np.all(rest == rest.flat[0]):
        return float(rest.flat[0])
    raise RefusedError("its neurons start at different potentials", f"node {name}", "use one leak potential per layer")


def _reset(name: str, p: Any) -> str:
    method = getattr(getattr(p, "reset_method", None), "__name__", "reset_value")
    if method == "reset_subtract":
        return "subtract"
    if method != "reset_value":
        raise RefusedError(f"unknown reset method {method}", f"node {name}", "use reset_value or reset_subtract")
    return "value" if np.any(numbers(p.v_reset)) else "zero"


def _layouts(kind: str, _: Any) -> tuple[Layout, ...]:
    return ("step",) if kind.endswith("Cell") else ("time-first",)


NORSE = Framework(
    "norse",
    "Norse",
    {
        "IAFCell": integrate,
        "IAF": integrate,
        "LIFBoxCell": box,
        "LIBoxCell": leaky_box,
        "LIFCell": current_based,
        "LIF": current_based,
        "LICell": leaky,
        "LI": leaky,
        "LILinearCell": leaky_linear,
        "LIFRecurrentCell": recurrent,
        "LIFRecurrent": recurrent,
    },
    _layouts,
    stateless_calls=True,
)
"""``norse.torch.module``."""
