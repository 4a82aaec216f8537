"""Worst cases of what arrives, against every stimulus there is."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.analysis.ranges import accumulator_range, apply_weights, settled_current, weighted_range
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.reference.integer import initial_state, step
from neurodeploy.reference.program_runner import accumulated
from neurodeploy.reference.synapse import convolve


def every_message(shape, low, high):
    size = int(np.prod(shape))
    return np.array(list(product(range(low, high + 1), repeat=size))).reshape(-1, *shape)


def brute_force(program, name, sent):
    population = program.by_name[name]
    batch = {source: values[:, None] for source, values in sent.items()}
    a = accumulated(program.numerics, population, program.into(name), batch, 0)
    return a.min(0), a.max(0)


def check(program, sent):
    low, high = accumulator_range(program, "p")
    least, most = brute_force(program, "p", sent)
    assert (low.tolist(), high.tolist()) == (least.tolist(), most.tolist())


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(-3, 3), st.sampled_from(["binary", "signed", "unsigned"]))
def test_dense_worst_cases_are_reached_and_never_exceeded(seed, shift, kind):
    weights = np.random.default_rng(seed).integers(-128, 128, (3, 4))
    bits, signed = {"binary": (1, False), "signed": (2, True), "unsigned": (2, False)}[kind]
    source = Input("in", (4,), 0, bits, signed)
    projection = Projection("w", "in", "p", "dense", weights, shift, message_bits=bits)
    program = Program(LOIHI2, (source,), (Population("p", (3,)),), (projection,))
    check(program, {"in": every_message((4,), source.output.low, source.output.high)})


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2]), st.sampled_from([(1, 1), (2, 1)]), st.sampled_from([0, 1]))
def test_convolution_worst_cases_with_groups_strides_and_borders(seed, groups, stride, padding):
    weights = np.random.default_rng(seed).integers(-9, 10, (2, 2 // groups, 2, 2))
    out = tuple((n + 2 * padding - 2) // s + 1 for n, s in zip((2, 3), stride, strict=True))
    projection = Projection(
        "w", "in", "p", "conv2d", weights, 1, stride=stride, padding=(padding, padding), groups=groups
    )
    program = Program(INT32, (Input("in", (2, 2, 3)),), (Population("p", (2, *out)),), (projection,))
    check(program, {"in": every_message((2, 2, 3), 0, 1)})


def test_pooling_and_several_projections_add():
    pool = Projection("a", "in", "p", "sum-pool", np.ones((2, 2)), stride=(2, 2))
    dense = Projection("b", "q", "p", "dense", np.array([[5, -7], [3, 1]]), message_bits=2)
    count = Population("q", (2,), max_spikes_per_step=2, output=Output("count", 2))
    program = Program(INT32, (Input("in", (1, 2, 4)),), (Population("p", (1, 1, 2)), count), (pool, dense))
    spikes, counts = every_message((1, 2, 4), 0, 1), every_message((2,), 0, 2)
    sent = {"in": np.repeat(spikes, len(counts), 0), "q": np.tile(counts, (len(spikes), 1))}
    check(program, sent)
    low, high = accumulator_range(program, "p")
    assert (low.ravel().tolist(), high.ravel().tolist()) == ([-14, 0], [4 + 10, 4 + 8])


def test_a_current_that_events_enter_settles_within_its_width():
    def settled(shift, worst):
        p = Population("p", (2,), current_decay=np.array([0, shift]))
        return settled_current(p, worst, XYLO_V2)

    assert settled(2, 100) == 400
    assert settled(15, 100) == 1 << 15


def test_silence_is_always_possible():
    one = np.ones(1)
    low, high = weighted_range("dense", np.array([[2.0]]), (0.5 * one, one), (1,), None)
    assert (low.item(), high.item()) == (0.0, 2.0)


@pytest.mark.parametrize("decay", [4096, 2048, 100])
def test_a_current_settles_below_its_bound(decay):
    population = Population("p", (1,), current_decay=decay, initial_current=-500)
    state, largest = initial_state(population, 1), 0
    for _ in range(400):
        step(population, state, np.array([[37]]), INT32)
        largest = max(largest, abs(int(state.u[0, 0])))
    bound = settled_current(population, 37.0, INT32)
    assert 0.9 * bound <= max(largest, 500) <= bound


def test_a_current_without_decay_has_no_bound():
    assert settled_current(Population("p", (1,), current_decay=0), 1.0, INT32) == float("inf")
    assert settled_current(Population("p", (1,), current_decay=0), 0.0, INT32) == 0.0


@st.composite
def windows(draw):
    """A convolution or a pooling of one axis or two, its source's shape, and whether weights are whole."""
    axes, groups, each = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel, stride, padding, dilation = (
        tuple(draw(st.integers(low, high)) for _ in range(axes)) for low, high in ((1, 5), (1, 3), (0, 3), (1, 3))
    )
    size = tuple(
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 6))
        for k, d, p in zip(kernel, dilation, padding, strict=True)
    )
    rng, pool = np.random.default_rng(draw(st.integers(0, 999))), axes == 2 and draw(st.booleans())
    outs = groups * draw(st.integers(1, 3))
    weights = rng.integers(-200, 200, kernel if pool else (outs, each, *kernel)).astype(float)
    channels = groups if pool else groups * each
    about = SimpleNamespace(stride=stride, padding=padding, dilation=dilation, groups=groups)
    return "sum-pool" if pool else "conv", weights, about, (channels, *size), rng


@settings(max_examples=150, deadline=None)
@given(windows(), st.booleans(), st.booleans())
def test_planes_that_send_the_same_everywhere_are_summed_as_any_other(drawn, whole, one_differs):
    kind, weights, about, shape, rng = drawn
    weights = weights if whole else weights / 3
    sent = np.broadcast_to(rng.integers(-5, 6, (shape[0], *(1 for _ in shape[1:]))).astype(float), shape).copy()
    sent.flat[0] += one_differs
    groups = shape[0] if kind == "sum-pool" else about.groups
    kernels = np.broadcast_to(weights, (groups, 1, *weights.shape)) if kind == "sum-pool" else weights
    expected = convolve(sent[None], kernels, about.stride, about.padding, about.dilation, groups)[0]
    for shape in (expected.shape, (expected.size,)):
        found = apply_weights(kind, weights, sent, shape, about)
        assert found.shape == shape
        assert np.array_equal(found, expected.reshape(shape))
