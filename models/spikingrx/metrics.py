"""What a receiver is judged by: bit errors, what they are in theory, and how much a ratio says about its bit."""

import math

import numpy as np
from numpy.typing import NDArray

from .slots import DATA, Slots, data_symbols

Array = NDArray[np.float64]


def bit_errors(ratios: NDArray[np.floating], bits: NDArray[np.uint8]) -> float:
    """Share of bits decided wrongly: a ratio above zero, ``log P(1) / P(0)``, says 1."""
    return float(np.mean((ratios > 0) != (bits > 0)))


def mutual_information(ratios: NDArray[np.floating], bits: NDArray[np.uint8]) -> float:
    """Bits of information per bit that a decoder gets which takes the ratios at their word; below zero if they lie.

    ``1 - mean log2(1 + exp(-s L))`` with ``s`` +1 for a 1 and -1 for a 0, for bits that are equally likely.
    """
    signed = np.where(bits > 0, ratios, -ratios).astype(np.float64)
    return float(1 - np.mean(np.logaddexp(0.0, -signed)) / math.log(2))


def rayleigh_qpsk(decibels: float, antennas: int) -> float:
    """Bit error rate of QPSK with the channel known, over independent Rayleigh fading at each antenna, combined.

    ``decibels``: ``Es/N0`` at one antenna; each of two bits has half. Source: Proakis, Digital Communications,
    equation 14.4-15: ``((1 - m) / 2)^L sum_k C(L - 1 + k, k) ((1 + m) / 2)^k`` with ``m = sqrt(g / (1 + g))``.
    """
    ratio = 10 ** (decibels / 10) / 2
    m = math.sqrt(ratio / (1 + ratio))
    terms = (math.comb(antennas - 1 + k, k) * ((1 + m) / 2) ** k for k in range(antennas))
    return ((1 - m) / 2) ** antennas * sum(terms)


def known_channel(slots: Slots) -> NDArray[np.float32]:
    """Exact ratios of a receiver that knows the channel, (N, data symbols, subcarriers, bits).

    Maximum-ratio combining, ``L = -2 sqrt(2) Re(z) / N0`` for the first bit and ``Im(z)`` for the second, with
    ``z = sum y conj(h)`` over antennas: QPSK of 3GPP TS 38.211, section 5.1.3.
    """
    combined = (slots.received * slots.channel.conj()).sum(1)
    pairs = np.stack([combined.real, combined.imag], -1)
    return data_symbols(-2 * math.sqrt(2) * pairs / slots.noise[:, None, None, None]).astype(np.float32)


def expected_errors(slots: Slots) -> tuple[float, float]:
    """Bit error rate of ``known_channel`` in theory for these very channels, and its standard deviation.

    Each bit is wrong with ``Q(sqrt(sum |h|^2 / N0))``; noise is independent, so the variances of the bits add.
    """
    gain = (np.abs(slots.channel) ** 2).sum(1)[:, list(DATA)] / slots.noise[:, None, None]
    wrong = np.array([0.5 * math.erfc(math.sqrt(float(x) / 2)) for x in gain.ravel()])
    bits = wrong.size * slots.bits.shape[-1]
    return float(wrong.mean()), float(np.sqrt((wrong * (1 - wrong)).mean() / bits))


def decibels_at(rate: float, decibels: Array, rates: Array) -> float:
    """Where a curve of falling error rates crosses ``rate``, between points linear in dB and in the rate's logarithm.

    NaN where it does not.
    """
    logs = np.log10(np.maximum(rates, 1e-9))
    for i in range(len(rates) - 1):
        if rates[i] >= rate > rates[i + 1]:
            share = (logs[i] - math.log10(rate)) / (logs[i] - logs[i + 1])
            return float(decibels[i] + share * (decibels[i + 1] - decibels[i]))
    return math.nan
