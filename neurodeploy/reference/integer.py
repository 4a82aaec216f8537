"""One step of a population's integers. All arithmetic in int64 on arrays; widths come from the ``Numerics``.

Sources: lava-nc 0.10.0 ``PyLifModelBitAcc`` for ``loihi2``; the same order with saturation for ``int32``; xylosim 0.1.3
``v2`` for ``xylo-v2``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population

IntArray = NDArray[np.int64]
NO_WIDTH = 64
"""Bits of a width that nothing leaves, because it is known beforehand that no number comes near it (``room``)."""


def saturate(x: IntArray, bits: int) -> IntArray:
    """Clip into the symmetric range of a membrane: ``|x| <= 2**(bits-1) - 1``."""
    top = (1 << (bits - 1)) - 1
    return np.minimum(np.maximum(x, -top), top)


def clip(x: IntArray, bits: int) -> IntArray:
    """Clip into all of two's complement."""
    half = 1 << (bits - 1)
    return np.minimum(np.maximum(x, -half), half - 1)


def wrap(x: IntArray, bits: int) -> IntArray:
    """Reduce modulo ``2**bits`` into the signed range."""
    half = 1 << (bits - 1)
    return ((x + half) & ((1 << bits) - 1)) - half


def wrap_once(x: IntArray, bits: int) -> IntArray:
    """Loihi's current: one wrap only, +M stays, so very large values stay out of range."""
    m = 1 << (bits - 1)
    return np.where(x > m, x - 2 * m, np.where(x <= -m, x + 2 * m, x))


OVERFLOW: dict[str, Callable[[IntArray, int], IntArray]] = {
    "wrap": wrap,
    "wrap-once": wrap_once,
    "saturate": saturate,
    "clip": clip,
}


def overflow(x: IntArray, bits: int, rule: str) -> IntArray:
    """Apply a width under an overflow rule. Every rule leaves alone what is smaller than half of the width."""
    return x if bits == NO_WIDTH or _is_small(x, bits - 1) else OVERFLOW[rule](x, bits)


def _is_small(x: IntArray, bits: int) -> bool:
    """Whether all magnitudes are below ``2**bits``."""
    return not x.size or bool(-(1 << bits) < x.min() and x.max() < 1 << bits)


def _fits(x: IntArray, numerics: Numerics) -> bool:
    """Whether a product with a decay stays within 64 bits."""
    return numerics.membrane_bits == NO_WIDTH or _is_small(x, 62 - numerics.decay_bits)


def decay(x: IntArray, amount: int | IntArray, numerics: Numerics) -> IntArray:
    """``x`` after the decay of a step: ``x * (1 - amount / 2**decay_bits)`` truncated toward zero, or ``x - lost``."""
    if numerics.decay_rule == "shift":
        return x - lost(x, amount)
    if isinstance(amount, int) and amount == numerics.decay_one:
        return np.zeros_like(x)
    if isinstance(amount, int) and amount == 0 and _fits(x, numerics):
        return x  # of larger values the product would leave 64 bits
    keep = numerics.decay_one - np.asarray(amount, dtype=np.int64)
    return np.sign(x) * ((np.abs(x) * keep) >> numerics.decay_bits)


def lost(x: IntArray, shift: int | IntArray) -> IntArray:
    """What a decay by ``shift`` takes away from ``x``: ``floor(x / 2**shift)``, at least one unit toward zero."""
    part = x >> np.asarray(shift, dtype=np.int64)
    return np.where(part == 0, np.sign(x), part)


def shift_sum(x: IntArray, shift: int) -> IntArray:
    """Times ``2**shift``, floor for negative shifts."""
    if shift == 0:
        return x
    return x << shift if shift > 0 else x >> -shift


def round_half_even(x: IntArray, shift: int) -> IntArray:
    """Times ``2**-shift`` rounded half to even (a left shift when ``shift`` is negative)."""
    if shift <= 0:
        return x << -shift
    floor = x >> shift
    rest = x - (floor << shift)
    half = 1 << (shift - 1)
    up = (rest > half) | ((rest == half) & (floor & 1 == 1))
    return floor + up


@dataclass
class State:
    """What a population remembers between steps, each of shape (B, *shape): current, membrane, has fired."""

    u: IntArray
    v: IntArray
    fired: NDArray[np.bool_]


@dataclass(frozen=True)
class Step:
    """What one step produced: the output, and the membrane before threshold and reset."""

    output: IntArray
    v_before: IntArray


def initial_state(population: Population, batch: int) -> State:
    """The state before the first step."""
    shape = (batch, *population.shape)

    def full(value: int | IntArray) -> IntArray:
        return np.broadcast_to(np.asarray(value, dtype=np.int64), shape).copy()

    return State(full(population.initial_current), full(population.initial_membrane), np.zeros(shape, dtype=bool))


