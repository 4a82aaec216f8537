"""One step of a population's integers on float64 tensors, without gradients.

Every integer below ``2**53`` is exact in float64, and so are sums, products with powers of two, ``floor`` and ``trunc``
of such numbers; ``bounds`` refuses programs in which one could be larger.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population


@dataclass(frozen=True)
class Constants:
    """What a population's step reads: integers as float64, broadcastable to ``(B, *shape)``.

    ``keep_current``, ``keep_membrane``: what is kept of a state, in ``2**-decay_bits``. ``threshold``: accumulator
    units. ``bias``: state units (accumulator units of a relay).
    """

    keep_current: Tensor
    keep_membrane: Tensor
    threshold: Tensor
    bias: Tensor


@dataclass(frozen=True)
class State:
    """Current, membrane and whether a neuron has fired, ``(B, *shape)`` each."""

    current: Tensor
    membrane: Tensor
    fired: Tensor


@dataclass(frozen=True)
class Step:
    """The state after a step, what was sent, and the membrane before threshold and reset."""

    state: State
    output: Tensor
    before: Tensor


def overflow(x: Tensor, bits: int, rule: str) -> Tensor:
    """A width under an overflow rule of ``Numerics``."""
    half = 2.0 ** (bits - 1)
    if rule == "saturate":
        return torch.clamp(x, -(half - 1), half - 1)
    if rule == "clip":
        return torch.clamp(x, -half, half - 1)
    if rule == "wrap":
        return x - 2 * half * torch.floor((x + half) / (2 * half))
    return torch.where(x > half, x - 2 * half, torch.where(x <= -half, x + 2 * half, x))


def decayed(x: Tensor, keep: Tensor, numerics: Numerics) -> Tensor:
    """``x * keep / 2**decay_bits``, truncated toward zero."""
    return torch.trunc(x * keep / numerics.decay_one)


def relay(population: Population, constants: Constants, a: Tensor, numerics: Numerics) -> Tensor:
    """What a relay sends for the accumulated input ``a``."""
    total = overflow(a + constants.bias, numerics.wide_bits, numerics.wide_overflow)
    return torch.clamp(torch.round(total * 2.0**-population.shift), population.output.low, population.output.high)


def step(population: Population, constants: Constants, state: State, a: Tensor, numerics: Numerics) -> Step:
    """A population's state after a step of accumulated input ``a``, ``(B, *shape)``; it is no relay."""
    n, one = numerics, 2.0**numerics.state_shift
    drive = overflow(a * one, n.wide_bits, n.wide_overflow)
    total = overflow(decayed(state.current, constants.keep_current, n) + drive, n.wide_bits, n.wide_overflow)
    current = overflow(total, n.current_bits, n.current_overflow)
    total = decayed(state.membrane, constants.keep_membrane, n) + current + constants.bias
    total = overflow(total, n.wide_bits, n.wide_overflow)
    before = clamped(population, overflow(total, n.membrane_bits, n.membrane_overflow), one)
    if population.kind == "li":
        return Step(State(current, before, state.fired), before, before)
    spikes = count_spikes(population, before, constants.threshold * one)
    ever = state.fired
    if population.fire_once:
        spikes = torch.where(ever, 0.0, spikes)
        ever = ever | (spikes > 0)
    after = reset(population, before, spikes, constants.threshold * one, one)
    return Step(State(current, after, ever), spikes, before)


def clamped(population: Population, v: Tensor, one: float) -> Tensor:
    """The membrane within its floor and ceiling."""
    if population.floor is not None:
        v = torch.clamp(v, min=population.floor * one)
    return v if population.ceiling is None else torch.clamp(v, max=population.ceiling * one)


def count_spikes(population: Population, v: Tensor, threshold: Tensor) -> Tensor:
    """Spikes of this step, for a ``threshold`` in state units."""
    strict = population.compare == ">"
    fires = (v > threshold) if strict else (v >= threshold)
    if population.max_spikes_per_step == 1:
        return fires.to(v.dtype)
    many = torch.floor((v - float(strict)) / torch.clamp(threshold, min=1.0))
    return torch.where(fires, torch.clamp(many, 1.0, float(population.max_spikes_per_step)), 0.0)


def reset(population: Population, v: Tensor, spikes: Tensor, threshold: Tensor, one: float) -> Tensor:
    """The membrane after the spikes of this step; linear in ``v`` and ``threshold``."""
    if population.reset == "subtract":
        return v - spikes * threshold
    if population.reset == "none":
        return v
    return torch.where(spikes > 0, population.reset_value * one if population.reset == "value" else 0.0, v)
