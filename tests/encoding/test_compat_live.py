"""``neurodeploy.encoding.compat`` beside the installed spike-encoding 1.8.2, on 500 and more random signals each.

Spikes are equal bit for bit, with the numpy kernels and with the compiled ones; decoded values to 1e-6 of the signal's
own size.
"""

import numpy as np
import pytest
import torch

from neurodeploy.encoding import compat
from neurodeploy.encoding.kernels import engine
from neurodeploy.extras import has
from tests.encoding.digits_file import write_digits
from tests.encoding.package import need_package, patched_encoder, theirs
from tests.encoding.signals import draw

need_package()
pytestmark = pytest.mark.filterwarnings("ignore")

FEATURES = 8
ROUNDS = 21
"""Calls of one part of a test; three parts make 504 signals."""
ENGINES = ("numpy", "numba") if has("numba") else ("numpy",)
PARTS = pytest.mark.parametrize("part", range(3))


def close(ours, reference, signal):
    tolerance = 1e-6 * max(1.0, float(np.abs(signal).max()), float(np.abs(np.asarray(reference)).max()))
    np.testing.assert_allclose(np.asarray(ours), np.asarray(reference), rtol=0, atol=tolerance)


def equal(ours, reference):
    assert ours.dtype == reference.dtype
    assert torch.equal(ours, reference)


def same_spikes(ours, reference, signal, **options):
    """Both encoders' spikes are equal whichever kernels run; returns them."""
    expected = reference.encode(signal.clone(), **options)
    for name in ENGINES:
        with engine(name):
            kept = signal.clone()
            equal(ours.encode(kept, **options), expected)
            assert torch.equal(kept, signal)
    return expected


def uniform(generator, low, high):
    return torch.from_numpy(generator.uniform(low, high, FEATURES).astype(np.float32))


def rounds(part, steps):
    """Signals and the generator of their parameters."""
    for n in range(ROUNDS):
        seed = ROUNDS * part + n
        yield torch.from_numpy(draw(seed, FEATURES, steps)), np.random.default_rng(seed)


