"""The default coders follow the papers; where spike-encoding 1.8.2 does not, both behaviors are shown."""

import numpy as np
import pytest
import torch

from neurodeploy.encoding import (
    BensSpiker,
    Delta,
    Gymnasium,
    Latency,
    LeakyIntegrateAndFire,
    Population,
    PulseWidth,
    Rate,
    StepForward,
    compat,
)
from neurodeploy.encoding.bens_spiker import low_pass
from neurodeploy.errors import InputError
from tests.encoding.signals import draw

X = draw(11, 4, 200)
T = torch.from_numpy(X)


def signed(trains):
    return trains.sum(dim=0).numpy()


def test_step_forward_is_that_of_the_package():
    for bipolar in (True, False):
        spikes = StepForward(0.1, bipolar).encode(X)
        np.testing.assert_array_equal(
            spikes, signed(compat.StepForwardConverter([0.1] * 4, down_spike=bipolar).encode(T))
        )
    assert spikes.min() == 0
    with pytest.raises(RuntimeError):
        compat.StepForwardConverter([0.1] * 4, down_spike=False).encode(T[None])


def test_step_forward_keeps_its_threshold_in_a_batch():
    th, first = np.float32(0.1), np.float32(100.3)
    assert first + th - first != th
    signal = np.full((1, 1, 3), first, np.float32)
    signal[..., 1] = np.nextafter(first + th, np.float32(200), dtype=np.float32)
    assert StepForward(0.1).encode(signal)[0, 0].tolist()[1] == StepForward(0.1).encode(signal[0, 0]).tolist()[1]


def test_lif_starts_with_the_first_sample_and_a_base_of_zero():
    coder = LeakyIntegrateAndFire(0.5, 0.2)
    signal = np.array([1, 1, 0, 0.5, 0.5, 0], np.float32)
    assert coder.encode(signal).tolist() == [1, 1, -1, 0, 0, -1]
    package = compat.LIFBasedEncoding([0.5], [0.2]).encode(torch.from_numpy(signal))
    assert signed(package)[0].tolist() == [0, 0, -1, 0, 0, -1]


def test_lif_takes_batches_and_leaves_out_falls():
    coder = LeakyIntegrateAndFire(0.3, 0.5)
    np.testing.assert_array_equal(coder.encode(X.reshape(2, 2, -1)).reshape(4, -1), coder.encode(X))
    np.testing.assert_array_equal(
        LeakyIntegrateAndFire(0.3, 0.5, bipolar=False).encode(X), np.maximum(coder.encode(X), 0)
    )
    with pytest.raises(AttributeError):
        compat.LIFBasedEncoding([0.3]).encode(T[None])


