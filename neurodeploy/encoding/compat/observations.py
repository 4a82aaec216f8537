"""``BinEncoder`` and ``GymnasiumEncoder`` of spike-encoding 1.8.2, and the spike trains that both make.

Trains have time first and draw from numpy's global generator. The step coder of ``GymnasiumEncoder`` works here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.compat.base import BaseConverter
from neurodeploy.encoding.compat.factories import ScalerFactory
from neurodeploy.encoding.compat.rate_step_forward import RateStepForwardConverter
from neurodeploy.encoding.gymnasium import excite_inhibit
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


class GymnasiumEncoder(BaseConverter):
    """Observations of a batch as trains; the step coder compares with the call before, at first with zeros."""

    def __init__(
        self,
        n_features: int,
        batch_size: int,
        seq_length: int,
        scaler: Any,
        converter_th: Any = None,
        converter: RateStepForwardConverter | None = None,
        rate_coder: bool = True,
        step_coder: bool = False,
        split_exc_inh: bool = True,
        spike_train_conversion_method: str = "deterministic",
        add_inverted_inputs: bool = False,
        max_firing_rate: float = 1.0,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.features, self.batch_size, self.seq_length = n_features, batch_size, seq_length
        self.scaler, self.converter_th, self.converter = scaler, converter_th, converter
        self.rate_coder, self.step_coder, self.split_exc_inh = rate_coder, step_coder, split_exc_inh
        self.spike_train_conversion_method = spike_train_conversion_method
        self.add_inverted_inputs, self.max_firing_rate, self.seed = add_inverted_inputs, max_firing_rate, seed
        self.reset()

    def reset(self, state: Any = None) -> None:
        """Forget the observation before, or take ``state`` for it; a seed goes to numpy's global generator."""
        if self.seed is not None:
            np.random.seed(self.seed)
        zeros = np.zeros((self.batch_size, self.features))
        self.prev_state = zeros if state is None else self.scaler.transform(np.atleast_2d(state))
        self.base = self.prev_state

    def encode(self, state: Any, return_norm: bool = False) -> Any:
        """Observations ``[B, n]`` as ``[seq_length, B, channels]``; the rates too with ``return_norm``."""
        scaled = self.scaler.transform(np.atleast_2d(state))
        parts = [*([self._changes(scaled)] if self.step_coder else []), *([scaled] if self.rate_coder else [])]
        rates = np.concatenate(parts, axis=1) if parts else np.zeros((1, 0))
        rates = excite_inhibit(rates, axis=1) if self.split_exc_inh else rates
        if self.add_inverted_inputs:
            rates = np.concatenate((rates, self.max_firing_rate - rates), axis=1)
        rates = rates * self.max_firing_rate
        trains = convert(rates, self.seq_length, self.spike_train_conversion_method)
        return (trains, rates) if return_norm else trains

    def _changes(self, scaled: NDArray[Any]) -> NDArray[Any]:
        if self.converter is None:
            raise AssertionError("the step coder needs a converter")
        self.base, change = self.converter.encode_step(scaled, self.base, self.converter_th)
        self.prev_state = scaled
        return (change / 2) + 0.5


def rate(spike_probabilities: NDArray[Any], max_t: int) -> NDArray[np.int64]:
    """Trains ``(max_t, ...)`` of ``ceil(max_t * p)`` spikes; the last step fires for any p above 0.

    The spikes of p stand at ``int((max_t * p - i) / p) - 1`` for i = 0, 1, .. while ``max_t * p > i``.
    """
    spikes = np.zeros((max_t, *spike_probabilities.shape), np.int64)
    spikes_due = (spike_probabilities * max_t).astype(np.float64)
    for i in range(int(np.ceil(spikes_due.max(initial=0)))):
        active = np.nonzero(spikes_due > i)
        place = ((spikes_due[active] - i) / spike_probabilities[active].astype(np.float64)).astype(np.int64) - 1
        spikes[(np.clip(place, 0, max_t - 1), *active)] = 1
    return spikes


def poisson(spike_probabilities: NDArray[Any], max_t: int) -> NDArray[np.int64]:
    """Random trains ``(max_t, ...)`` from numpy's global generator."""
    drawn = np.random.random((int(max_t), *spike_probabilities.shape))
    return (spike_probabilities > drawn).astype(np.int64)


def convert(probabilities: NDArray[Any], steps: int, method: str) -> NDArray[np.int64]:
    """Random trains for the method ``poisson``, even ones for any other."""
    return poisson(probabilities, steps) if method == "poisson" else rate(probabilities, steps)
