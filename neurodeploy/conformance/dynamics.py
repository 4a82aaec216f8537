"""Random neuron parameters, relative to the size of the input that reaches the neuron."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.draw import Draw
from neurodeploy.conformance.scope import STOCK, Scope, allowed
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Compare, Output, Population, Reset

IntArray = NDArray[np.int64]


def draw_neuron(
    draw: Draw, scope: Scope, name: str, shape: tuple[int, ...], size: int, biased: bool, tame: bool
) -> Population:
    """A spiking population whose threshold is still open. ``size``: typical accumulated input; ``tame``: it leaks."""
    n = scope.numerics
    current, membrane = draw_decays(draw, scope, shape), draw_decays(draw, scope, shape)
    if tame:
        current, membrane = n.decay_one, at_least(membrane, n.decay_one // 8)
    bias = draw_bias(draw, shape, size << n.state_shift, n) if biased and draw.chance(0.6) else 0
    neuron = Population(name, shape, current_decay=current, membrane_decay=membrane, bias=bias)
    return draw_own_features(draw, neuron, size, scope) if scope is not STOCK else neuron


def draw_decays(draw: Draw, scope: Scope, shape: tuple[int, ...]) -> int | IntArray:
    """A decay of all neurons, or, where the machine has them, one of each."""
    n = scope.numerics
    if not (n.per_neuron_decay and scope.arrays and draw.chance(0.3)):
        return draw_decay(draw, n)
    return draw.integers(0, n.decay_one, shape)


def at_least(decay: int | IntArray, least: int) -> int | IntArray:
    """A decay, or many, of at least so much."""
    return max(decay, least) if isinstance(decay, int) else np.maximum(decay, least)


def draw_decay(draw: Draw, n: Numerics) -> int:
    """None, full, the extremes next to them, or anything between."""
    full = n.decay_one
    kind = draw.weighted({"full": 8, "none": 4, "slow": 3, "any": 6, "edge": 2})
    if kind == "edge":
        return draw.pick((1, 2, full - 1, full // 2))
    return {"full": full, "none": 0, "slow": draw.between(1, full // 8), "any": draw.between(1, full)}[kind]


def draw_bias(draw: Draw, shape: tuple[int, ...], size: int, n: Numerics) -> int | IntArray:
    """A mantissa shifted by one exponent: one value, one per channel, or one per neuron. ``size`` in state units."""
    most = 1 << (n.bias_mantissa_bits - 1)
    least = next((e for e in range(n.bias_exponent_max) if (size >> e) < most), n.bias_exponent_max)
    exponent = draw.between(least, n.bias_exponent_max)
    mantissa = max(1, min(size >> exponent, most - 1))
    kind = draw.weighted({"one": 2, "channel": 2, "neuron": 3})
    spread = {"one": (), "channel": (shape[0],) + (1,) * (len(shape) - 1), "neuron": shape}[kind]
    low = -mantissa if draw.chance(0.6) else 0
    values = draw.integers(low, mantissa, spread) << exponent
    return int(values) if kind == "one" else np.broadcast_to(values, shape).copy()


def draw_state(draw: Draw, shape: tuple[int, ...], size: int, n: Numerics) -> int | IntArray:
    """An initial state in state units."""
    most = min(size << n.state_shift, (1 << (n.membrane_bits - 1)) - 1)
    return draw.between(-most, most) if draw.chance(0.4) else draw.integers(-most, most, shape)


def draw_own_features(draw: Draw, neuron: Population, size: int, scope: Scope) -> Population:
    """Other resets and comparisons, clamps, several spikes, initial states: what of them may occur."""
    n = scope.numerics
    most = n.threshold_max
    resets: dict[Reset, int] = {"zero": 8, "subtract": 6, "value": 3, "none": 3}
    compares: dict[Compare, int] = {">": 6, ">=": 4}
    reset = draw.weighted(allowed(resets, scope.resets))
    neuron = replace(neuron, reset=reset, compare=draw.weighted(allowed(compares, scope.compares)))
    if reset == "value":
        neuron = replace(neuron, reset_value=min(most, draw.between(-size, size // 2)))
    if scope.clamps and draw.chance(0.25):
        neuron = replace(neuron, floor=max(-most, -draw.pick((0, 0, size // 2, 2 * size))))
    if scope.clamps and draw.chance(0.15):
        neuron = replace(neuron, ceiling=min(most, size * draw.between(1, 6)))
    if scope.initial_states and draw.chance(0.2):
        neuron = replace(neuron, initial_membrane=draw_state(draw, neuron.shape, 2 * size, n))
    if scope.initial_states and draw.chance(0.15) and np.all(neuron.current_decay != 0):
        neuron = replace(neuron, initial_current=draw_state(draw, neuron.shape, size, n))
    if scope.stateless and draw.chance(0.1):
        neuron = replace(neuron, every_step=True)
    if scope.most_spikes > 1 and draw.chance(0.2):
        width = draw.between(2, 3)
        many = min(draw.between(2, (1 << width) - 1), scope.most_spikes)
        neuron = replace(neuron, max_spikes_per_step=many, output=Output("count", width))
    return neuron


def draw_readout(draw: Draw, name: str, shape: tuple[int, ...], size: int, biased: bool, n: Numerics) -> Population:
    """A leaky integrator whose membrane is the output."""
    bias = draw_bias(draw, shape, size << n.state_shift, n) if biased and draw.chance(0.4) else 0
    start = draw_state(draw, shape, size, n) if draw.chance(0.3) else 0
    output = Output("graded", n.membrane_bits, signed=True, scale=n.state_shift)
    decays = draw_decay(draw, n), draw_decay(draw, n)
    return Population(
        name, shape, "li", 0, decays[0], decays[1], bias=bias, reset="none", initial_membrane=start, output=output
    )


def draw_relay(draw: Draw, name: str, shape: tuple[int, ...], total: IntArray, biased: bool) -> Population:
    """A relay whose output about fits what arrives; it rounds, and at times saturates."""
    width = draw.between(3, 12)
    signed = bool((total < 0).any()) and draw.chance(0.85)
    largest = int(np.abs(total).max(initial=1)).bit_length()
    shift = max(-2, largest - (width - signed) - draw.weighted({0: 5, 1: 2, 2: 1}))
    bias = draw.between(-(1 << max(shift, 1)), 1 << max(shift, 1)) if biased and draw.chance(0.3) else 0
    output = Output("graded", width, signed, scale=-shift)
    return Population(name, shape, "relay", bias=bias, shift=shift, output=output)
