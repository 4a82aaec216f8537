"""The link: 5G NR slots through a fading channel, and the receivers to compare with, all of Sionna's physical layer.

Needs the extra ``sionna``, which is imported when a ``Link`` is made. QPSK on 12 of 14 OFDM symbols of 24 subcarriers
(30 kHz), pilots on the other two, one transmit and two receive antennas, channel TDL-C of 3GPP TR 38.901 with a delay
spread of 300 ns at 3.5 GHz and up to 10 m/s; a slot is one block of the 5G LDPC code of rate 1/2.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodeploy.extras import need

from .slots import ANTENNAS, BITS, DATA, PILOTS, SUBCARRIERS, SYMBOLS, Slots

CODED = len(DATA) * SUBCARRIERS * BITS
"""Bits of a slot."""
INFORMATION = CODED // 2
SPACING, CARRIER, SPREAD, SPEED = 30e3, 3.5e9, 300e-9, 10.0
"""Subcarrier spacing and carrier in Hz, root-mean-square delay spread in s, largest speed in m/s."""
PROFILE = "C"
BASELINES = ("known channel", "LMMSE estimate", "LS estimate")


class Link:
    """Sender, channel, and conventional receivers with an LMMSE equalizer. Raises UnavailableError without Sionna."""

    def __init__(self) -> None:
        phy = self._phy = need("sionna.phy", "sionna", "the OFDM link of spikingrx")
        channel, fec, mapping, mimo, ofdm = phy.channel, phy.fec, phy.mapping, phy.mimo, phy.ofdm
        phy.config.seed = 0  # of the pilots
        self.grid = ofdm.ResourceGrid(
            SYMBOLS, SUBCARRIERS, SPACING, pilot_pattern="kronecker", pilot_ofdm_symbol_indices=list(PILOTS)
        )
        streams = mimo.StreamManagement(np.array([[1]]), 1)
        self._source = mapping.BinarySource()
        self._encoder = fec.ldpc.LDPC5GEncoder(INFORMATION, CODED, num_bits_per_symbol=BITS)
        self._decoder = fec.ldpc.LDPC5GDecoder(self._encoder, hard_out=True, num_iter=20)
        self._mapper = mapping.Mapper("qam", BITS)
        self._on_grid = ofdm.ResourceGridMapper(self.grid)
        fading = channel.tr38901.TDL(PROFILE, SPREAD, CARRIER, max_speed=SPEED, num_rx_ant=ANTENNAS)
        self._channel = channel.OFDMChannel(fading, self.grid, return_channel=True)
        covariances = self._covariances()
        self._estimators: dict[str, Any] = {
            "LMMSE estimate": ofdm.LMMSEChannelEstimator(self.grid, *covariances),
            "LS estimate": ofdm.LSChannelEstimator(self.grid, interpolation_type="lin"),
        }
        self._equalizer = ofdm.LMMSEEqualizer(self.grid, streams)
        self._demapper = mapping.Demapper("app", "qam", BITS)

    def _covariances(self) -> tuple[Any, Any]:
        """Of the channel over time, for a speed evenly drawn up to the largest, and over frequency."""
        ofdm, duration = self._phy.ofdm, 1 / SPACING
        speeds = np.linspace(0.05, 0.95, 10) * SPEED
        time = [ofdm.tdl_time_cov_mat(PROFILE, float(speed), CARRIER, duration, SYMBOLS) for speed in speeds]
        return torch.stack(time).mean(0), ofdm.tdl_freq_cov_mat(PROFILE, SPACING, SUBCARRIERS, SPREAD)

    def slots(self, count: int, decibels: float | NDArray[np.floating], seed: int) -> Slots:
        """``count`` slots of coded random bits at ``Es/N0`` in dB, one number or one per slot, drawn by ``seed``."""
        self._phy.config.seed = seed
        ratio = np.broadcast_to(np.asarray(decibels, np.float32), (count,))
        noise = (10 ** (-ratio / 10)).astype(np.float32)
        with torch.no_grad():
            information = self._source([count, 1, 1, INFORMATION])
            coded = self._encoder(information)
            received, channel = self._channel(self._on_grid(self._mapper(coded)), torch.from_numpy(noise))
        shape = (count, ANTENNAS, SYMBOLS, SUBCARRIERS)
        bits = coded.numpy().astype(np.uint8).reshape(count, len(DATA), SUBCARRIERS, BITS)
        pilots = self.grid.pilot_pattern.pilots.numpy().reshape(len(PILOTS), SUBCARRIERS)
        sent = information.numpy().astype(np.uint8).reshape(count, INFORMATION)
        return Slots(received.numpy().reshape(shape), channel.numpy().reshape(shape), bits, sent, noise, pilots)

    def baseline(self, slots: Slots, receiver: str) -> NDArray[np.float32]:
        """Ratios of one of ``BASELINES``, (N, data symbols, subcarriers, bits)."""
        received = torch.from_numpy(slots.received).reshape(len(slots), 1, ANTENNAS, SYMBOLS, SUBCARRIERS)
        noise = torch.from_numpy(slots.noise)
        with torch.no_grad():
            if receiver == "known channel":
                shape = (len(slots), 1, ANTENNAS, 1, 1, SYMBOLS, SUBCARRIERS)
                channel, error = torch.from_numpy(slots.channel).reshape(shape), torch.zeros(shape)
            else:
                channel, error = self._estimators[receiver](received, noise)
            symbols, effective = self._equalizer(received, channel, error, noise)
            ratios: Tensor = self._demapper(symbols, effective)
        return ratios.numpy().reshape(slots.bits.shape)

    def coded_errors(self, ratios: NDArray[np.floating], slots: Slots) -> float:
        """Bit error rate of the information behind the LDPC decoder (belief propagation, 20 iterations)."""
        flat = torch.from_numpy(np.clip(ratios, -30, 30).astype(np.float32)).reshape(len(slots), CODED)
        with torch.no_grad():
            decided = self._decoder(flat).numpy()
        return float(np.mean(decided != slots.information))
