"""The slots that the receiver is shown, and what receivers are judged by."""

import math

import numpy as np
import pytest
from neurodeploy.models.spikingrx import PRESETS, stimulus
from neurodeploy.models.spikingrx.metrics import (
    bit_errors,
    decibels_at,
    expected_errors,
    known_channel,
    mutual_information,
    rayleigh_qpsk,
)
from neurodeploy.models.spikingrx.presets import held_out
from neurodeploy.models.spikingrx.slots import DATA, PILOTS, features, joined, load_slots, save_slots

from neurodeploy.extras import has

SLOTS = held_out()


@pytest.mark.parametrize("decibels", [0, 3, 6, 9])
def test_errors_of_a_receiver_that_knows_the_channel_are_those_of_theory(decibels):
    chosen = SLOTS[np.flatnonzero(np.abs(SLOTS.decibels - decibels) < 0.1)]
    rate, deviation = expected_errors(chosen)
    assert len(chosen) == 8
    assert bit_errors(known_channel(chosen), chosen.bits) == pytest.approx(rate, abs=4 * deviation)


def test_theory_of_fading_channels_against_the_known_values():
    gain = 10 ** (8 / 10) / 2
    assert rayleigh_qpsk(8, 1) == pytest.approx(0.5 * (1 - math.sqrt(gain / (1 + gain))), rel=1e-12)
    fading = np.random.default_rng(0).exponential(gain, (200_000, 2)).sum(1)
    drawn = 0.5 * np.mean([math.erfc(math.sqrt(x)) for x in fading])
    assert rayleigh_qpsk(8, 2) == pytest.approx(drawn, rel=0.03)


def test_mutual_information_of_ratios_that_know_nothing_everything_and_lie():
    bits = np.array([0, 1, 1, 0], np.uint8)
    signs = np.where(bits > 0, 1.0, -1.0)
    assert mutual_information(0 * signs, bits) == pytest.approx(0)
    assert mutual_information(50 * signs, bits) == pytest.approx(1)
    assert mutual_information(-5 * signs, bits) < -5
    level = np.random.default_rng(1).normal(2, 2, 100_000)  # ratios of a Gaussian channel: variance twice the mean
    assert mutual_information(level, np.ones(100_000, np.uint8)) == pytest.approx(0.486, abs=0.01)


def test_where_a_curve_crosses_a_rate():
    points, rates = np.array([0.0, 2.0, 4.0]), np.array([1e-1, 1e-3, 1e-4])
    assert decibels_at(1e-2, points, rates) == pytest.approx(1.0)
    assert math.isnan(decibels_at(1e-5, points, rates))


def test_features_are_correlations_on_their_grid():
    shown = features(SLOTS)
    assert shown.shape == (48, 13, 14, 24)
    np.testing.assert_array_equal(shown * 8, np.round(shown * 8))
    assert (shown.min() >= -4, shown.max() < 4) == (True, True)
    slot = SLOTS[5:6]
    estimate = slot.received[0, :, PILOTS[1]] / slot.pilots[1]
    power = np.mean([(np.abs(slot.received[0, :, row] / slot.pilots[i]) ** 2).sum(0) for i, row in enumerate(PILOTS)])
    by_hand = (slot.received[0, :, 7, 10] * estimate[:, 12].conj()).sum() / power
    assert shown[5, 10:12, 7, 10] == pytest.approx([by_hand.real, by_hand.imag], abs=1 / 16)
    assert np.ptp(shown[5, 12]) == 0


def test_one_correlation_alone_decides_most_bits():
    good = SLOTS[-8:]
    first_bit = -features(good)[:, 2][:, list(DATA)]
    assert bit_errors(first_bit, good.bits[..., 0]) < 0.03


def test_slots_survive_their_file(tmp_path):
    save_slots(joined([SLOTS[:2], SLOTS[5:6]]), tmp_path / "slots.safetensors")
    again = load_slots(tmp_path / "slots.safetensors")
    for name in ("received", "channel", "bits", "information", "noise"):
        np.testing.assert_array_equal(getattr(again, name)[:2], getattr(SLOTS, name)[:2])
    assert again.information.shape == (3, 288)


def test_the_stimulus_shows_held_out_slots_unchanged_in_every_step():
    config = PRESETS["trained"]
    grids = stimulus(config, samples=3)["input"]
    assert grids.shape == (3, 4, 13, 14, 24)
    assert bool((grids[:, 1:] == grids[:, :-1]).all())
    assert any(np.array_equal(grids[1, 0], shown) for shown in features(SLOTS))
    assert (grids[0] != grids[1]).any()


@pytest.mark.skipif(not has("sionna"), reason='the link is Sionna\'s: pip install "neurodeploy[sionna]"')
def test_the_link_draws_the_committed_slots_again_and_its_receivers_agree_with_ours():
    from neurodeploy.models.spikingrx.link import Link

    link = Link()
    drawn = link.slots(8, 3.0, 9_000_001)
    np.testing.assert_allclose(drawn.received, SLOTS.received[8:16], atol=4e-3)
    np.testing.assert_array_equal(drawn.information, SLOTS.information[8:16])
    ratios = link.baseline(drawn, "known channel")
    np.testing.assert_allclose(ratios, known_channel(drawn), atol=2e-3)
    assert link.coded_errors(30 * (2.0 * drawn.bits - 1), drawn) == 0
    errors = [bit_errors(link.baseline(drawn, name), drawn.bits) for name in ("known channel", "LS estimate")]
    assert errors[0] < errors[1]
