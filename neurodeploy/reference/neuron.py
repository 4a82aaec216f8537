"""One step of a NIR neuron in float64 under its contract terms.

Order: reset of the last step where the contract says next-step; current; membrane; lower clamp; what is compared less
where it says same-step-and-next; comparison; fire-once; reset. Equations: the docstrings of NIR 1.0.8. Why each update
is right, x(t) the drive, y the state:

- ``tau dy/dt = (rest - y) + r x`` (LI, LIF; the membrane of CubaLI, CubaLIF; with rest 0 and gain w_in their current).
  Euler: ``y + dt * dy/dt = rest + (y - rest)(1 - dt/tau) + r dt/tau x``, by rearranging, exact in the limit dt -> 0.
  Exponential: for x held over the step, ``y -> rest + r x`` is the fixed point and the distance to it shrinks by
  ``k = exp(-dt/tau)``, so ``y' = rest + (y - rest) k + r (1 - k) x`` is the solution itself, for any dt.
- ``dv/dt = r x`` (I, IF): for x held over the step ``v' = v + r dt x`` is exact, and Euler is the same.
- Current and membrane of the CUBA kinds are stepped one after the other, each by the rule above with its drive held:
  the membrane by this step's current (``new``) or the one before (``previous``). For both decays exponential this is
  what sinabs, Rockpool and Loihi do; it is not the joint solution of the two equations, which NIR does not ask for.
- Threshold has no equation in time: it compares what arrives, which is a membrane that starts at 0 every step.
- I, LI and CubaLI compare and reset nothing; they send the membrane after its clamp.
- A subtracting reset that is one step late is taken after the decay of that step (snnTorch, spyx): it is not decayed;
  one to a value sets the membrane before it, which then decays.
- snnTorch without ``reset_delay`` does the same, ``r`` being whether the last membrane still fires, and then takes back
  what the reset at once did twice: ``m = keep v + x - r threshold``, ``s = m > threshold``, ``v' = m - (s - r)
  threshold``. So the membrane is ``keep v + x - s threshold``, and only what is compared is one threshold less.
- On a state grid (SLAYER's CUBA neuron, Loihi) decay and drive are each truncated toward zero, then added; what the
  rest adds is a constant, taken to its nearest point.
- Counts: ``subtract`` once per spike leaves a membrane that can fire no more, or has reached the most spikes: with
  ``>=`` the count is floor(v / threshold); with ``>`` it is ceil(v / threshold) - 1, one less on exact multiples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms
from neurodeploy.errors import RefusedError

Array = NDArray[np.float64]


@dataclass
class NeuronState:
    """Membrane, current, spikes of the last step and whether it has ever fired, each ``(B, *shape)``."""

    v: Array
    i: Array
    last: Array
    fired: NDArray[np.bool_]


@dataclass(frozen=True)
class Coefficients:
    """Discrete equations ``i' = i * current + gain_current * x``, ``v' = rest + (v - rest) * membrane + gain * drive``.

    Neurons without a synaptic current (``has_current`` false) are driven by ``x`` itself.
    """

    membrane: Array
    gain: Array
    rest: Array
    current: Array
    gain_current: Array
    has_current: bool


def terms_of(node: Any, terms: Terms) -> Terms:
    """The terms that concern ``node``: a NIR ``Threshold`` is stateless, strict and sends at most one spike."""
    return Terms(dt=terms.dt, reset_timing="every-step") if isinstance(node, nir.Threshold) else terms


def coefficients(node: Any, terms: Terms) -> Coefficients:
    """Decays and gains of a neuron for one step of ``dt``."""
    if isinstance(node, nir.IF | nir.I):
        r = np.asarray(node.r, np.float64)
        gain = r * terms.dt if terms.input_gain == "spec" else np.ones_like(r)
        return Coefficients(np.ones_like(r), gain, 0 * r, 0 * r, 0 * r, has_current=False)
    if isinstance(node, nir.Threshold):
        ones = np.ones_like(np.asarray(node.threshold, np.float64))
        return Coefficients(0 * ones, ones, 0 * ones, 0 * ones, 0 * ones, has_current=False)
    cuba = isinstance(node, nir.CubaLIF | nir.CubaLI)
    keep, charge = _decay(np.asarray(node.tau_mem if cuba else node.tau, np.float64), terms)
    gain = np.asarray(node.r, np.float64) * charge if terms.input_gain == "spec" else np.ones_like(charge)
    rest = np.asarray(node.v_leak, np.float64) + 0 * keep
    if not cuba:
        return Coefficients(keep, gain, rest, 0 * keep, 0 * keep, has_current=False)
    keep_i, charge_i = _decay(np.asarray(node.tau_syn, np.float64), terms)
    w_in = np.asarray(node.w_in, np.float64)
    gain_i = w_in * charge_i if terms.input_gain == "spec" else w_in + 0 * charge_i
    return Coefficients(keep, gain, rest, keep_i, gain_i, has_current=True)


def _decay(tau: Array, terms: Terms) -> tuple[Array, Array]:
    if terms.method == "exponential":
        keep = np.exp(-terms.dt / tau)
        return keep, 1.0 - keep
    lost = _short(terms.dt / tau)
    return 1.0 - lost, lost


def _short(ratio: Array) -> Array:
    """The ratio, taken to the multiple of 2**-32 from which it differs by no more than two roundings, if there is one.

    So a decay that a producer holds as a float32 number comes back from its time constant as that number.
    """
    near = np.rint(ratio * 2.0**32) / 2.0**32
    return np.where(np.abs(ratio - near) <= ratio * 2.0**-51, near, ratio)


def initial_state(shape: tuple[int, ...], terms: Terms) -> NeuronState:
    """The state before the first step, ``shape`` with the batch."""
    zeros = np.zeros(shape)
    return NeuronState(zeros + terms.initial_state, zeros.copy(), zeros.copy(), np.zeros(shape, dtype=bool))


def advance(
    node: Any, terms: Terms, c: Coefficients, state: NeuronState, x: Array, forced: Array | None = None
) -> tuple[Array, Array]:
    """Advance ``state`` by one step of input ``x`` and return (output, membrane before the comparison).

    ``forced`` replaces the neuron's own decision for its reset, so that each step can be judged by itself.
    """
    silent = isinstance(node, nir.I | nir.LI | nir.CubaLI)
    late = terms.reset_timing == "next-step" and not silent
    held = fires(node, terms, state.v) * threshold_of(node) if terms_hold(terms) and not silent else 0.0
    if terms.reset_timing == "every-step":
        fresh = initial_state(x.shape, terms)
        state.v, state.i = fresh.v, fresh.i
    if late and terms.reset != "subtract":
        state.v = _reset(node, terms, state.v, state.last)
    drive = x
    if c.has_current:
        old = state.i
        state.i = on_grid(state.i * c.current, terms) + on_grid(c.gain_current * x, terms)
        drive = state.i if terms.current == "new" else old
    state.v = _membrane(terms, c, state.v, drive)
    if late and terms.reset == "subtract":
        state.v = _reset(node, terms, state.v, state.last)
    if terms.v_min is not None:
        state.v = np.maximum(state.v, terms.v_min)
    whole = state.v
    if silent:
        return whole, whole
    before = whole - held
    spikes = fires(node, terms, before)
    if terms.fire_once:
        spikes = np.where(state.fired, 0.0, spikes)
    decided = spikes if forced is None else forced
    state.fired = state.fired | (decided > 0)
    state.last = decided
    if not late:
        state.v = _reset(node, terms, whole, decided)
    return spikes, before


def terms_hold(terms: Terms) -> bool:
    """Whether a membrane that still fires after its reset is compared less one more threshold in the next step."""
    return terms.reset_timing == "same-step-and-next" and terms.reset == "subtract"


def _membrane(terms: Terms, c: Coefficients, v: Array, drive: Array) -> Array:
    """The membrane after decay and drive."""
    if terms.state_grid is None:
        return c.rest + (v - c.rest) * c.membrane + c.gain * drive
    constant = np.rint(c.rest * (1.0 - c.membrane) / terms.state_grid) * terms.state_grid
    return on_grid(v * c.membrane, terms) + constant + on_grid(c.gain * drive, terms)


def on_grid(value: Array, terms: Terms) -> Array:
    """``value`` truncated toward zero to the multiples of ``state_grid``, where there is one."""
    return value if terms.state_grid is None else np.trunc(value / terms.state_grid) * terms.state_grid


def threshold_of(node: Any) -> Array:
    """The firing threshold of a spiking node."""
    return np.asarray(node.threshold if isinstance(node, nir.Threshold) else node.v_threshold, np.float64)


def fires(node: Any, terms: Terms, v: Array) -> Array:
    """Spikes per neuron of a membrane ``v``. Raises RefusedError for counts without a threshold above zero."""
    terms, threshold = terms_of(node, terms), threshold_of(node)
    strict = terms.fires_at == ">"
    spikes = (v > threshold if strict else v >= threshold).astype(np.float64)
    if terms.max_spikes_per_step == 1:
        return spikes
    if np.any(threshold <= 0):
        raise RefusedError("counts spikes by thresholds above zero", type(node).__name__, "raise v_threshold")
    ratio = v / threshold
    many = np.ceil(ratio) - 1 if strict else np.floor(ratio)
    return np.where(spikes > 0, np.clip(many, 1, terms.max_spikes_per_step), 0.0)


def _reset(node: Any, terms: Terms, v: Array, spikes: Array) -> Array:
    if terms.reset == "none":
        return v
    if terms.reset == "subtract":
        return v - spikes * threshold_of(node)
    target = np.asarray(node.v_reset, np.float64) if terms.reset == "value" else 0.0
    return np.where(spikes > 0, target, v)
