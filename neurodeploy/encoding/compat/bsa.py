"""``BensSpikerAlgorithm`` of spike-encoding 1.8.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodeploy.encoding.bens_spiker import low_pass, taken_off
from neurodeploy.encoding.compat import base
from neurodeploy.encoding.search import Search

SPACE = {
    "filter_order": Search(35, 50, integer=True),
    "filter_cutoff": Search(0.001, 0.25),
    "threshold": Search(0.4, 1.1),
}
NONE = torch.tensor([])


class BensSpikerAlgorithm(base.BaseConverter):
    """Ben's spiker algorithm without the filter's first tap and the signal's first sample."""

    def __init__(
        self,
        threshold: Any = (0.5,) * 7,
        down_spike: bool = True,
        min_value: Any = None,
        max_value: Any = None,
        scale_factor: Any = None,
        filter_order: Any = (10,) * 7,
        filter_cutoff: Any = (0.2,) * 7,
    ) -> None:
        super().__init__()
        self.threshold = base.as_parameter(threshold, "threshold")
        self.filter_order = base.as_parameter(filter_order, "filter_order", torch.int)
        self.filter_cutoff = base.as_parameter(filter_cutoff, "filter_cutoff")
        self.down_spike = down_spike
        self.min_value, self.max_value, self.scale_factor = min_value, max_value, scale_factor

    def encode(
        self,
        signal: Tensor,
        filter_order: Tensor = NONE,
        filter_cutoff: Tensor = NONE,
        threshold: Tensor = NONE,
        isNormed: bool = False,  # noqa: N803
    ) -> Tensor:
        """``[T]`` or ``[F, T]`` to 0 and 1 ``[F, T]``; range and parameters are kept for ``decode``."""
        rows = torch.atleast_2d(signal.squeeze())
        values = rows
        if not isNormed:
            values, self.min_value, self.max_value, self.scale_factor = base.unit_range(rows)
        arguments = {"filter_order": filter_order, "filter_cutoff": filter_cutoff, "threshold": threshold}
        for name, value in arguments.items():
            chosen = getattr(self, name) if value.numel() == 0 else value
            if len(chosen) < len(rows):
                raise ValueError(f"{name} has {len(chosen)} values for {len(rows)} signals")
            setattr(self, name, chosen[: len(rows)])
        limit = base.array(self.threshold)
        spikes = taken_off(base.array(values), base.array(self.filter_order), base.array(self.filter_cutoff), limit, 1)
        return torch.from_numpy(spikes).float()

    def decode(self, spikes: Tensor) -> list[list[float]]:
        """The signals as lists, in the range of those encoded last; 0 before half the filter's length."""
        rows = base.array(torch.atleast_2d(spikes.squeeze()))
        sums = np.zeros_like(rows)
        for row, (order, cutoff) in enumerate(zip(self.filter_order, self.filter_cutoff, strict=True)):
            taps = low_pass(int(order), float(cutoff))
            half = len(taps) // 2
            around = np.concatenate((np.zeros(2 * half, np.float32), rows[row], np.zeros(2 * half + 1, np.float32)))
            for j, tap in enumerate(taps):
                sums[row, half:] += around[half + j + 1 : rows.shape[1] + j + 1] * tap
        scale, low = self.scale_factor[: len(rows), None].float(), self.min_value[: len(rows), None].float()
        back = torch.from_numpy(sums) / scale + low
        return back.tolist()

    def optimize(
        self,
        data: Tensor,
        trials: int = 100,
        error_function: base.ErrorFunction = base.mean_squared_error,
        plot_history: bool = False,
        seed: int = 0,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The best order (35..50), cut-off (0.001..0.25) and threshold (0.4..1.1) of each row; kept as its own."""

        def loss(row: Tensor, chosen: Any) -> Any:
            order = torch.tensor([int(chosen["filter_order"])], dtype=torch.int)
            cutoff, limit = (torch.tensor([chosen[name]]) for name in ("filter_cutoff", "threshold"))
            return error_function(torch.tensor(self.decode(self.encode(row, order, cutoff, limit)))[0], row)

        tuned = base.tune(data, SPACE, trials, loss, plot_history, seed)
        self.filter_order = torch.tensor([int(row["filter_order"]) for row in tuned], dtype=torch.int)
        self.filter_cutoff, self.threshold = (
            torch.tensor([row[name] for row in tuned]) for name in ("filter_cutoff", "threshold")
        )
        return self.filter_order, self.filter_cutoff, self.threshold
