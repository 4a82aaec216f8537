"""Both kinds of kernels give the same bits, and both those of the plainest statement of each recurrence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurodeploy.encoding import numpy_kernels
from neurodeploy.encoding.bens_spiker import low_pass
from neurodeploy.extras import has
from tests.encoding.signals import draw

if has("numba"):
    from neurodeploy.encoding import numba_kernels

F = np.float32
values = st.floats(-2, 2, width=32) | st.sampled_from([F(0), F(0.1), F(0.3), F(-0.2)])
signals = st.tuples(st.integers(1, 4), st.integers(1, 30)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=values)
)


def plain_step_forward(row, step):
    spikes, base = [0], row[0]
    for x in row[1:]:
        up = x > base + step
        base = base + step if up else base
        down = x < base - step
        base = base - step if down else base
        spikes.append(int(up) - int(down))
    return spikes


def plain_leaky(row, step, decay, aliased):
    spikes, v, base = [], F(0), F(0)
    for t, y in enumerate(row):
        if aliased and t == 0:
            spikes.append(0)
            continue
        v = v + y
        base = v if aliased and t == 1 else base
        spike = int(v - base > step) - int(v - base < -step)
        v, base = (F(0), F(0)) if spike else (v, base)
        v = v * decay
        spikes.append(spike)
    return spikes


def plain_bens_spiker(row, taps, threshold, first):
    rest, spikes = row.copy(), [0] * len(row)
    for t in range(first, len(row)):
        window = range(min(len(taps), len(row) - t))
        remaining = whole = F(0)
        for k in window:
            remaining, whole = remaining + abs(rest[t + k] - taps[k]), whole + abs(rest[t + k])
        if remaining <= whole - threshold:
            spikes[t] = 1
            for k in window:
                rest[t + k] -= taps[k]
    return spikes


def everywhere(name, plain, *arguments):
    """The numpy kernel gives the plain result, and so does the compiled one where it can be had."""
    before = arguments[0].copy()
    found = getattr(numpy_kernels, name)(*arguments)
    np.testing.assert_array_equal(found, plain)
    if has("numba"):
        np.testing.assert_array_equal(getattr(numba_kernels, name)(*arguments), found)
    np.testing.assert_array_equal(arguments[0], before)


@settings(max_examples=60)
@given(signals, st.sampled_from([0.1, 0.3, 0.05]))
def test_step_forward(signal, step):
    steps = np.full(len(signal), step, F)
    everywhere("step_forward", [plain_step_forward(row, F(step)) for row in signal], signal, steps)


@settings(max_examples=60)
@given(signals, st.sampled_from([0.1, 0.5]), st.sampled_from([0.0, 0.3, 0.9, 1.0]), st.booleans())
def test_leaky(signal, step, decay, aliased):
    plain = [plain_leaky(row, F(step), F(decay), aliased) for row in signal]
    everywhere("leaky", plain, signal, np.full(len(signal), step, F), np.full(len(signal), decay, F), aliased)


@settings(max_examples=40)
@given(signals, st.integers(1, 12), st.sampled_from([0.02, 0.1, 0.4]), st.sampled_from([0.05, 0.5]), st.integers(0, 1))
def test_bens_spiker(signal, order, cutoff, threshold, first):
    taps = np.ascontiguousarray(np.tile(low_pass(order, cutoff)[first:], (len(signal), 1)))
    plain = [plain_bens_spiker(row, taps[0], F(threshold), first) for row in signal]
    everywhere("bens_spiker", plain, signal, taps, np.full(len(signal), threshold, F), first)


@settings(max_examples=40)
@given(signals, st.sampled_from([0.0, 0.3, 0.9]))
def test_decay_sum(signal, decay):
    plain = signal.copy()
    for t in range(1, signal.shape[1]):
        plain[:, t] += plain[:, t - 1] * F(decay)
    everywhere("decay_sum", plain, signal, np.full(len(signal), decay, F))


@pytest.mark.skipif(not has("numba"), reason="compiled kernels need the extra fast")
def test_long_signals():
    signal = draw(3, 16, 5000)
    step, decay = np.full(16, 0.07, F), np.full(16, 0.8, F)
    taps = np.tile(low_pass(40, 0.05), (16, 1))
    calls = {
        "step_forward": (step,),
        "leaky": (step, decay, False),
        "decay_sum": (decay,),
        "bens_spiker": (taps, step, 0),
    }
    for name, arguments in calls.items():
        pair = [getattr(module, name)(signal, *arguments) for module in (numpy_kernels, numba_kernels)]
        assert pair[0].any()
        np.testing.assert_array_equal(*pair)


def test_the_filter_is_that_of_scipy():
    firwin = pytest.importorskip("scipy.signal", reason="scipy comes with the extra torch").firwin
    generator = np.random.default_rng(0)
    for order in range(1, 61):
        for cutoff in generator.uniform(0.001, 0.49, 10).astype(F):
            expected = firwin(order + 1, float(cutoff), fs=1).astype(F)
            np.testing.assert_array_equal(low_pass(order, float(cutoff)), expected)