@PARTS
def test_step_forward(part):
    classes = (compat.StepForwardConverter, theirs("step_forward_converter", "StepForwardConverter"))
    for x, generator in rounds(part, 50):
        th = torch.from_numpy(generator.choice([0.1, 0.5, 0.02, 1.0], FEATURES).astype(np.float32))
        ours, reference = (make(threshold=th) for make in classes)
        spikes = same_spikes(ours, reference, x)
        equal(ours.decode(spikes), reference.decode(spikes))
        equal(*(each.decode(spikes, initial_value=x[:, 0]) for each in (ours, reference)))
        same_spikes(ours, reference, x.double(), down_spike=False)
        batch = x.reshape(2, FEATURES // 2, -1)
        ours, reference = (make(threshold=th[: FEATURES // 2]) for make in classes)
        spikes = same_spikes(ours, reference, batch)
        equal(*(each.decode(spikes, initial_value=batch[:, :, 0]) for each in (ours, reference)))


@PARTS
def test_lif(part):
    classes = (compat.LIFBasedEncoding, theirs("lif_based_encoding", "LIFBasedEncoding"))
    for x, generator in rounds(part, 36):
        th, mc = uniform(generator, 0.05, 1.2), uniform(generator, 0.05, 1)
        ours, reference = (make(th, mc) for make in classes)
        spikes = same_spikes(ours, reference, x)
        close(ours.decode(spikes), reference.decode(spikes), x)


@PARTS
def test_pulse_width(part):
    classes = (compat.PulseWidthModulation, theirs("pulse_width_modulation", "PulseWidthModulation"))
    for x, generator in rounds(part, 16):
        ours, reference = (make(frequency) for frequency in [uniform(generator, 1, 750)] for make in classes)
        spikes = same_spikes(ours, reference, x)
        close(ours.decode(spikes), reference.decode(spikes), x)
        close(*(each.decode(spikes, init_val=x[:, 0]) for each in (ours, reference)), x)
        close(ours.decode(spikes[:, :1]), reference.decode(spikes[:, :1]), x)


@PARTS
def test_bens_spiker(part):
    classes = (compat.BensSpikerAlgorithm, theirs("bens_spiker_algorithm", "BensSpikerAlgorithm"))
    for x, generator in rounds(part, 20):
        order = torch.from_numpy(generator.integers(1, 12, FEATURES).astype(np.int32))
        how = {"filter_order": order, "filter_cutoff": uniform(generator, 0.01, 0.45)}
        th = uniform(generator, 0.05, 1)
        ours, reference = (make(th, **how) for make in classes)
        spikes = same_spikes(ours, reference, x)
        close(ours.decode(spikes.clone()), reference.decode(spikes.clone()), x)


@pytest.mark.parametrize("method", ["deterministic", "poisson"])
def test_bins(method):
    make = (compat.BinEncoder, theirs("bin_encoder", "BinEncoder"))
    for n in range(0, 504, 8):
        values = draw(n, 8, 1)[:, 0]
        low, high = values - np.abs(draw(n + 1, 8, 1)[:, 0]), values + np.abs(draw(n + 2, 8, 1)[:, 0])
        options = {"n_bins": 2 + n % 7, "sigma": 0.05 + n % 5 / 10, "max_firing_rate": 1 - n % 3 / 4}
        made = [each(12, low, high, method, **options).encode(values) for each in make]
        np.testing.assert_array_equal(*made)
        assert made[0].dtype == made[1].dtype


@pytest.mark.parametrize("coders", [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("method", ["deterministic", "poisson"])
def test_gymnasium(coders, method):
    classes = (compat.GymnasiumEncoder, patched_encoder())
    converters = (compat.RateStepForwardConverter, theirs("rate_step_forward_converter", "RateStepForwardConverter"))
    scalers = (compat.ScalerFactory, theirs("gymnasium_bounds_finder", "ScalerFactory"))
    threshold = np.array([0.1, 0.2, 0.5, 1.0])
    for n in range(42):
        values = draw(n, 12, 4).reshape(3, 4, 4).astype([np.float32, np.float64][n % 2])
        low, high = values.min(axis=(0, 1)) - n % 3, values.max(axis=(0, 1))
        options = {"split_exc_inh": n % 2 == 0, "add_inverted_inputs": n % 4 < 2, "max_firing_rate": 1 - n % 3 / 4}
        seen = []
        for make, converter, scaler in zip(classes, converters, scalers, strict=True):
            how = {"rate_coder": coders[0], "step_coder": coders[1], "spike_train_conversion_method": method, "seed": n}
            fitted = scaler().from_known_values(low, high)
            encoder = make(4, 4, 9, fitted, threshold, converter(4, threshold), **how, **options)
            encoder.reset()
            trains = [encoder.encode(state, return_norm=True) for state in values]
            seen.append([part for pair in trains for part in pair])
        for ours, reference in zip(*seen, strict=True):
            np.testing.assert_array_equal(ours, reference)


def test_converters_and_scalers():
    converters = (compat.RateStepForwardConverter, theirs("rate_step_forward_converter", "RateStepForwardConverter"))
    deltas = (compat.DeltaModulationConverter, theirs("delta_modulation_converter", "DeltaModulationConverter"))
    scalers = (compat.ScalerFactory, theirs("gymnasium_bounds_finder", "ScalerFactory"))
    for n in range(63):
        x = torch.from_numpy(draw(n, 8, 30))
        batch = x.reshape(2, 4, 30)
        th = torch.tensor([0.1, 0.2, 0.5, 1.0])
        for padding in (True, False):
            made = [each(4, th, padding) for each in converters]
            equal(*(each.encode(batch.clone()) for each in made))
            equal(*(each.optimize(batch.clone()) for each in made))
            for normalized in (True, False):
                equal(*(each(0.1, normalized, padding, bool(n % 2))(x.clone()) for each in deltas))
        low, high = x.numpy().min(axis=1), x.numpy().max(axis=1)
        fitted = [each().from_known_values(low, high) for each in scalers]
        np.testing.assert_array_equal(*(each.transform(x.T.numpy()) for each in fitted))
        np.testing.assert_array_equal(*(each.transform(x.T.double().numpy()) for each in fitted))


def test_digits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    write_digits(tmp_path / "data" / "shd_train.h5", 30, 0)
    write_digits(tmp_path / "data" / "shd_test.h5", 10, 1)
    for steps in (1, 100, 333):
        ours, reference = compat.load_processed_shd(steps), theirs("datasets", "load_processed_shd")(steps)
        for mine, yours in zip(ours, reference, strict=True):
            if isinstance(yours, np.ndarray):
                np.testing.assert_array_equal(mine, yours)
                continue
            for a, b in zip(mine, yours, strict=True):
                assert (a.shape, a.dtype) == (b.shape, b.dtype)
                np.testing.assert_array_equal(np.stack((a.row, a.col, a.data)), np.stack((b.row, b.col, b.data)))
