"""The compiled kernels against the definition: neurons in every bit, sums in every bit where they are exact."""

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.contract import Terms
from neurodeploy.floats.kernels import Kernels, kernels
from neurodeploy.floats.neurons import neuron as neurons_of
from neurodeploy.floats.operators import operator
from neurodeploy.floats.parts import Work, in_one_piece, part_of, set_chunk
from neurodeploy.floats.rows import ANYTHING, ZEROS, Ring, Row
from neurodeploy.network.shapes import output_shape
from neurodeploy.reference.linear import apply_linear
from neurodeploy.reference.neuron import advance, coefficients, initial_state, terms_of
from tests.engine.support import needs_compiler

pytestmark = needs_compiler
SHAPE = (2, 3)


def library() -> Kernels:
    built = kernels()
    assert built is not None
    return built


class Alone:
    """A node by itself, whose memory holds anything before it is written."""

    def __init__(self, work: Work | None, arriving: tuple[int, ...], sent: tuple[int, ...]) -> None:
        assert work is not None
        self.held, self.gets, self.sends = work, Ring(arriving[0], arriving[1:], 0), Ring(sent[0], sent[1:], 0)
        self.parts = in_one_piece([part_of(work, self.sends, self.gets)])
        self.sends.values.fill(np.nan)
        self.gets.known[0] = self.sends.known[0] = ANYTHING

    def step(
        self,
        x: np.ndarray,
        records: dict[str, Row] | None = None,
        given: np.ndarray | None = None,
        narrow: np.ndarray | None = None,
    ) -> np.ndarray:
        """What it sends; what is given in its place decides how it resets; ``narrow``: what it gets, as bytes."""
        self.gets[:, 0][...] = x
        rows = [None if array is None else Row.of(array) for array in (given, narrow)]
        set_chunk(self.parts[0], records or {}, rows[0], True, rows[1])
        library().advance(self.parts, 1, 0, 0, 1)
        return self.sends[:, 0].copy()


def applied(node, x: np.ndarray, sent: tuple[int, ...]) -> np.ndarray:
    batch, *arriving = x.shape
    return Alone(operator(node, batch, tuple(arriving), sent), x.shape, (batch, *sent)).step(x)


@st.composite
def terms(draw) -> Terms:
    return Terms(
        dt=draw(st.sampled_from([1e-3, 1.0])),
        method=draw(st.sampled_from(["euler", "exponential"])),
        reset=draw(st.sampled_from(["zero", "value", "subtract", "none"])),
        reset_timing=draw(st.sampled_from(["same-step", "next-step", "same-step-and-next", "every-step"])),
        fires_at=draw(st.sampled_from([">", ">="])),
        v_min=draw(st.sampled_from([None, 0.0, -0.5])),
        max_spikes_per_step=draw(st.sampled_from([1, 1, 3])),
        fire_once=draw(st.booleans()),
        current=draw(st.sampled_from(["new", "previous"])),
        input_gain=draw(st.sampled_from(["spec", "unit"])),
        initial_state=draw(st.sampled_from([0.0, 0.25])),
        state_grid=draw(st.sampled_from([None, None, 2.0**-6])),
    )