def test_pulse_width_starts_each_signal_from_its_own_sample():
    coder = PulseWidth([50, 60, 70, 80]).fit(X)
    package = compat.PulseWidthModulation([50, 60, 70, 80])
    spikes = coder.encode(X)
    np.testing.assert_array_equal(spikes, signed(package.encode(T)))
    back = coder.decode(spikes, X[:, 0])
    np.testing.assert_allclose(back[:, 0], X[:, 0], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(coder.decode(spikes, X[:, 0]), back)
    trains = package.encode(T)
    first, second = package.decode(trains), package.decode(trains)
    np.testing.assert_allclose(first[:, 0], X[0, :4], rtol=1e-5, atol=1e-5)
    assert not torch.allclose(first, second)
    np.testing.assert_array_equal(T.numpy(), X)


def test_pulse_width_without_falls():
    assert PulseWidth(50, bipolar=False).encode(X).min() == 0
    with pytest.raises(RuntimeError):
        compat.PulseWidthModulation(50.0, down_spike=False).encode(T[:1])


def test_bens_spiker_uses_the_whole_filter():
    """Spikes at random, sent through the filter, come back: those of the package one tap short of the filter do not."""
    taps = low_pass(10, 0.05)
    generator = np.random.default_rng(0)
    sent = (generator.random(200) < 0.04).astype(np.int8)
    sent[:1], sent[-11:] = 1, 0
    signal = np.convolve(sent, taps)[:200].astype(np.float32)
    coder = BensSpiker(0.9, 10, 0.05, low=0, high=1)
    spikes = coder.encode(signal)
    assert spikes[0] == 1
    np.testing.assert_array_equal(spikes, sent)
    np.testing.assert_allclose(coder.decode(spikes), signal, atol=1e-5)


@pytest.mark.parametrize("order", [10, 11])
def test_bens_spiker_decodes_in_time(order):
    spikes = np.zeros(60, np.int8)
    spikes[[0, 30]] = 1
    coder = BensSpiker(0.5, order, 0.1, low=0, high=1)
    np.testing.assert_allclose(coder.decode(spikes), np.convolve(spikes, low_pass(order, 0.1))[:60], atol=1e-6)
    package = compat.BensSpikerAlgorithm([0.5], None, torch.zeros(1), torch.ones(1), torch.ones(1), [order], [0.1])
    found = np.asarray(package.decode(torch.from_numpy(spikes).float()))[0]
    early, half = 1 - order % 2, (order + 1) // 2
    expected = np.convolve(spikes, low_pass(order, 0.1))[early : early + 60]
    np.testing.assert_allclose(found[half:], expected[half:], atol=1e-6)
    assert not found[:half].any()


def test_more_signals_than_the_package_has_defaults_for():
    many = draw(3, 9, 40)
    assert BensSpiker().encode(many).shape == many.shape
    with pytest.raises(ValueError, match="7 values for 9 signals"):
        compat.BensSpikerAlgorithm().encode(torch.from_numpy(many))
    with pytest.raises(RuntimeError, match="12 membrane constants for 9 signals"):
        compat.LIFBasedEncoding(membrane_constant=[0.5] * 12).encode(torch.from_numpy(many))


def test_constant_signals_and_gaps():
    flat = torch.full((1, 10), 3.0)
    assert not compat.LIFBasedEncoding([0.5], [0.5]).encode(flat).any()
    assert not compat.LIFBasedEncoding([0.5], [0.5]).encode(torch.full((1, 10), torch.nan)).any()
    assert LeakyIntegrateAndFire(low=3, high=3).decode(np.zeros(4)).tolist() == [3] * 4
    with pytest.raises(InputError, match=r"not finite at \[1\]"):
        LeakyIntegrateAndFire().encode([0, np.nan])


def test_rates_are_rounded_not_raised():
    coder = Rate(10, low=0, high=1)
    assert coder.encode([0.25, 0.3, 0.04]).reshape(3, 10).sum(axis=1).tolist() == [2, 3, 0]
    assert compat.rate(np.array([0.25, 0.3, 0.04]), 10).sum(axis=0).tolist() == [3, 3, 1]
    np.testing.assert_allclose(coder.decode(coder.encode([0.1, 0.5, 1])), [0.1, 0.5, 1], atol=1e-6)


def test_random_trains_have_their_rate_and_their_own_generator():
    rates = np.array([0.1, 0.5, 0.9])
    coder = Rate(10_000, method="poisson", low=0, high=1)
    spikes = coder.encode(rates, generator=np.random.default_rng(1)).reshape(3, -1)
    sigma = np.sqrt(rates * (1 - rates) / 10_000)
    assert (np.abs(spikes.mean(axis=1) - rates) < 3 * sigma).all()
    np.testing.assert_array_equal(coder.encode(rates, 5), coder.encode(rates, 5))
    with pytest.raises(InputError, match="need a generator"):
        coder.encode(rates)


def test_receptive_fields_as_described_or_normalized():
    x = np.array([[1.8], [0.0]])
    coder = Population(3, 0.1, 10, low=(-2, -5), high=(2, 5))
    np.testing.assert_array_equal(coder.encode(x).sum(axis=1), [0, 0, 9, 0, 10, 0])
    normalized = Population(3, 0.1, 10, normalized=True, low=(-2, -5), high=(2, 5))
    np.testing.assert_array_equal(normalized.encode(x).sum(axis=1), [0, 0, 10, 0, 10, 0])
    np.testing.assert_array_equal(coder.encode(np.stack((x, -x))).shape, (2, 6, 10))


def test_gymnasium_coders():
    x = np.array([[0.0, 0.5, 1.0], [-1.0, -1.0, 0.0]])
    ends = {"low": (-1, -1), "high": (1, 1), "steps": 4}
    counts = lambda coder: coder.encode(x).reshape(-1, 3, 4).sum(axis=2).tolist()  # noqa: E731
    assert counts(Gymnasium(**ends)) == [[0, 2, 4], [0, 0, 0], [0, 0, 0], [4, 4, 0]]
    assert counts(Gymnasium(**ends, split=False)) == [[2, 3, 4], [0, 0, 2]]
    assert counts(Gymnasium(**ends, split=False, inverted=True)) == [[2, 3, 4], [0, 0, 2], [2, 1, 0], [4, 4, 2]]
    assert counts(Gymnasium(**ends, rate=False, step=True, threshold=0.5)) == [[0, 2, 2], [0, 0, 4], [0] * 3, [0] * 3]
    assert counts(Gymnasium(**ends, step=True, split=False, threshold=0.5))[2:] == [[2, 3, 4], [0, 0, 2]]
    assert counts(Gymnasium(**ends, split=False, inverted=True, max_rate=0.5))[2:] == [[1, 0, 0], [2, 2, 1]]
    before = Gymnasium(**ends, rate=False, step=True, threshold=0.5).encode(x[:, :1], initial=[-0.5, -1])
    assert before.sum(axis=1).tolist() == [2, 0, 0, 0]


def test_latency():
    coder = Latency(5, low=0, high=1)
    spikes = coder.encode([0, 0.25, 1])
    assert spikes.reshape(3, 5).argmax(axis=1).tolist() == [4, 3, 0]
    np.testing.assert_allclose(coder.decode(spikes), [0, 0.25, 1])
    ranks = Latency(2, "rank", 0, 1).encode([[0.2], [0.9], [0.9]])
    assert ranks.tolist() == [[0, 0], [1, 0], [0, 1]]


def test_delta():
    coder = Delta(0.25)
    spikes = coder.encode([0, 0.25, 0.25, 0, 1])
    assert spikes.tolist() == [0, 1, 0, -1, 1]
    assert coder.decode(spikes, 0.5).tolist() == [0.5, 0.75, 0.75, 0.5, 0.75]
    assert Delta(0.25, bipolar=False).encode([0, 0.25, 0.25, 0, 1]).tolist() == [0, 1, 0, 0, 1]
