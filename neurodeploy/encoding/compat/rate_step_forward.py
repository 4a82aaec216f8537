"""``RateStepForwardConverter`` and ``DeltaModulationConverter`` of spike-encoding 1.8.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodeploy.encoding.compat.base import BaseConverter


class RateStepForwardConverter(BaseConverter):
    """Changes of a signal as shares of a threshold per feature."""

    def __init__(self, n_feat: int, threshold: Any = None, padding: bool = True) -> None:
        super().__init__()
        values = torch.ones(1) if threshold is None else threshold
        self.n_feat, self.padding = n_feat, padding
        self.threshold = values if values.shape[0] == n_feat else torch.ones(n_feat) * values[0]

    @staticmethod
    def encode_step(current: Any, base: Any, threshold: Any) -> tuple[Any, Any]:
        """The next base, which is the value itself, and its distance to the base before in thresholds."""
        return current, (current - base) / threshold

    def encode(self, signal: Tensor, threshold: Any = None) -> Tensor:
        """Changes of ``[B, F, T]`` in thresholds, same shape; the first is 0, the second from 0 without ``padding``."""
        limit = torch.as_tensor(self.threshold if threshold is None else threshold)
        limits = (signal[:, :, 0] + limit - signal[:, :, 0]).reshape(-1).float()
        rows = signal.detach().reshape(len(limits), -1)
        before = rows[:, :-1].clone()
        if not self.padding:
            before[:, :1] = 0
        changes = torch.zeros_like(rows)
        changes[:, 1:] = (rows[:, 1:] - before) / limits[:, None]
        return changes.reshape(signal.shape)

    def optimize(self, data: Tensor) -> Tensor:
        """The largest change of each feature of ``[B, F, T]``, kept as its own; infinity fills up shorter runs."""
        changes = data.diff(dim=2).abs().swapaxes(0, 1).reshape(data.shape[1], -1)
        self.threshold = changes[:, torch.isfinite(changes[0])].max(dim=1).values
        return self.threshold

    def thresholds(self) -> Any:
        """The thresholds as an array."""
        return np.asarray(self.threshold)


class DeltaModulationConverter(BaseConverter):
    """Spikes where a signal changes by ``delta`` or more in one step. Call it: it has no ``encode``."""

    def __init__(
        self, delta: float = 0.1, normalized: bool = True, padding: bool = False, off_spike: bool = False
    ) -> None:
        super().__init__()
        self.delta, self.normalized, self.padding, self.off_spike = delta, normalized, padding, off_spike

    def forward(self, tensor: Tensor) -> Tensor:
        """``[T]`` or ``[F, T]`` to ``[2, F, T]``; the first sample is compared with 0, with ``padding`` with itself."""
        rows = torch.atleast_2d(tensor)
        if not self.normalized:
            low, high = rows.min(dim=1, keepdim=True)[0], rows.max(dim=1, keepdim=True)[0]
            rows = (rows - low) / (high - low)
        first = rows[:, :1] if self.padding else torch.zeros_like(rows[:, :1])
        change = rows - torch.cat((first, rows[:, :-1]), dim=1)
        on = (change >= self.delta).to(rows)
        return torch.stack((on, -(change <= -self.delta).to(rows) if self.off_spike else torch.zeros_like(rows)))
