"""OFDM slots as they were received, and what the receiver is shown of them.

The host correlates each received sample with six estimates of the channel near it; the spiking network weighs these
correlations, which is the interpolation of the channel, and turns them into log-likelihood ratios.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SYMBOLS, SUBCARRIERS, ANTENNAS, BITS = 14, 24, 2, 2
"""OFDM symbols of a slot, subcarriers (two resource blocks), receive antennas, bits of a QPSK symbol."""
PILOTS = (2, 11)
"""OFDM symbols that carry pilots, on every subcarrier; the other twelve carry data."""
DATA = tuple(symbol for symbol in range(SYMBOLS) if symbol not in PILOTS)
OFFSETS = (-2, 0, 2)
"""Distances, in subcarriers, of the channel estimates that a sample is correlated with."""
FEATURES = 2 * len(PILOTS) * len(OFFSETS) + 1
DECIBELS = 8.0
"""A signal-to-noise ratio of this many decibels is 1.0 in the last feature."""
GRID, LOW, HIGH = 2.0**-3, -4.0, 4.0 - 2.0**-3
"""Features are six-bit numbers: multiples of ``GRID`` between ``LOW`` and ``HIGH``.

The machine's sum has to hold all features at their largest at once, so every bit less of them is one more of weights.
"""

Complex = NDArray[np.complex64]
Real = NDArray[np.float32]
Bits = NDArray[np.uint8]
BY_SLOT = ("received", "channel", "bits", "information", "noise")


@dataclass(frozen=True, eq=False)
class Slots:
    """Slots behind a channel.

    Attributes:
        received: samples behind the Fourier transform, complex64, shape (N, antennas, symbols, subcarriers).
        channel: the channel itself, same shape; only a receiver that knows it may look.
        bits: what was sent, 0 or 1, shape (N, data symbols, subcarriers, bits).
        information: what was encoded in them, 0 or 1, shape (N, half as many).
        noise: variance of the noise on each sample (``N0``; the mean energy of a symbol is 1), shape (N,).
        pilots: what the pilot symbols send, complex64, shape (pilot symbols, subcarriers).
    """

    received: Complex
    channel: Complex
    bits: Bits
    information: Bits
    noise: Real
    pilots: Complex

    def __len__(self) -> int:
        return len(self.noise)

    def __getitem__(self, chosen: slice | NDArray[Any]) -> "Slots":
        return replace(self, **{name: getattr(self, name)[chosen] for name in BY_SLOT})

    @property
    def decibels(self) -> Real:
        """Signal-to-noise ratio of a symbol at one antenna, ``Es/N0`` in dB, shape (N,)."""
        return -10 * np.log10(self.noise)


def joined(parts: list[Slots]) -> Slots:
    """All slots in one; they have the same pilots."""
    return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in BY_SLOT})


def features(slots: Slots) -> Real:
    """What the network is shown, float32, shape (N, 13, symbols, subcarriers), multiples of 1/8 in -4..3.875.

    The least-squares estimate at a pilot is ``g = y / p``. For each pilot symbol and each of three subcarriers at and
    around its own (the nearest where there is none), a sample ``y`` gives real and imaginary part of ``sum y conj(g)``
    over antennas, divided by the mean of ``sum |g|^2`` over the slot's pilots, the received power. The last feature is
    that power over the noise variance, in units of 8 dB, the same everywhere.
    """
    estimates = slots.received[:, :, list(PILOTS)] / slots.pilots
    power = (np.abs(estimates) ** 2).sum(1).mean((1, 2))
    columns = np.arange(SUBCARRIERS)
    shown: list[NDArray[Any]] = []
    for pilot in range(len(PILOTS)):
        for offset in OFFSETS:
            near = estimates[:, :, pilot][:, :, np.clip(columns + offset, 0, SUBCARRIERS - 1)]
            correlation = (slots.received * near.conj()[:, :, None]).sum(1) / power[:, None, None]
            shown += [correlation.real, correlation.imag]
    ratio = 10 * np.log10(power / slots.noise) / DECIBELS
    shown.append(np.broadcast_to(ratio[:, None, None], shown[0].shape))
    return np.clip(np.round(np.stack(shown, 1) / GRID) * GRID, LOW, HIGH).astype(np.float32)


def data_symbols(ratios: NDArray[Any]) -> NDArray[Any]:
    """The ratios of the data symbols, (N, data symbols, subcarriers, bits), of those of a whole slot."""
    return ratios[:, list(DATA)]


def save_slots(slots: Slots, path: Path) -> None:
    """Write slots as safetensors: samples as float16 pairs, bits packed. What is read again is rounded to that."""
    from safetensors.numpy import save_file

    def halves(values: Complex) -> NDArray[np.float16]:
        return np.stack([values.real, values.imag], -1).astype(np.float16)

    arrays: dict[str, NDArray[Any]] = {
        "received": halves(slots.received),
        "channel": halves(slots.channel),
        "pilots": halves(slots.pilots),
        "bits": np.packbits(slots.bits.reshape(len(slots), -1), axis=1),
        "information": np.packbits(slots.information, axis=1),
        "noise": slots.noise.astype(np.float32),
    }
    save_file(arrays, path)


def load_slots(path: Path) -> Slots:
    """The slots of a file of ``save_slots``."""
    from safetensors.numpy import load_file

    arrays: Mapping[str, NDArray[Any]] = load_file(path)

    def whole(name: str) -> Complex:
        pairs = arrays[name].astype(np.float32)
        return (pairs[..., 0] + 1j * pairs[..., 1]).astype(np.complex64)

    shape = (len(DATA), SUBCARRIERS, BITS)
    count = int(np.prod(shape))
    bits = np.unpackbits(arrays["bits"], axis=1, count=count).reshape(-1, *shape)
    information = np.unpackbits(arrays["information"], axis=1, count=count // 2)
    return Slots(whole("received"), whole("channel"), bits, information, arrays["noise"], whole("pilots"))
