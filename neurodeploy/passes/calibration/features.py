"""What a membrane is made of, while the float network's own spikes decide its resets (teacher forcing).

Under teacher forcing the membrane before the threshold is linear in everything that quantization changes. With the
per-step decay factors ``keep_current`` and ``keep_membrane`` as the machine holds them, the messages ``x_i`` that reach
a row, and the spikes ``s`` of the float network::

    d_i(t) = keep_current * d_i(t-1) + x_i(t)
    c_i(t) = keep_membrane * c_i(t-1) * g(t) + d_i(t)
    o(t)   = keep_membrane * o(t-1) * g(t) + 1
    f(t)   = keep_membrane * (f(t-1) + s(t-1))     where the reset subtracts the threshold, else 0

    v(t) - threshold = sum_i w_i c_i(t) + bias * o(t) - threshold * (1 + f(t)) + k(t)

``g(t)`` is 0 in the step after one in which the membrane was set to a value (a reset, or a clamp), else 1. ``k(t)`` is
what no parameter changes: the values it was set to, its initial state, and an initial current.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Features = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Dynamics:
    """How a membrane is stepped.

    - ``keep_current``, ``keep_membrane``: what is kept per step, as the machine rounds it.
    - ``subtracts``: whether a spike takes the threshold away.
    """

    keep_current: float
    keep_membrane: float
    subtracts: bool


def gathered(messages: Features, emptied: Mask | None, dynamics: Dynamics) -> Features:
    """``c`` of the equations, ``(trajectories, T, n)``, of messages ``(trajectories, T, n)``.

    ``emptied`` ``(trajectories, T)``: where the membrane is set to a value at the end of the step; None: nowhere.
    """
    inputs = np.empty_like(messages)
    current = np.zeros((len(messages), messages.shape[2]), np.float32)
    membrane = np.zeros_like(current)
    keep_current, keep_membrane = np.float32(dynamics.keep_current), np.float32(dynamics.keep_membrane)
    for step in range(messages.shape[1]):
        current *= keep_current
        current += messages[:, step]
        membrane *= keep_membrane
        membrane += current
        inputs[:, step] = membrane
        if emptied is not None:
            membrane[emptied[:, step]] = 0
    return inputs


def gathered_constants(spikes: Array, emptied: Mask, dynamics: Dynamics) -> Array:
    """``o`` and ``-(1 + f)`` of the equations, ``(trajectories, T, 2)``, of spikes ``(trajectories, T)``."""
    constants = np.empty((*spikes.shape, 2))
    ones, resets = np.zeros(len(spikes)), np.zeros(len(spikes))
    for step in range(spikes.shape[1]):
        ones = dynamics.keep_membrane * ones + 1
        constants[:, step, 0], constants[:, step, 1] = ones, -(1 + resets)
        if dynamics.subtracts:
            resets = dynamics.keep_membrane * (resets + spikes[:, step])
        ones, resets = ones * ~emptied[:, step], resets * ~emptied[:, step]
    return constants


def unchanged(emptied: Mask, values: Array, initial: tuple[float, float], dynamics: Dynamics) -> Array:
    """``k`` of the equations, ``(trajectories, T)``.

    ``values`` ``(trajectories, T)``: to what the membrane is set where it is ``emptied``. ``initial``: membrane and
    current before the first step.
    """
    kept = np.empty(emptied.shape)
    membrane, current = np.full(len(emptied), initial[0]), initial[1]
    for step in range(emptied.shape[1]):
        current *= dynamics.keep_current
        membrane = dynamics.keep_membrane * membrane + current
        kept[:, step] = membrane
        membrane = np.where(emptied[:, step], values[:, step], membrane)
    return kept
