"""Which Lava process each population becomes.

Stock LIF and LIFReset wherever they are exact; our own HeldLIF and GradedRelay elsewhere. Between the windows of its
samples a stock neuron goes on stepping, so it may stand only where what it sends then cannot reach a later window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import largest_input
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Population, Program

from .layout import Layout

Choice = Literal["auto", "stock", "held"]
GRAIN = 1 << LOIHI2.state_shift


@dataclass(frozen=True)
class NeuronProcess:
    """A Lava neuron process and its arrays in Lava's layout; ``reason``: why it is our own model ('' if stock)."""

    process: str
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    reason: str = ""


def choose(program: Program, layouts: Mapping[str, Layout], choice: Choice) -> dict[str, NeuronProcess]:
    """The process of every population."""
    quiet = quiescent(program) if choice == "stock" else set[str]()
    return {p.name: neuron(program, p, layouts[p.name], choice, p.name in quiet) for p in program.populations}


def neuron(program: Program, population: Population, layout: Layout, choice: Choice, quiet: bool) -> NeuronProcess:
    """The process of one population."""
    if population.kind == "relay":
        return relay(population, layout)
    reasons = own_model_reasons(program, population)
    if not reasons and choice == "held":
        reasons = ["as asked"]
    if not reasons and not quiet and any(p.delay > 0 for p in program.projections if p.source == population.name):
        reasons = ["its messages travel into later steps, so it must be silent between samples"]
    if reasons:
        return held(population, layout, ", ".join(reasons))
    return stock(population, layout, quiet)


def own_model_reasons(program: Program, population: Population) -> list[str]:
    """What the population does that Lava's LIF cannot."""
    reasons = {
        "sends its membrane": population.kind == "li",
        "fires at v == threshold": population.compare == ">=" and not grain_is_whole(program, population),
        f"reset to {population.reset_value}": population.reset == "value" and population.reset_value != 0,
        "reset by subtraction": population.reset == "subtract",
        "no reset": population.reset == "none" and population.kind != "li",
        f"clamp at {population.floor} below": population.floor is not None,
        f"clamp at {population.ceiling} above": population.ceiling is not None,
        "fires once": population.fire_once,
        f"up to {population.max_spikes_per_step} spikes per step": population.max_spikes_per_step > 1,
        "initial state": has_initial_state(population),
    }
    return [reason for reason, holds in reasons.items() if holds]


def has_initial_state(population: Population) -> bool:
    """Whether the current or membrane of any neuron starts at another value than zero."""
    return bool(np.any(population.initial_membrane) or np.any(population.initial_current))


def grain_is_whole(program: Program, population: Population) -> bool:
    """Whether every membrane that can be near the threshold is a multiple of 64, so that v >= t is v > t - 1.

    Needs whole biases and no fractional decay. A membrane with memory must also never saturate below: -(2**23 - 1)
    is no multiple of 64 and would stay in the sum.
    """
    whole_grain = not np.any(np.asarray(population.bias) % GRAIN) and int(np.min(population.threshold)) >= 1
    current, membrane = decays(population)
    if not whole_grain or current not in (0, LOIHI2.decay_one) or membrane not in (0, LOIHI2.decay_one):
        return False
    if membrane == LOIHI2.decay_one:
        return True
    low, high = largest_input(program, population.name)
    driven_up = low >= 0 and high < LOIHI2.accumulator_bound and int(np.min(population.bias)) >= 0
    return driven_up and current == LOIHI2.decay_one


def decays(population: Population) -> tuple[int, int]:
    """Current and membrane decay; a stateless neuron forgets both."""
    if population.every_step:
        return LOIHI2.decay_one, LOIHI2.decay_one
    return int(np.max(population.current_decay)), int(np.max(population.membrane_decay))


def quiescent(program: Program) -> set[str]:
    """Populations that stay at zero before their first input as stock neurons: no bias here, nor in what feeds them."""
    quiet = {
        p.name for p in program.populations if own_model_reasons(program, p) or p.kind == "relay" or not np.any(p.bias)
    }
    while True:
        woken = {p.target for p in program.projections if p.source in program.by_name and p.source not in quiet}
        woken = {name for name in woken & quiet if not is_held(program, name)}
        if not woken:
            return quiet
        quiet -= woken


