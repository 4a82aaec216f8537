"""Compat gives the recorded results of spike-encoding 1.8.2: spikes equal, decoded values to 1e-6."""

from pathlib import Path

import numpy as np
import pytest
import torch

from neurodeploy.encoding import compat

pytestmark = pytest.mark.usefixtures("kernels")


@pytest.fixture(scope="module")
def golden():
    with np.load(Path(__file__).parents[1] / "golden" / "spike_encoding_1.8.2.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


def close(values, expected):
    np.testing.assert_allclose(np.asarray(values), np.asarray(expected), rtol=0, atol=1e-6)


def test_step_forward(golden):
    coder = compat.StepForwardConverter(golden["sf_th"])
    assert torch.equal(coder.encode(golden["x"]), golden["sf_spk"])
    close(coder.decode(golden["sf_spk"], golden["x"][:, 0]), golden["sf_dec"])


def test_lif(golden):
    coder = compat.LIFBasedEncoding(golden["lif_th"], golden["lif_mc"])
    assert torch.equal(coder.encode(golden["x"]), golden["lif_spk"])
    close(coder.decode(golden["lif_spk"]), golden["lif_dec"])


def test_pulse_width(golden):
    coder = compat.PulseWidthModulation(golden["pwm_f"])
    assert torch.equal(coder.encode(golden["x"]), golden["pwm_spk"])
    close(coder.decode(golden["pwm_spk"], golden["x"][:, 0]), golden["pwm_dec"])


def test_bens_spiker(golden):
    how = {"filter_order": golden["bsa_order"], "filter_cutoff": golden["bsa_cut"]}
    coder = compat.BensSpikerAlgorithm(golden["bsa_th"], **how)
    assert torch.equal(coder.encode(golden["x"]), golden["bsa_spk"])
    close(coder.decode(golden["bsa_spk"]), golden["bsa_dec"])


def test_trains(golden):
    assert np.array_equal(compat.rate(golden["rate_p"].numpy(), 20), golden["rate_spk"].numpy())
    coder = compat.BinEncoder(25, [-2, -5], [2, 5], "deterministic", n_bins=5, sigma=0.3)
    trains = coder.encode([1.1, -2.0])
    assert np.array_equal(trains.sum(axis=0), golden["bin_spk"].sum(axis=0))
    # One spike stands at a whole quotient, so that the last bit of the machine's exp puts it a step earlier or later.
    assert np.count_nonzero(trains != golden["bin_spk"].numpy()) in (0, 2)
