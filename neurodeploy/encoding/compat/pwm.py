"""``PulseWidthModulation`` of spike-encoding 1.8.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodeploy.encoding.compat import base
from neurodeploy.encoding.pulse_width import crossings, interpolate, sawtooth
from neurodeploy.encoding.search import Search

SPACE = {"frequency": Search(1.0, 750.0)}
NONE = torch.tensor([])


class PulseWidthModulation(base.BaseConverter):
    """Pulse-width modulation; without an ``init_val`` row n starts from the n-th sample of row 0."""

    def __init__(
        self,
        frequency: Any = (1.0,) * 9,
        init_val: Any = (0.0,) * 9,
        min_value: Any = (0.0,) * 9,
        max_value: Any = (1.0,) * 9,
        scale_factor: Any = (1.0,) * 9,
        down_spike: bool = True,
    ) -> None:
        super().__init__()
        self.frequency = base.as_parameter(frequency, "frequency")
        self.init_val = base.as_parameter(init_val, "init_val")
        self.min_value = base.as_parameter(min_value, "min_value")
        self.max_value = base.as_parameter(max_value, "max_value")
        self.scale_factor = base.as_parameter(scale_factor, "scale_factor")
        self.down_spike = down_spike

    def encode(
        self,
        signal: Tensor,
        frequency: Tensor = NONE,
        down_spike: bool | None = None,
        isNormed: bool = False,  # noqa: N803
    ) -> Tensor:
        """``[T]`` or ``[F, T]`` to ``[2, F, T]``; the range of each signal is kept for ``decode``."""
        rows = torch.atleast_2d(signal.squeeze())
        if rows.ndim > 2:
            raise ValueError(f"only tensors of at most 2 dimensions can be encoded, and this has {rows.ndim}")
        values = rows
        if not isNormed:
            values, self.min_value, self.max_value, self.scale_factor = base.unit_range(rows)
        self.init_val = rows[0].clone()
        self.frequency = self.frequency if frequency.numel() == 0 else frequency
        if not (self.down_spike if down_spike is None else down_spike):
            raise RuntimeError("down_spike=False is not possible")
        carrier = sawtooth(np.resize(base.array(self.frequency), len(rows)), rows.shape[1])
        return base.two_trains(crossings(base.array(values), carrier, True), values.float())

    def decode(self, spikes: Tensor, init_val: Tensor = NONE) -> Tensor:
        """``[F, T]`` from the first values given, or those of the signal encoded last.

        The first values are kept after scaling, so that a second call without any scales them again.
        """
        rows = base.one_train(spikes)
        start = (self.init_val if init_val.numel() == 0 else init_val)[: len(rows)]
        if len(start) < len(rows) or len(self.frequency) < len(rows):
            raise IndexError("fewer first values or frequencies than signals")
        low, scale = self.min_value[: len(rows)], self.scale_factor[: len(rows)]
        self.init_val = scale * (start - low)
        carrier = sawtooth(base.array(self.frequency[: len(rows)]), rows.shape[1])
        lines = torch.from_numpy(interpolate(base.array(rows, np.int8), carrier, base.array(self.init_val)))
        return (lines / scale[:, None] + low[:, None]).float()

    def optimize(
        self,
        data: Tensor,
        error_function: base.ErrorFunction = base.mean_squared_error,
        trials: int = 100,
        down_spike: bool = True,
        plot_history: bool = False,
        seed: int = 0,
    ) -> Tensor:
        """The best frequency of each row, in 1..750; kept as the encoder's own."""
        self.down_spike = down_spike

        def loss(row: Tensor, chosen: Any) -> Any:
            back = self.decode(self.encode(row, torch.tensor([chosen["frequency"]]), down_spike))
            return error_function(back[0], row)

        tuned = base.tune(data, SPACE, trials, loss, plot_history, seed)
        self.frequency = torch.tensor([row["frequency"] for row in tuned])
        return self.frequency

    def sawtooth(self, freq: float, lenght: int) -> NDArray[np.float64]:
        """The carrier in double precision, 0 at the first step."""
        wave = sawtooth(np.array([freq], np.float64), lenght, np.linspace(0, 1, 1000))[0]
        wave[0] = 0
        return wave

    def moving_average(self, signal: Tensor, window_size: int) -> Tensor:
        """Means over windows that lie wholly in the signal."""
        return signal.unfold(-1, window_size, 1).mean(dim=-1)
