"""What every coder keeps to."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from neurodeploy import encoding
from neurodeploy.encoding import CODERS, Coder, coder_from_json, coder_json, make_coder, merge, split
from neurodeploy.errors import InputError
from tests.encoding.signals import draw

SIGNALS = draw(5, 6, 40)
PER_STEP = ("step-forward", "delta", "leaky-integrate-and-fire", "pulse-width", "bens-spiker")
RANDOM = ("rate", "population", "gymnasium")


def make(kind, **parameters):
    return make_coder(kind, {"low": -5, "high": 5, **parameters} if kind == "gymnasium" else parameters)


def factors(kind):
    """Channels per feature and steps per sample."""
    return (1, 1) if kind in PER_STEP else ({"population": 10, "gymnasium": 2}.get(kind, 1), 10)


@pytest.fixture(params=CODERS)
def kind(request):
    return request.param


def test_it_is_a_coder(kind):
    assert isinstance(make(kind), Coder)


@pytest.mark.parametrize("form", ["array", "tensor"])
def test_shapes_and_kinds_go_in_as_they_come_out(kind, form):
    channels, steps = factors(kind)
    give = torch.from_numpy if form == "tensor" else np.array
    whole = make(kind).encode(SIGNALS.reshape(2, 3, 40))
    for signal in (SIGNALS[0], SIGNALS[:3], SIGNALS.reshape(2, 3, 40)):
        coder = make(kind)
        spikes = coder.encode(give(signal))
        features = signal.shape[-2] if signal.ndim > 1 else 1
        expected = (*signal.shape[:-2], *((features * channels,) if features * channels > 1 else ()), 40 * steps)
        assert tuple(spikes.shape) == expected
        assert isinstance(spikes, torch.Tensor if form == "tensor" else np.ndarray)
        assert np.asarray(spikes).dtype == np.int8
        if signal.ndim < 3:
            part = whole[0] if signal.ndim == 2 else whole[0, :channels]
            np.testing.assert_array_equal(np.asarray(spikes).reshape(part.shape), part)
        if hasattr(coder, "decode"):
            fitted = coder.fit(signal)
            back = fitted.decode(spikes, initial=signal[..., 0] if kind in ("step-forward", "delta") else None)
            assert isinstance(back, type(spikes))
            assert np.prod(back.shape) == signal.size
            assert np.asarray(back).dtype == np.float32


def test_arguments_and_the_global_generator_stay_as_they_are(kind):
    before, state = SIGNALS.copy(), np.random.get_state()[1].copy()
    tensor = torch.from_numpy(SIGNALS.copy())
    coder = make(kind, method="poisson") if kind in RANDOM else make(kind)
    fitted = coder.fit(SIGNALS)
    for signal in (SIGNALS, tensor):
        spikes = fitted.encode(signal, generator=1) if kind in RANDOM else fitted.encode(signal)
        kept = np.asarray(spikes).copy()
        if hasattr(fitted, "decode"):
            fitted.decode(spikes)
        assert np.array_equal(np.asarray(spikes), kept)
        assert np.array_equal(np.asarray(signal), before)
    assert np.array_equal(np.random.get_state()[1], state)


def test_it_goes_through_json(kind):
    coder = make(kind).fit(SIGNALS)
    again = coder_from_json(json.loads(json.dumps(coder_json(coder))))
    assert again == coder
    assert hash(again) == hash(coder)
    np.testing.assert_array_equal(again.encode(SIGNALS), coder.encode(SIGNALS))


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        ([1, 2, np.nan, 4], "not finite at [2]"),
        ([[1, 2], [np.inf, 4]], "not finite at [1, 0]"),
        (np.zeros((2, 2, 2, 2)), "shape (2, 2, 2, 2)"),
        (np.zeros((3, 0)), "shape (3, 0)"),
        (["a", "b"], "holds <U1 values"),
        ([[1, 2], [3]], "no rectangular array"),
        (np.ones(3) * 1j, "complex"),
    ],
)
def test_what_is_no_signal_is_refused(kind, signal, told):
    with pytest.raises(InputError) as error:
        make(kind).encode(signal)
    assert told in str(error.value)
    assert "remedy" in str(error.value)


def test_a_constant_signal_gives_a_documented_result(kind):
    constant = np.full((2, 12), 3, np.float32)
    coder = make(kind).fit(constant)
    with np.errstate(all="raise"):
        spikes = coder.encode(constant)
    if kind in PER_STEP or kind == "rate":
        assert not spikes.any()
    if hasattr(coder, "decode"):
        np.testing.assert_array_equal(coder.decode(spikes, initial=constant[:, 0]), constant)


@pytest.mark.parametrize("kind", [each for each in CODERS if each != "gymnasium"])
def test_one_of_many_signals_may_be_constant(kind):
    mixed = SIGNALS.copy()
    mixed[2] = 7
    alone = make(kind).encode(SIGNALS)
    together = make(kind).encode(mixed).reshape(6, -1)
    np.testing.assert_array_equal(np.delete(together, 2, 0), np.delete(alone.reshape(6, -1), 2, 0))


def test_parameters_are_one_for_all_or_one_per_signal():
    each = encoding.StepForward([0.1, 0.2, 0.5]).encode(SIGNALS[:3])
    alone = [encoding.StepForward(th).encode(x) for th, x in zip((0.1, 0.2, 0.5), SIGNALS, strict=False)]
    np.testing.assert_array_equal(each, alone)
    batch = encoding.StepForward([0.1, 0.2, 0.5]).encode(SIGNALS.reshape(2, 3, -1))
    np.testing.assert_array_equal(batch[0], alone)
    with pytest.raises(InputError, match="2 values for 3 signals"):
        encoding.StepForward([0.1, 0.2]).encode(SIGNALS[:3])


@pytest.mark.parametrize(
    ("kind", "parameters", "told"),
    [
        ("step-forward", {"threshold": 0}, "above 0"),
        ("step-forward", {"threshold": float("nan")}, "above 0"),
        ("step-forward", {"threshold": "high"}, "neither a number"),
        ("step-forward", {"thresh": 1}, "no parameter 'thresh'"),
        ("leaky-integrate-and-fire", {"constant": 1.5}, "in 0..1"),
        ("pulse-width", {"frequency": -1}, "above 0"),
        ("pulse-width", {"low": 1}, "only one end"),
        ("pulse-width", {"low": 1, "high": 0}, "ends below"),
        ("pulse-width", {"low": (1, 2), "high": (3, 4, 5)}, "numbers of signals differ"),
        ("bens-spiker", {"filter_order": 2.5}, "whole number"),
        ("bens-spiker", {"filter_cutoff": 0.5}, "between 0 and 0.5"),
        ("rate", {"steps": 0}, "no whole number"),
        ("rate", {"method": "bursts"}, "unknown method"),
        ("rate", {"max_rate": 2}, "not in 0..1"),
        ("latency", {"order": "size"}, "unknown order"),
        ("population", {"bins": 1}, "above 1"),
        ("population", {"bins": 3.5}, "above 1"),
        ("population", {"sigma": 0}, "above 0"),
        ("gymnasium", {"low": 0, "high": 1, "rate": False}, "neither the rate"),
        ("gymnasium", {"low": None, "high": None}, "range is missing"),
        ("gymnasium", {}, "cannot be made"),
        ("fourier", {}, "unknown method"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(kind, parameters, told):
    with pytest.raises(InputError) as error:
        make_coder(kind, parameters)
    assert told in str(error.value)


def test_decoding_needs_the_range():
    for kind in ("leaky-integrate-and-fire", "pulse-width", "bens-spiker", "rate", "latency", "population"):
        coder = make(kind)
        with pytest.raises(InputError, match="range of the signal is not known"):
            coder.decode(coder.encode(SIGNALS))


def test_spikes_that_are_none_are_refused():
    with pytest.raises(InputError, match="values other than -1, 0, 1"):
        encoding.StepForward().decode([0, 2, 1])
    with pytest.raises(InputError, match="values other than 0, 1"):
        encoding.BensSpiker(low=0, high=1).decode([0, -1, 1])
    with pytest.raises(InputError, match="channels of 15 steps"):
        encoding.Rate(10, low=0, high=1).decode(np.zeros(15))


@pytest.mark.parametrize("give", [np.asarray, torch.from_numpy])
def test_two_unsigned_channels_and_back(give):
    spikes = give(encoding.StepForward(0.1).encode(SIGNALS))
    channels = split(spikes)
    assert channels.shape == (2, 6, 40)
    assert set(np.unique(channels)) == {0, 1}
    assert np.array_equal(merge(channels), spikes)


def test_it_imports_without_the_heavy_packages():
    code = (
        "import sys\n"
        "for name in ('torch', 'optuna', 'gymnasium', 'numba', 'matplotlib', 'scipy', 'sklearn', 'spike_encoding'):\n"
        "    sys.modules[name] = None\n"
        "import numpy as np\n"
        "from neurodeploy import encoding\n"
        "from neurodeploy.encoding import CODERS, make_coder\n"
        "with encoding.engine('numpy'):\n"
        "    for kind in CODERS:\n"
        "        ends = {'low': -1, 'high': 1} if kind == 'gymnasium' else {}\n"
        "        coder = make_coder(kind, ends).fit(np.eye(4))\n"
        "        spikes = coder.encode(np.eye(4))\n"
        "        hasattr(coder, 'decode') and coder.decode(spikes)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
