"""``GymnasiumEncoder`` of spike-encoding 1.8.2, whose step coder works here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.compat.base import BaseConverter
from neurodeploy.encoding.compat.rate_step_forward import RateStepForwardConverter
from neurodeploy.encoding.compat.trains import convert
from neurodeploy.encoding.gymnasium import excite_inhibit


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
