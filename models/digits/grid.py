"""Rounding onto the 8-bit power-of-two grid of fixed-point hardware, straight-through for gradients.

What a spike adds to the membrane is the *effective* weight ``dt * tau_mem_inv * W``. On the grid it is ``m * 2^-k``
with an integer mantissa ``m`` in -127..127. A message counts in units of ``2^-message_bits``, so the accumulator of the
layer counts in units of ``2^-(k + message_bits)``, and that is the grain of the effective bias.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from .network import GAIN

MANTISSA = 127
"""Largest magnitude of a weight mantissa."""
MESSAGE_BITS: Mapping[str, int] = {"conv1": 4, "conv2": 0, "fc1": 0, "fc2": 0}
"""Fractional bits of the messages into each layer: pixels are multiples of 1/16, everything after them is binary."""


def scale_bits(weight: Tensor) -> int:
    """The layer's ``k``: the largest integer with ``max |round(dt * tau_mem_inv * W * 2^k)| <= 127``.

    Args:
        weight: weights as PyTorch holds them, any shape.

    Raises:
        ValueError: if every weight is zero or one is not finite.
    """
    peak = GAIN * float(weight.detach().abs().max())
    if not 0.0 < peak < float("inf"):
        raise ValueError(f"largest effective weight is {peak}; a scale needs it finite and above zero")
    mantissa, exponent = torch.frexp(torch.tensor(peak, dtype=torch.float64))
    fits = float(mantissa) * 128 < MANTISSA + 0.5
    return (7 if fits else 6) - int(exponent)


def mantissas(value: Tensor, bits: int) -> Tensor:
    """``round(dt * tau_mem_inv * value * 2^bits)``, ties to even, int64, same shape."""
    return torch.round(value.detach().double() * (GAIN * 2.0**bits)).long()


def round_straight_through(value: Tensor, bits: int) -> Tensor:
    """``value`` with its effective part on the grid ``2^-bits``; the gradient passes as if nothing had been rounded."""
    rounded = mantissas(value, bits).to(value.dtype) / (GAIN * 2.0**bits)
    return value + (rounded - value).detach()


def rounded_parameters(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All weights and biases of a ``DigitsNet`` on their grids, by the names of its state dict; differentiable.

    Args:
        parameters: ``<layer>.weight`` and ``<layer>.bias`` for every layer in ``MESSAGE_BITS``.

    Returns:
        The same names; a second rounding changes nothing.

    Raises:
        KeyError: if a layer is missing.
        ValueError: as ``scale_bits``.
    """
    rounded: dict[str, Tensor] = {}
    for layer, message_bits in MESSAGE_BITS.items():
        weight, bias = parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]
        bits = scale_bits(weight)
        rounded[f"{layer}.weight"] = round_straight_through(weight, bits)
        rounded[f"{layer}.bias"] = round_straight_through(bias, bits + message_bits)
    return rounded