def neuron(kind: str, rng: np.random.Generator, single: bool):
    """A node whose constants are one value each, or one per neuron."""

    def values(low: float, high: float) -> np.ndarray:
        return np.full(SHAPE, rng.uniform(low, high)) if single else rng.uniform(low, high, SHAPE)

    tau, leak, threshold = values(2.0, 9.0), values(-0.1, 0.1), values(0.4, 1.0)
    rest = {"r": values(0.5, 2.0), "v_leak": leak}
    fires = {"v_threshold": threshold, "v_reset": values(-0.2, 0.2)}
    cuba = {"tau_syn": values(2.0, 5.0), "tau_mem": tau, "w_in": values(0.5, 1.5)}
    return {
        "IF": lambda: nir.IF(r=values(0.5, 2.0), **fires),
        "I": lambda: nir.I(r=values(0.5, 2.0)),
        "LIF": lambda: nir.LIF(tau=tau, **rest, **fires),
        "LI": lambda: nir.LI(tau=tau, **rest),
        "CubaLIF": lambda: nir.CubaLIF(**cuba, **rest, **fires),
        "CubaLI": lambda: nir.CubaLI(**cuba, **rest),
        "Threshold": lambda: nir.Threshold(threshold=threshold),
    }[kind]()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["IF", "I", "LIF", "LI", "CubaLIF", "CubaLI", "Threshold"]),
    terms(),
    st.integers(0, 10**6),
    st.booleans(),
    st.booleans(),
)
def test_a_neuron_does_what_the_reference_says_in_every_bit(kind, chosen, seed, single, forced) -> None:
    rng = np.random.default_rng(seed)
    node, batch = neuron(kind, rng, single), 2
    held = terms_of(node, chosen)
    state, constants = initial_state((batch, *SHAPE), held), coefficients(node, held)
    compiled = Alone(neurons_of(node, chosen, batch, SHAPE), (batch, *SHAPE), (batch, *SHAPE))
    spiking = kind not in ("I", "LI", "CubaLI")
    for _ in range(8):
        x = rng.choice([0.0, 1.0, -0.5, rng.normal()], (batch, *SHAPE))
        decided = rng.integers(0, 2, x.shape).astype(float) if forced and spiking else None
        sent, membrane = advance(node, held, constants, state, x, decided)
        out, before, after = (np.full(x.shape, np.nan) for _ in range(3))
        as_bytes = np.full(x.shape, 99, np.int8)
        arrays = {"values": out, "before": before, "after": after} | ({"bytes": as_bytes} if spiking else {})
        passed_on = compiled.step(x, {name: Row.of(array) for name, array in arrays.items()}, decided)
        assert np.array_equal(passed_on, sent if decided is None else decided)
        assert (compiled.sends.known[0] == ZEROS) == (decided is None and not np.any(out))
        assert not spiking or np.array_equal(as_bytes, out)
        assert np.array_equal(out, sent) and np.array_equal(before, membrane) and np.array_equal(after, state.v)


