"""``LIFBasedEncoding`` of spike-encoding 1.8.2."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from neurodeploy.encoding.compat import base
from neurodeploy.encoding.kernels import kernels
from neurodeploy.encoding.search import Search

SPACE = {"threshold": Search(0.1, 0.6), "membrane_constant": Search(0.1, 0.5)}


class LIFBasedEncoding(base.ThresholdConverter):
    """A leaky integrator whose baseline is a signal's second sample until its first spike; it never fires before it."""

    def encode(
        self,
        signal: Tensor,
        threshold: Any = None,
        membrane_constant: Tensor | None = None,
        down_spike: bool | None = None,
    ) -> Tensor:
        """``[T]`` or ``[F, T]`` to ``[2, F, T]``; the range of each signal is kept for ``decode``."""
        if signal.ndim > 2:
            raise AttributeError("'LIFBasedEncoding' object has no attribute 'encode_3d'")
        unit, self.min_value, self.max_value, self.scale_factor = base.unit_range(torch.atleast_2d(signal))
        values = (unit * 2 - 1).float()
        self.initial_value = values[:, 0].clone()
        limit, constant = self._own(threshold, membrane_constant, len(values))
        spikes = kernels().leaky(base.array(values), base.array(limit), base.array(constant), True)
        trains = base.two_trains(spikes, values)
        if not (self.down_spike if down_spike is None else down_spike):
            trains[1] = 0
        return trains

    def decode(
        self, spikes: Tensor, initial_value: Any = None, threshold: Any = None, membrane_constant: Tensor | None = None
    ) -> Tensor:
        """``[F, T]`` in the range of the signal encoded last; ``initial_value`` has no effect."""
        rows = base.one_train(spikes)
        limit, constant = self._own(threshold, membrane_constant, len(rows))
        steps = (limit[:, None] * rows).float()
        steps[:, 0] = 0
        sums = torch.from_numpy(kernels().decay_sum(base.array(steps), base.array(constant)))
        scale, low = self.scale_factor[: len(rows), None].float(), self.min_value[: len(rows), None].float()
        return ((sums + 1) / 2) / scale + low

    def optimize(
        self,
        data: Tensor,
        error_function: base.ErrorFunction = base.mean_squared_error,
        trials: int = 100,
        plot_history: bool = False,
        seed: int = 0,
    ) -> tuple[Tensor, Tensor]:
        """The best threshold (0.1..0.6) and membrane constant (0.1..0.5) of each row; kept as the encoder's own."""

        def loss(row: Tensor, chosen: Any) -> Any:
            limit, constant = (torch.tensor([chosen[name]]) for name in SPACE)
            spikes = self.encode(row, limit, constant)
            back = self.decode(spikes, threshold=limit, membrane_constant=constant)
            return error_function(back, torch.atleast_2d(row))

        tuned = base.tune(data, SPACE, trials, loss, plot_history, seed)
        self.threshold, self.membrane_constant = (torch.tensor([row[name] for row in tuned]) for name in SPACE)
        return self.threshold, self.membrane_constant

    def _own(self, threshold: Any, constant: Tensor | None, count: int) -> tuple[Tensor, Tensor]:
        limit = self.threshold if threshold is None else base.given_threshold(threshold)
        decay = base.first_for_all(self.membrane_constant if constant is None else constant, count, "membrane_constant")
        if len(decay) > count:
            raise RuntimeError(f"{len(decay)} membrane constants for {count} signals")
        return base.for_signals(limit, count, "threshold"), decay
