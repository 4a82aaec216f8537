"""Norse cells as NIR neurons. Equations: norse 1.1.0, ``norse.torch.functional``.

Never norse's own exporter: it writes tau * dt for tau.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from norse.torch import IAFCell, LIFBoxCell, LIFCell
from norse.torch.functional.reset import reset_subtract, reset_value

from neurodeploy.errors import RefusedError
from neurodeploy.network.builder import NetworkBuilder

CELLS = (LIFBoxCell, LIFCell, IAFCell)


def is_cell(module: Any) -> bool:
    """Whether ``module`` is a Norse cell with a NIR equivalent."""
    return isinstance(module, CELLS)


def add_cell(build: NetworkBuilder, name: str, source: str, cell: Any) -> str:
    """Append a Norse cell. Raises RefusedError for a reset method or a step that NIR and the contract cannot say."""
    p = cell.p
    terms: dict[str, Any] = {"reset": _reset(name, p)}
    if float(getattr(cell, "dt", build.dt)) != build.dt:
        raise RefusedError(
            f"its dt is {cell.dt}, the network's {build.dt}", f"node {name}", "use one dt in all cells; name it: --dt"
        )
    threshold, v_reset = _numbers(p.v_th), _numbers(p.v_reset)
    terms["initial_state"] = _start(name, v_reset if isinstance(cell, IAFCell) else _numbers(p.v_leak))
    if isinstance(cell, IAFCell):
        return build.integrate(name, source, threshold, v_reset, **terms)
    tau_mem, v_leak = 1.0 / _numbers(p.tau_mem_inv), _numbers(p.v_leak)
    if isinstance(cell, LIFBoxCell):
        return build.lif(name, source, tau_mem, threshold, 1.0, v_leak, v_reset, **terms)
    return build.cuba_lif(name, source, 1.0 / _numbers(p.tau_syn_inv), tau_mem, threshold, v_leak, v_reset, **terms)


def _start(name: str, rest: Any) -> float:
    """Norse starts a membrane at its leak potential, an IAF's at its reset potential."""
    if rest.size and np.all(rest == rest.flat[0]):
        return float(rest.flat[0])
    raise RefusedError("its neurons start at different potentials", f"node {name}", "use one leak potential per layer")


def _reset(name: str, p: Any) -> str:
    method = getattr(p, "reset_method", reset_value)
    if method is reset_subtract:
        return "subtract"
    if method is not reset_value:
        raise RefusedError(f"unknown reset method {method}", f"node {name}", "use reset_value or reset_subtract")
    return "value" if np.any(_numbers(p.v_reset)) else "zero"


def _numbers(tensor: Any) -> Any:
    return np.asarray(tensor.detach().double().numpy() if hasattr(tensor, "detach") else tensor, np.float64)