def windows(rng: np.random.Generator):
    """Convolutions of one and two axes and poolings, with every attribute at work."""
    groups = int(rng.choice([1, 2]))
    kernel, stride, padding, dilation = (tuple(map(int, rng.integers(low, 4, 2))) for low in (1, 1, 0, 1))
    weights = rng.integers(-7, 8, (4, 4 // groups, *kernel)).astype(float)
    bias = rng.integers(-3, 4, 4).astype(float)
    conv = nir.Conv2d((9, 10), weights, stride, padding, dilation, groups, bias)
    line = nir.Conv1d(11, weights[..., 0], stride[0], padding[0], dilation[0], groups, bias)
    pool = nir.SumPool2d(np.array(kernel), np.array(stride), np.array(np.minimum(padding, np.array(kernel) // 2)))
    mean = nir.AvgPool2d(np.array([2, 2]), np.array(stride), np.array([0, 1]))
    return ((conv, (4, 9, 10)), (line, (4, 11)), (pool, (4, 9, 10)), (mean, (4, 9, 10)))


@pytest.mark.parametrize("seed", range(12))
def test_sums_over_windows_are_those_of_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for node, shape in windows(rng):
        sent = output_shape("node", node, shape)
        x = rng.integers(-2, 3, (3, *shape)).astype(float)
        assert np.array_equal(applied(node, x, sent), apply_linear(node, x)), type(node).__name__


SIZES = (
    # channels in and out, groups, stride, padding, dilation, height and width
    (4, 8, 1, 1, 1, 1, 9, 10),
    (4, 8, 1, 1, 2, 1, 9, 10),
    (4, 8, 2, 2, 1, 2, 9, 10),
    (4, 8, 4, 1, 1, 2, 9, 10),
    (3, 7, 1, 1, 2, 1, 13, 21),
    (2, 5, 1, 3, 2, 2, 17, 19),
    (6, 1, 1, 1, 3, 1, 8, 16),
    (3, 3, 3, 1, 1, 1, 6, 9),
)


@pytest.mark.parametrize("density", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("size", SIZES)
def test_sums_over_windows_add_the_messages_in_the_order_of_their_sources(
    size: tuple[int, ...], density: float
) -> None:
    """In every bit, whatever many there are: sums that do not come out even tell the order."""
    into, out, groups, stride, padding, dilation, height, width = size
    each, share, rng = into // groups, out // groups, np.random.default_rng(sum(size))
    weights, bias = rng.normal(size=(out, each, 3, 4)), rng.normal(size=out)
    node = nir.Conv2d((height, width), weights, stride, padding, dilation, groups, bias)
    shape = into, height, width
    sent = output_shape("node", node, shape)
    x = rng.normal(size=shape) * (rng.random(shape) < density)
    expected = np.zeros(sent)
    for c, i, j in np.argwhere(x):
        for o, r, q in np.ndindex(out, 3, 4):
            y, z = i + padding - r * dilation, j + padding - q * dilation
            reached = y >= 0 <= z and y % stride == z % stride == 0 and o // share == c // each
            if reached and y // stride < sent[1] and z // stride < sent[2]:
                expected[o, y // stride, z // stride] += x[c, i, j] * weights[o, c % each, r, q]
    assert np.array_equal(applied(node, x[None], sent)[0], expected + bias[:, None, None])


@pytest.mark.parametrize("channels", [1, 2])
def test_what_was_not_sent_is_multiplied_with_no_weight_that_is_not_finite(channels: int) -> None:
    weights, x = np.ones((1, channels, 3, 3)), np.ones((1, channels, 6, 9))
    weights[:, :, 1, 1], x[..., 4] = np.inf, 0.0
    out = applied(nir.Conv2d((6, 9), weights, 1, 1, 1, 1, np.zeros(1)), x, (1, 6, 9))
    assert np.isfinite(out[..., 4]).all() and np.isposinf(np.delete(out, 4, axis=-1)).all()


@pytest.mark.parametrize("density", [0.0, 0.02, 0.6])
def test_spikes_are_the_same_as_bytes(density: float) -> None:
    rng = np.random.default_rng(3)
    spikes = (rng.random((2, 4, 9, 10)) < density).astype(np.int8) * 2
    strided = nir.Conv2d((9, 10), rng.normal(size=(4, 4, 3, 3)), 2, 1, 1, 1, rng.normal(size=4))
    for node in (
        *(node for node, shape in windows(rng) if len(shape) == 3),
        strided,
        nir.Flatten({"input": np.array((4, 9, 10))}, start_dim=0),
    ):
        sent = output_shape("node", node, spikes.shape[1:])
        alone = Alone(operator(node, 2, spikes.shape[1:], sent), spikes.shape, (2, *sent))
        expected = alone.step(spikes)
        assert np.array_equal(alone.step(np.full(spikes.shape, np.nan), narrow=spikes), expected)
    node = nir.Affine(rng.normal(size=(3, 10)), rng.normal(size=3))
    alone = Alone(operator(node, 2, (4, 9, 10), (4, 9, 3)), spikes.shape, (2, 4, 9, 3))
    assert np.array_equal(alone.step(spikes), alone.step(np.full(spikes.shape, np.nan), narrow=spikes))


@pytest.mark.parametrize("shape", [(5,), (3, 5)])
def test_dense_sums_are_exact_on_a_grid_and_independent_of_the_other_samples(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    for weights in (rng.integers(-9, 9, (4, 5)) / 8, rng.normal(size=(4, 5))):
        node = nir.Affine(weights, rng.normal(size=4))
        x = rng.choice([0.0, 1.0, 0.5], (6, *shape))
        out, alone = (applied(node, some, (*shape[:-1], 4)) for some in (x, x[2:3]))
        assert np.array_equal(out[2:3], alone)
        assert np.allclose(out, apply_linear(node, x), rtol=0, atol=1e-14)
