"""Learning without labels: spike-timing-dependent plasticity between winners, and thresholds that follow firing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

CONVERGED = 0.01
"""A layer has converged when the mean of w (1 - w) is below this. Source: Kheradpisheh et al. 2018."""


@dataclass(frozen=True)
class Plasticity:
    """What a winner's weight w changes by: ``+a_plus w (1 - w)`` or ``-a_minus w (1 - w)``, then clamped to [0, 1].

    Weights start as N(``mean``, ``std``). Source: Kheradpisheh et al. 2018, whose rates these are by default;
    :data:`IGARSS2023` has ten times as fast ones.
    """

    a_plus: float = 0.004
    a_minus: float = 0.003
    mean: float = 0.8
    std: float = 0.05

    def change(self, weight: Tensor, before: Tensor, after: float) -> Tensor:
        """The change of a kernel (inputs, kh, kw) whose neuron first fired at step ``after``.

        ``before`` (inputs, kh, kw) has the first steps at which its inputs fired, -1 where they never did. An input
        that fired no later than the neuron gains, every other one loses.
        """
        earlier = (before >= 0) & (before <= after)
        return torch.where(earlier, self.a_plus, -self.a_minus) * weight * (1.0 - weight)


IGARSS2023 = Plasticity(0.04, 0.03, 0.8, 0.01)
"""Rates and first weights of the IGARSS 2023 setting."""


@dataclass(frozen=True)
class Winner:
    """A neuron that learns: its feature map and place, and the step of its first spike."""

    feature: int
    row: int
    column: int
    step: int


def winners(times: Tensor, potentials: Tensor | None = None, radius: int = 0) -> list[Winner]:
    """Who learns from one sample: at most one neuron per feature map, and one map at a place.

    Args:
        times: first spikes (C, H, W), -1 where a neuron never fired.
        potentials: membranes before the reset at these spikes (C, H, W); the higher of two equally early spikes wins.
            Without them the lower index does.
        radius: neurons of other maps this near a winner, in rows and columns, do not win either.

    Returns:
        The winners, best first.

    Source: Kheradpisheh et al. 2018, competition within a map and between maps.
    """
    count, _, width = times.shape
    fired = times.flatten(1) >= 0
    late = torch.where(fired, times.flatten(1), torch.iinfo(torch.int64).max)
    height_of = torch.zeros_like(late, dtype=torch.float64) if potentials is None else potentials.flatten(1).double()
    first = late.amin(1, keepdim=True)
    best = torch.where((late == first) & fired, height_of, -torch.inf).argmax(1)
    candidates = [
        (int(late[feature, place]), -float(height_of[feature, place]), int(place), feature)
        for feature, place in zip(range(count), best.tolist(), strict=True)
        if bool(fired[feature].any())
    ]
    chosen: list[Winner] = []
    for step, _, place, feature in sorted(candidates):
        row, column = divmod(place, width)
        near = (max(abs(row - other.row), abs(column - other.column)) for other in chosen)
        if all(distance > radius for distance in near):
            chosen.append(Winner(feature, row, column, step))
    return chosen


def learn(weight: Tensor, before: Tensor, chosen: list[Winner], rule: Plasticity) -> Tensor:
    """The weights (C, inputs, k, k) of a 'same' convolution after its winners learned.

    ``before``: first spikes (inputs, H, W) of the layer in front, -1 where there is none; outside the plane nobody
    fires. Nothing is changed in place.
    """
    size = weight.shape[-1]
    padded = functional.pad(before, (size // 2,) * 4, value=-1)
    after = weight.clone()
    for winner in chosen:
        field = padded[:, winner.row : winner.row + size, winner.column : winner.column + size]
        change = rule.change(weight[winner.feature], field, winner.step)
        after[winner.feature] = (weight[winner.feature] + change).clamp(0.0, 1.0)
    return after


def unsettled(weight: Tensor) -> float:
    """The mean of w (1 - w): 0.25 for undecided weights, 0 where each is 0 or 1; converged below :data:`CONVERGED`."""
    return float((weight * (1.0 - weight)).mean().detach())


@dataclass
class Homeostasis:
    """A threshold per feature map that rises where the map fires and falls back to ``rest``.

    After a sample: theta_f += ``plus`` if map f won, then theta -= (theta - rest) / ``tau``. So no map learns
    everything. Source: Diehl and Cook 2015; IGARSS 2023.
    """

    threshold: Tensor
    rest: float
    plus: float
    tau: float

    @classmethod
    def at_rest(cls, maps: int, rest: float, plus: float, tau: float) -> Homeostasis:
        """All thresholds at ``rest``."""
        return cls(torch.full((maps,), rest), rest, plus, tau)

    def after(self, fired: Tensor) -> None:
        """Follow one sample in which the maps ``fired`` (C,) bool."""
        self.threshold = self.threshold + self.plus * fired.to(self.threshold.dtype)
        self.threshold = self.threshold - (self.threshold - self.rest) / self.tau
