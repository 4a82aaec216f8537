"""Neurons whose steps the compiled kernel takes, equal to ``reference.neuron.advance`` in every bit."""

from __future__ import annotations

import ctypes
from math import prod
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms
from neurodeploy.errors import RefusedError
from neurodeploy.floats.parts import NEURONS, Work
from neurodeploy.reference.neuron import coefficients, initial_state, terms_hold, terms_of, threshold_of

Array = NDArray[np.float64]
NONE, SUBTRACT, VALUE = range(3)
CONSTANTS = ("decay", "gain", "rest", "constant", "decay_current", "gain_current", "threshold", "reset_value")
FLAGS = ("most", "has_current", "new_current", "every_step", "late", "held", "silent", "strict", "fire_once", "reset")


class _Terms(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in CONSTANTS),
        *((name, ctypes.c_double) for name in ("grid", "least", "start")),
        ("steps", ctypes.c_int64 * len(CONSTANTS)),
        *((name, ctypes.c_int64) for name in (*FLAGS, "clamped", "gridded")),
    ]


def neuron(node: Any, terms: Terms, batch: int, shape: tuple[int, ...]) -> Work:
    """What ``batch`` samples of a node's neurons do, from their first step on; ``shape`` is that of one sample."""
    terms = terms_of(node, terms)
    state = initial_state((batch, *shape), terms)
    constants = _constants(node, terms, shape)
    about = _terms_of(node, terms, constants)
    arrays = state.v, state.i, state.last, state.fired.view(np.uint8)
    fixed = ctypes.addressof(about), *(array.ctypes.data for array in arrays)
    return Work(NEURONS, fixed, (batch, prod(shape)), False, (about, constants, arrays))


def _constants(node: Any, terms: Terms, shape: tuple[int, ...]) -> list[Array]:
    """The eight constants, each one value or one per neuron."""
    c, silent = coefficients(node, terms), _silent(node)
    constant = np.zeros(())
    if terms.state_grid is not None:
        constant = np.rint(c.rest * (1.0 - c.membrane) / terms.state_grid) * terms.state_grid
    threshold = np.zeros(()) if silent else threshold_of(node)
    if terms.max_spikes_per_step > 1 and not silent and np.any(threshold <= 0):
        raise RefusedError("counts spikes by thresholds above zero", type(node).__name__, "raise v_threshold")
    target = np.asarray(node.v_reset, np.float64) if terms.reset == "value" and not silent else np.zeros(())
    values = (c.membrane, c.gain, c.rest, constant, c.current, c.gain_current, threshold, target)
    return [_spread(np.asarray(value, np.float64), shape) for value in values]


def _spread(value: Array, shape: tuple[int, ...]) -> Array:
    """One value where all neurons share it, else one per neuron."""
    if value.size and np.all(value == value.flat[0]):
        return np.array([value.flat[0]])
    return np.ascontiguousarray(np.broadcast_to(value, shape)).reshape(-1)


def _terms_of(node: Any, terms: Terms, constants: list[Array]) -> _Terms:
    silent = _silent(node)
    kinds = {"none": NONE, "subtract": SUBTRACT, "value": VALUE, "zero": VALUE}
    flags = {
        "most": terms.max_spikes_per_step,
        "has_current": coefficients(node, terms).has_current,
        "new_current": terms.current == "new",
        "every_step": terms.reset_timing == "every-step",
        "late": terms.reset_timing == "next-step" and not silent,
        "held": terms_hold(terms) and not silent,
        "silent": silent,
        "strict": terms.fires_at == ">",
        "fire_once": terms.fire_once,
        "reset": kinds[terms.reset],
        "clamped": terms.v_min is not None,
        "gridded": terms.state_grid is not None,
    }
    return _Terms(
        *(array.ctypes.data for array in constants),
        terms.state_grid or 1.0,
        terms.v_min or 0.0,
        terms.initial_state,
        (ctypes.c_int64 * len(CONSTANTS))(*(int(array.size > 1) for array in constants)),
        *(int(flags[name]) for name in (*FLAGS, "clamped", "gridded")),
    )


def _silent(node: Any) -> bool:
    """Whether it compares and resets nothing."""
    return isinstance(node, nir.I | nir.LI | nir.CubaLI)
