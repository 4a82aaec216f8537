"""``BinEncoder`` of spike-encoding 1.8.2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.compat.base import BaseConverter
from neurodeploy.encoding.compat.factories import ScalerFactory
from neurodeploy.encoding.compat.trains import convert
from neurodeploy.encoding.population import fields


class BinEncoder(BaseConverter):
    """Gaussian receptive fields, normalized over the bins of a feature; it seeds numpy's global generator with 42."""

    def __init__(
        self,
        seq_length: int,
        min_values: Any,
        max_values: Any,
        spike_train_conversion_method: str = "poisson",
        n_bins: int = 10,
        max_firing_rate: float = 1.0,
        sigma: float = 0.1,
    ) -> None:
        super().__init__()
        self.seq_length, self.n_bins, self.sigma = seq_length, n_bins, sigma
        self.scaler = ScalerFactory().from_known_values(min_values, max_values)
        self.spike_train_conversion_method = spike_train_conversion_method
        self.max_firing_rate = max_firing_rate
        self.seed = 42
        np.random.seed(self.seed)

    def encode(self, state: Any) -> NDArray[np.int64]:
        """One observation ``[n]``, or the first of a batch, as ``[seq_length, 1, n * n_bins]``."""
        scaled = self.scaler.transform(np.atleast_2d(state))[0]
        rates = fields(scaled, self.n_bins, self.sigma, normalized=True).reshape(1, -1) * self.max_firing_rate
        return convert(rates, self.seq_length, self.spike_train_conversion_method)