def step(population: Population, state: State, a: IntArray, numerics: Numerics) -> Step:
    """Advance ``state`` by one step, in this order: current, membrane, floor and ceiling, compare, fire-once, reset.

    Args:
        population: whose constants hold.
        state: its state before the step; it is changed.
        a: accumulated input, ``(B, *shape)``; where every event adds to the current, the current after all events.
        numerics: the machine's arithmetic.
    """
    if population.kind == "relay":
        total = overflow(a + population.bias, numerics.wide_bits, numerics.wide_overflow)
        out = np.clip(round_half_even(total, population.shift), population.output.low, population.output.high)
        return Step(out, total)
    if population.every_step:
        fresh = initial_state(population, a.shape[0])
        state.u, state.v = fresh.u, fresh.v
    n = numerics
    state.u = overflow(current_sum(population, state.u, a, n), n.current_bits, n.current_overflow)
    v = clamp(population, integrate(population, state.v, state.u, n), n)
    state.v = v
    if population.kind == "li":
        return Step(v, v)
    spikes = count_spikes(population, v, n)
    if population.fire_once:
        spikes = np.where(state.fired, 0, spikes)
        state.fired = state.fired | (spikes > 0)
    state.v = reset(population, v, spikes, n)
    return Step(spikes, v)


def current_sum(population: Population, u: IntArray, a: IntArray, numerics: Numerics) -> IntArray:
    """Decayed current ``u`` plus the shifted input ``a``, before the width of the current applies."""
    if numerics.accumulation == "events":
        return decay(a, population.current_decay, numerics)
    drive = overflow(a << numerics.state_shift, numerics.wide_bits, numerics.wide_overflow)
    total = decay(u, population.current_decay, numerics) + drive
    return overflow(total, numerics.wide_bits, numerics.wide_overflow)


def integrate(population: Population, v: IntArray, u: IntArray, numerics: Numerics) -> IntArray:
    """The membrane after decay, current and bias, in its width."""
    n = numerics
    if n.integration == "sum":
        return overflow(membrane_sum(population, v, u, n), n.membrane_bits, n.membrane_overflow)
    # xylosim negates the loss in the membrane's own width, where the negative of the least number is itself
    change = wrap(decay(v, population.membrane_decay, n) - v, n.membrane_bits)
    for term in (u, population.bias):
        change = overflow(change + term, n.wide_bits, n.wide_overflow)
    return overflow(v + change, n.membrane_bits, n.membrane_overflow)


def unlimited(population: Population, v: IntArray, u: IntArray, numerics: Numerics) -> IntArray:
    """The membrane that ``integrate`` gives where nothing saturates."""
    if numerics.integration == "sum":
        return membrane_sum(population, v, u, numerics)
    return decay(v, population.membrane_decay, numerics) + u + population.bias


def membrane_sum(population: Population, v: IntArray, u: IntArray, numerics: Numerics) -> IntArray:
    """Decayed membrane ``v`` plus the new current ``u`` and the bias, before the membrane saturates."""
    total = decay(v, population.membrane_decay, numerics) + u + population.bias
    return overflow(total, numerics.wide_bits, numerics.wide_overflow)


def clamp(population: Population, v: IntArray, numerics: Numerics) -> IntArray:
    """Apply the floor, then the ceiling, of the membrane."""
    if population.floor is not None:
        v = np.maximum(v, population.floor << numerics.state_shift)
    if population.ceiling is not None:
        v = np.minimum(v, population.ceiling << numerics.state_shift)
    return v


def count_spikes(population: Population, v: IntArray, numerics: Numerics) -> IntArray:
    """Spikes of this step: 0 or 1, or up to ``max_spikes_per_step`` thresholds above zero."""
    threshold = np.asarray(population.threshold, dtype=np.int64) << numerics.state_shift
    strict = population.compare == ">"
    fires = (v > threshold) if strict else (v >= threshold)
    if population.max_spikes_per_step == 1:
        return fires.astype(np.int64)
    many = (v - strict) // np.maximum(threshold, 1)
    return np.where(fires, np.clip(many, 1, population.max_spikes_per_step), 0)


def reset(population: Population, v: IntArray, spikes: IntArray, numerics: Numerics) -> IntArray:
    """The membrane after the spikes of this step."""
    fired = spikes > 0
    if population.reset == "zero":
        return np.where(fired, 0, v)
    if population.reset == "value":
        return np.where(fired, population.reset_value << numerics.state_shift, v)
    if population.reset == "subtract":
        return v - spikes * (np.asarray(population.threshold, dtype=np.int64) << numerics.state_shift)
    return v
