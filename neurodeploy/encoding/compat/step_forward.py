"""``StepForwardConverter`` of spike-encoding 1.8.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodeploy.encoding.compat import base
from neurodeploy.encoding.kernels import kernels
from neurodeploy.encoding.search import Search
from neurodeploy.extras import need

SPACE = {"threshold": Search(0.001, 0.5)}


class StepForwardConverter(base.ThresholdConverter):
    """Step-forward coding; see ``neurodeploy.encoding.StepForward`` for what it computes."""

    def encode(self, signal: Tensor, threshold: Any = None, down_spike: bool | None = None) -> Tensor:
        """``[T]`` or ``[F, T]`` to ``[2, F, T]``; ``[B, F, T]`` to ``[2, B, F, T]``."""
        if signal.ndim > 2:
            return self.encode_3d(signal, threshold)
        rows = signal if signal.ndim == 2 else signal.unsqueeze(0)
        trains = _encode(rows, base.for_signals(self._threshold(threshold), len(rows), "threshold"))
        if not (self.down_spike if down_spike is None else down_spike):
            trains[1] = 0
        return trains

    def encode_3d(self, signal: Tensor, threshold: Any = None) -> Tensor:
        """``[B, F, T]`` to ``[2, B, F, T]``, each threshold rounded as ``(x0 + threshold) - x0``."""
        if not self.down_spike:
            raise RuntimeError("down_spike=False is not possible for three dimensions")
        limits = _rounded(signal[:, :, 0], self._threshold_3d(threshold))
        trains = _encode(signal.reshape(-1, signal.shape[2]), limits)
        return trains.reshape(2, *signal.shape)

    def decode(self, spikes: Tensor, initial_value: Any = 0, threshold: Any = None) -> Tensor:
        """Sums of the steps ``[F, T]``, from ``initial_value``."""
        if spikes.ndim > 3:
            return self.decode_3d(spikes, initial_value, threshold)
        rows = base.one_train(spikes)
        return _decode(rows, base.for_signals(self._threshold(threshold), len(rows), "threshold"), initial_value)

    def decode_3d(self, spikes: Tensor, initial_value: Any = 0.0, threshold: Any = None) -> Tensor:
        """``[2, B, F, T]`` to ``[B, F, T]``."""
        both = spikes[0].add(spikes[1])
        limits = _rounded(both[:, :, 0], self._threshold_3d(threshold))
        start = initial_value.reshape(len(limits)) if isinstance(initial_value, Tensor) else initial_value
        return _decode(both.reshape(len(limits), -1), limits, start).reshape(both.shape)

    def optimize(
        self,
        data: Tensor,
        error_function: base.ErrorFunction = base.mean_squared_error,
        trials: int = 100,
        plot_history: bool = False,
        seed: int = 0,
    ) -> Tensor:
        """The best threshold of each row, in 0.001..0.5; kept as the converter's own."""

        def loss(row: Tensor, chosen: Any) -> Any:
            limit = torch.tensor([chosen["threshold"]])
            back = self.decode(self.encode(row, limit), initial_value=row[0], threshold=limit)
            return error_function(back, torch.atleast_2d(row))

        tuned = base.tune(data, SPACE, trials, loss, plot_history, seed)
        self.threshold = torch.tensor([row["threshold"] for row in tuned])
        return self.threshold

    def optimize_3d(
        self, data: Tensor, error_function: base.ErrorFunction = base.mean_squared_error, tolerance: float = 0.01
    ) -> Tensor:
        """The best threshold of each feature of ``[B, F, T]``, by a bounded scalar search up to its largest change."""
        search = need("scipy.optimize", "torch", "encoding").minimize_scalar
        thresholds: list[float] = []
        for feature in data.unbind(1):

            def loss(limit: float, rows: Tensor = feature) -> float:
                th = torch.tensor([limit], dtype=torch.float)
                back = self.decode(self.encode(rows, th), initial_value=rows[:, 0], threshold=th)
                return float(error_function(back, rows))

            bounds = (1e-9, float(feature.diff(dim=1).abs().max()))
            options = {"maxiter": 50, "disp": 0, "xatol": tolerance}
            thresholds.append(float(search(loss, options=options, bounds=bounds, method="bounded").x))
        self.threshold = torch.tensor(thresholds, dtype=torch.float)
        return self.threshold

    def _threshold(self, threshold: Any) -> Tensor:
        return self.threshold if threshold is None else base.given_threshold(threshold)

    def _threshold_3d(self, threshold: Any) -> Tensor:
        return self.threshold if threshold is None else torch.tensor([float(threshold)])


def _rounded(first: Tensor, threshold: Tensor) -> Tensor:
    return (first + threshold - first).reshape(-1)


def _encode(rows: Tensor, threshold: Tensor) -> Tensor:
    kind = np.float64 if rows.dtype == torch.float64 else np.float32
    return base.two_trains(kernels().step_forward(base.array(rows, kind), base.array(threshold, kind)), rows)


def _decode(rows: Tensor, threshold: Tensor, start: Any) -> Tensor:
    steps = threshold[:, None] * rows
    steps[:, 0] = start
    return torch.from_numpy(np.add.accumulate(steps.numpy(), axis=1)).to(rows)