def is_held(program: Program, name: str) -> bool:
    """Whether a population can send nothing outside its windows."""
    population = program.by_name[name]
    return population.kind == "relay" or bool(own_model_reasons(program, population))


def bias_parts(population: Population, layout: Layout) -> dict[str, NDArray[Any]]:
    """Mantissa and the smallest exponent that holds each bias (the rules have checked that one does)."""
    bias = layout.to_lava(np.broadcast_to(np.asarray(population.bias, dtype=np.int64), population.shape))
    exponent = bias_exponent(bias)
    return {"bias_mant": (bias >> exponent).astype(np.int16), "bias_exp": exponent.astype(np.int16)}


def bias_exponent(bias: NDArray[np.int64]) -> NDArray[np.int64]:
    """Smallest exponent 0..7 whose signed 13-bit mantissa is exact; 8 where there is none."""
    limit = 1 << (LOIHI2.bias_mantissa_bits - 1)
    exponent = np.full(bias.shape, LOIHI2.bias_exponent_max + 1, dtype=np.int64)
    for candidate in range(LOIHI2.bias_exponent_max, -1, -1):
        mantissa = bias >> candidate
        fits = (mantissa << candidate == bias) & (mantissa >= -limit) & (mantissa < limit)
        exponent = np.where(fits, candidate, exponent)
    return exponent


def stock(population: Population, layout: Layout, quiet: bool) -> NeuronProcess:
    """LIF where nothing needs erasing, else LIFReset at the start of each sample."""
    current, membrane = decays(population)
    forgets = current == LOIHI2.decay_one and membrane == LOIHI2.decay_one
    parameters, arrays = threshold_parts(population, layout, lowered=population.compare == ">=")
    parameters |= {"du": current - 1, "dv": membrane}
    process = "LIF" if forgets or quiet else "LIFReset"
    return NeuronProcess(process, parameters, {**bias_parts(population, layout), **arrays})


def threshold_parts(
    population: Population, layout: Layout, *, lowered: bool = False
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """``vth`` as a parameter where all neurons share it, else as an array; one less where it is ``lowered``."""
    threshold = np.asarray(population.threshold, np.int64) - int(lowered)
    if np.all(threshold == threshold.flat[0]):
        return {"vth": int(threshold.flat[0])}, {}
    return {}, {"vth": layout.to_lava(np.broadcast_to(threshold, population.shape)).astype(np.int32)}


def held(population: Population, layout: Layout, reason: str) -> NeuronProcess:
    """HeldLIF with its rules."""
    rules = {
        "at_threshold": population.compare == ">=",
        "reset": population.reset,
        "reset_value": population.reset_value,
        "low": population.floor,
        "high": population.ceiling,
        "once": population.fire_once,
        "most": population.max_spikes_per_step,
        "afresh": population.every_step,
        "analog": population.kind == "li",
    }
    parameters, thresholds = threshold_parts(population, layout)
    parameters |= {
        "du": int(np.max(population.current_decay)) - 1,
        "dv": int(np.max(population.membrane_decay)),
        "rules": rules,
    }
    start = {"u0": population.initial_current, "v0": population.initial_membrane}
    arrays = {
        key: layout.to_lava(np.broadcast_to(np.asarray(value), population.shape)).astype(np.int32)
        for key, value in start.items()
    }
    arrays |= {**bias_parts(population, layout), **thresholds}
    return NeuronProcess("HeldLIF", parameters, arrays, reason)


def relay(population: Population, layout: Layout) -> NeuronProcess:
    """GradedRelay."""
    parameters = {"shift": population.shift, "low": population.output.low, "high": population.output.high}
    bias = np.broadcast_to(np.asarray(population.bias), population.shape)
    sign = "signed" if population.output.signed else "unsigned"
    reason = f"graded message, {population.output.width} bits {sign}"
    return NeuronProcess("GradedRelay", parameters, {"bias": layout.to_lava(bias).astype(np.int32)}, reason)
