"""A population whose threshold and bias are learned, stepped in integers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from neurodeploy.gradients import fired, on_grid, straight
from neurodeploy.numerics import Numerics
from neurodeploy.passes.grid import bias_limit, round_bias
from neurodeploy.program.population import Population
from neurodeploy.torch import integers
from neurodeploy.torch.integers import Constants, State, Step

FINENESS = 64
"""Parameters of threshold and bias count in the power of two that is about this part of the starting threshold."""


class Neurons(nn.Module):
    """The neurons of a population.

    ``threshold``, ``bias``: one number, one per channel, or one per neuron, in ``unit`` accumulator units; parameters
    where they are learned and lie on the machine's grid.
    """

    threshold: Tensor
    bias: Tensor
    keep_current: Tensor
    keep_membrane: Tensor

    def __init__(
        self, population: Population, numerics: Numerics, learned: Collection[str] = (), sharpness: float = 10.0
    ) -> None:
        super().__init__()
        self.population, self.numerics, self.sharpness = population, numerics, sharpness
        self.learned = {*learned} & _learnable(population, numerics)
        typical = 2.0**population.scale if population.kind == "li" else float(np.mean(np.asarray(population.threshold)))
        self.unit = 2.0 ** np.floor(np.log2(max(typical / FINENESS, 1.0))) if self.learned else 1.0
        self.state_unit = self.unit * (1.0 if population.kind == "relay" else 2.0**numerics.state_shift)
        bias = np.asarray(population.bias, np.float64)
        if "bias" in self.learned and bias.ndim == 0:
            bias = np.full(population.shape[:1] + (1,) * (len(population.shape) - 1), float(bias))
        self._hold("threshold", _by_channel(population.threshold) / self.unit)
        self._hold("bias", _by_channel(bias) / self.state_unit)
        one = numerics.decay_one
        for name in ("current", "membrane"):
            decay = np.asarray(getattr(population, f"{name}_decay"), np.float64)
            self.register_buffer(f"keep_{name}", torch.as_tensor(one - decay), persistent=False)

    def _hold(self, name: str, values: NDArray[np.float64]) -> None:
        tensor = torch.as_tensor(values, dtype=torch.float64).clone()
        if name in self.learned:
            self.register_parameter(name, nn.Parameter(tensor))
        else:
            self.register_buffer(name, tensor)

    def constants(self) -> Constants:
        """Integers of this moment, with the gradient of the parameters."""
        threshold, bias = self.threshold.double() * self.unit, self.bias.double() * self.state_unit
        if "threshold" in self.learned:
            threshold = on_grid(threshold, 1.0, float(self.numerics.threshold_max))
        if "bias" in self.learned:
            rounded = round_bias(bias.detach().cpu().numpy(), self.numerics).astype(np.float64)
            bias = straight(torch.as_tensor(rounded, device=bias.device), bias)
        return Constants(self.keep_current, self.keep_membrane, threshold, bias)

    def current(self) -> Population:
        """The population with the integers as they are now."""
        with torch.no_grad():
            constants = self.constants()
        spread = {name: _integers(getattr(constants, name), self.population.shape) for name in self.learned}
        return replace(self.population, **spread)

    def start(self, batch: int, device: torch.device) -> State:
        """The state before the first step."""
        shape = (batch, *self.population.shape)

        def full(value: int | NDArray[np.int64]) -> Tensor:
            return torch.as_tensor(np.asarray(value, np.float64), device=device).expand(shape)

        p = self.population
        fresh = torch.zeros(shape, dtype=torch.bool, device=device)
        return State(full(p.initial_current), full(p.initial_membrane), fresh)

    def forward(self, constants: Constants, state: State, a: Tensor) -> Step:
        """A step of accumulated input ``a``, ``(B, *shape)``: integers, with surrogate gradients where asked for."""
        p, n = self.population, self.numerics
        if p.kind == "relay":
            with torch.no_grad():
                exact = integers.relay(p, constants, a, n)
            out = straight(exact, (a + constants.bias) * 2.0**-p.shift)
            return Step(state, out, out)
        if p.every_step:
            state = replace(self.start(len(a), a.device), fired=state.fired)
        with torch.no_grad():
            exact = integers.step(p, constants, state, a, n)
        return self._with_gradient(exact, constants, state, a) if torch.is_grad_enabled() else exact

    def _with_gradient(self, exact: Step, constants: Constants, state: State, a: Tensor) -> Step:
        """The values of ``exact`` with the gradients of the step in real numbers; resets are not differentiated."""
        p, one, decay_one = self.population, 2.0**self.numerics.state_shift, float(self.numerics.decay_one)
        current = straight(exact.state.current, constants.keep_current / decay_one * state.current + a * one)
        smooth = constants.keep_membrane / decay_one * state.membrane + current + constants.bias
        before = straight(exact.before, smooth)
        if p.kind == "li":
            return Step(State(current, before, exact.state.fired), before, before)
        threshold = constants.threshold * one
        scale = torch.clamp(threshold, min=1.0)
        distance = (before - threshold * torch.clamp(exact.output, min=1.0)) / scale.detach()
        spikes = fired(exact.output, distance, self.sharpness)
        after = integers.reset(p, before, exact.output, threshold, one)
        return Step(State(current, straight(exact.state.membrane, after), exact.state.fired), spikes, before)


def _learnable(population: Population, numerics: Numerics) -> set[str]:
    """What may be learned of a population: what it has, where it lies on the machine's grid."""
    if population.kind == "relay" or population.every_step:
        return set()
    threshold, bias = np.asarray(population.threshold), np.asarray(population.bias)
    fits = population.kind != "li" and np.all((threshold >= 1) & (threshold <= numerics.threshold_max))
    rounded = np.abs(bias).max(initial=0) <= bias_limit(numerics) and np.array_equal(round_bias(bias, numerics), bias)
    return ({"threshold"} if fits else set()) | ({"bias"} if rounded else set())


def _by_channel(value: Any) -> NDArray[np.float64]:
    """One number per channel where a map of ``(C, *space)`` has no more; else as it is."""
    values = np.asarray(value, np.float64)
    if values.ndim < 2:
        return values
    rows = values.reshape(len(values), -1)
    if np.all(rows == rows[:, :1]):
        return rows[:, :1].reshape(-1, *[1] * (values.ndim - 1))
    return values


def _integers(values: Tensor, shape: tuple[int, ...]) -> int | NDArray[np.int64]:
    whole = values.cpu().numpy().astype(np.int64)
    if np.all(whole == whole.flat[0]):
        return int(whole.flat[0])
    return np.ascontiguousarray(np.broadcast_to(whole, shape))
