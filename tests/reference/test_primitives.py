"""Every primitive of NIR 1.0.8 under every term: closed forms, and scalar loops written from the equations alone."""

from math import exp

import nir
import numpy as np
import pytest

from neurodeploy.contract import Contract, Terms
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.network import Network
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

DT = 1e-3


def network(node, shape=(3,), **terms):
    """input -> node -> output, with a sum behind what is no neuron so that it has a trace."""
    nodes = {"input": nir.Input({"input": np.array(shape)}), "node": node, "sum": nir.Scale(np.ones(1))}
    graph = nir.NIRGraph(nodes, [("input", "node"), ("node", "sum")], type_check=False)
    return Network(graph, Contract(Terms(**terms)))


def run(node, x, **terms):
    """What ``node`` sends for ``x``, ``(T, *shape)``."""
    x = np.asarray(x, float)
    return run_network(network(node, x.shape[1:], **terms), {"input": x[None]})["sum"].output[0]


def loop(kind, p, terms, x):
    """One neuron, one number at a time; what it sends."""
    n = Scalar(kind, p, terms)
    return [n.step(value) for value in x]


class Scalar:
    """A single neuron in Python's floats, from NIR's equations and the meaning of the terms, branch by branch."""

    def __init__(self, kind, p, terms):
        self.kind, self.p, self.t = kind, p, terms
        self.v, self.i, self.late, self.done = terms.initial_state, 0.0, 0, False
        if terms.reset_timing == "every-step":
            self.v = terms.initial_state

    def approach(self, y, rest, gain, x, tau):
        """tau y' = rest - y + gain x over one step with x held."""
        if self.t.method == "exponential":
            k = exp(-self.t.dt / tau)
            drive = gain * (1 - k) if self.t.input_gain == "spec" else 1.0
            return rest + (y - rest) * k + drive * x
        drive = gain * self.t.dt / tau if self.t.input_gain == "spec" else 1.0
        return y + self.t.dt / tau * (rest - y) + drive * x

    def step(self, x):
        t, p, spikes = self.t, self.p, "v_threshold" in self.p
        if t.reset_timing == "every-step":
            self.v, self.i = t.initial_state, 0.0
        if spikes and t.reset_timing == "next-step" and self.late and t.reset in ("zero", "value"):
            self.v = p["v_reset"] if t.reset == "value" else 0.0
        twice = t.reset_timing == "same-step-and-next" and t.reset == "subtract"
        held = self.count(self.v) * p["v_threshold"] if spikes and twice else 0.0
        drive = x
        if self.kind.startswith("Cuba"):
            before = self.i
            w = p["w_in"]
            rest = self.approach(self.i, 0.0, w, x, p["tau_syn"])
            self.i = rest if t.input_gain == "spec" else self.approach(self.i, 0.0, 1.0, 0.0, p["tau_syn"]) + w * x
            drive = self.i if t.current == "new" else before
        if self.kind in ("I", "IF"):
            self.v += (p["r"] * t.dt if t.input_gain == "spec" else 1.0) * drive
        else:
            self.v = self.approach(self.v, p["v_leak"], p["r"], drive, p["tau_mem" if "tau_mem" in p else "tau"])
        if spikes and t.reset_timing == "next-step" and t.reset == "subtract":
            self.v -= self.late * p["v_threshold"]
        if t.v_min is not None and self.v < t.v_min:
            self.v = t.v_min
        return self.fire(held) if spikes else self.v

    def count(self, v):
        t, th, n = self.t, self.p["v_threshold"], 0
        while n < t.max_spikes_per_step and (v >= th if t.fires_at == ">=" else v > th):
            n, v = n + 1, v - th
        return n

    def fire(self, held):
        t, th, n = self.t, self.p["v_threshold"], self.count(self.v - held)
        n = 0 if t.fire_once and self.done else n
        self.done, self.late = self.done or n > 0, n
        if n and t.reset_timing != "next-step" and t.reset != "none":
            self.v = self.v - n * th if t.reset == "subtract" else (self.p["v_reset"] if t.reset == "value" else 0.0)
        return n


NEURONS = {
    "I": ("r",),
    "IF": ("r", "v_threshold", "v_reset"),
    "LI": ("tau", "r", "v_leak"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
}


def draw(rng, kind):
    """Random parameters of three neurons, an integrator's gain so that its drive is of order one."""
    spans = {"tau": (2e-3, 3e-2), "r": (0.5, 3.0), "v_leak": (-0.3, 0.3), "v_threshold": (0.4, 1.2), "w_in": (1.0, 4.0)}
    spans |= {"tau_syn": (2e-3, 2e-2), "tau_mem": (2e-3, 3e-2), "v_reset": (-0.5, 0.2)}
    values = {key: rng.uniform(*spans[key], 3) for key in NEURONS[kind]}
    return {**values, "r": values["r"] * 1e3} if kind in ("I", "IF") else values


def draw_terms(rng, kind):
    """Random terms; a fraction of them is left at its default."""
    choices = {
        "dt": [5e-4, 1e-3],
        "method": ["euler", "exponential"],
        "reset": ["zero", "value", "subtract", "none"],
        "reset_timing": ["same-step", "next-step", "same-step-and-next", "every-step"],
        "fires_at": [">", ">="],
        "v_min": [None, -0.25, 0.0],
        "max_spikes_per_step": [1, 2, 5],
        "fire_once": [False, False, True],
        "current": ["new", "previous"],
        "input_gain": ["spec", "unit"],
        "initial_state": [0.0, 0.5, -0.25],
    }
    return Terms(**{key: values[rng.integers(len(values))] for key, values in choices.items()})


@pytest.mark.parametrize("kind", NEURONS)
def test_every_neuron_under_random_terms_equals_a_scalar_loop(kind):
    fired = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p, terms = draw(rng, kind), draw_terms(rng, kind)
        x = rng.normal(0.4, 1.2, (50, 3))
        made = network(getattr(nir, kind)(**p))
        made = Network(made.graph, Contract(terms))
        entry = run_network(made, {"input": x[None]})["node"].output[0]
        expected = [loop(kind, {key: float(value[i]) for key, value in p.items()}, terms, x[:, i]) for i in range(3)]
        np.testing.assert_allclose(entry, np.transpose(expected), rtol=1e-9, atol=1e-9, err_msg=f"seed {seed}: {terms}")
        fired += int(np.sum(np.asarray(expected) > 0))
    assert fired > 500


@pytest.mark.parametrize("dt", [1e-3, 7e-3, 5e-2])
def test_the_exponential_step_is_the_solution_for_a_held_input_whatever_dt(dt):
    """tau v' = v_leak - v + r x with constant x from v = 0: v(t) = (v_leak + r x)(1 - exp(-t / tau))."""
    tau, r, leak, x = 1e-2, 2.0, 0.5, 0.75
    node = nir.LI(*(np.full(1, each) for each in (tau, r, leak)))
    v = run(node, np.full((20, 1), x), dt=dt, method="exponential").ravel()
    t = dt * np.arange(1, 21)
    np.testing.assert_allclose(v, (leak + r * x) * (1 - np.exp(-t / tau)), rtol=1e-12)


def test_euler_approaches_that_solution_with_its_step():
    node = nir.LI(*(np.full(1, each) for each in (1e-2, 2.0, 0.5)))
    errors = []
    for n in (20, 200, 2000):
        v = run(node, np.full((n, 1), 0.75), dt=2e-2 / n)[-1, 0]
        errors.append(abs(v - 2.0 * (1 - exp(-2.0))))
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.2)
    assert errors[1] / errors[2] == pytest.approx(10, rel=0.2)


def test_an_integrator_sums_its_input_over_time():
    x = np.random.default_rng(0).normal(size=(40, 2))
    for method in ("euler", "exponential"):
        np.testing.assert_allclose(
            run(nir.I(np.full(2, 3.0)), x, method=method), 3.0 * DT * np.cumsum(x, 0), atol=1e-12
        )


def test_a_current_of_one_spike_decays_by_its_own_factor():
    """CubaLI without membrane memory (tau_mem = dt): the membrane is the current, w_in dt/tau (1 - dt/tau)^t."""
    node = nir.CubaLI(*(np.full(1, each) for each in (4e-3, DT, 1.0, 0.0, 2.0)))
    x = np.zeros((10, 1))
    x[0] = 1
    np.testing.assert_allclose(run(node, x).ravel(), 2.0 * 0.25 * 0.75 ** np.arange(10), rtol=1e-12)
    late = run(node, x, current="previous").ravel()
    np.testing.assert_allclose(late[1:], 2.0 * 0.25 * 0.75 ** np.arange(9), rtol=1e-12)


def test_a_threshold_is_a_step_function():
    x = np.random.default_rng(0).normal(size=(30, 2))
    assert np.array_equal(run(nir.Threshold(np.array([0.2, -0.3])), x), x > [0.2, -0.3])


def test_layers_are_their_equations_at_every_step():
    rng = np.random.default_rng(1)
    x, w, b = rng.normal(size=(5, 3)), rng.normal(size=(2, 3)), rng.normal(size=2)
    np.testing.assert_allclose(run(nir.Affine(w, b), x), [[sum(w[i] * row) + b[i] for i in range(2)] for row in x])
    np.testing.assert_allclose(run(nir.Linear(w), x), [[sum(w[i] * row) for i in range(2)] for row in x])
    np.testing.assert_allclose(run(nir.Scale(np.array([2.0, -1.0, 0.5])), x), x * [2.0, -1.0, 0.5])
    image = rng.normal(size=(2, 2, 3, 4))
    assert np.array_equal(run(nir.Flatten(None, 0, -1), image), image.reshape(2, -1))
    assert np.array_equal(run(nir.Flatten(None, 1, 2), image), image.reshape(2, 2, 12))


def window(x, weight, stride, padding, dilation, groups):
    """A convolution, one product at a time. x (C, H, W), weight (O, C / groups, h, w)."""
    padded = np.pad(x, ((0, 0), *((p, p) for p in padding)))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
    size = [(n - r) // s + 1 for n, r, s in zip(padded.shape[1:], reach, stride, strict=True)]
    out = np.zeros((len(weight), *size))
    per = len(weight) // groups
    for o, i, j in np.ndindex(*out.shape):
        for c, k, m in np.ndindex(*weight.shape[1:]):
            channel = (o // per) * weight.shape[1] + c
            place = padded[channel, i * stride[0] + k * dilation[0], j * stride[1] + m * dilation[1]]
            out[o, i, j] += weight[o, c, k, m] * place
    return out


@pytest.mark.parametrize("seed", range(6))
def test_convolutions_and_pooling_equal_their_sums(seed):
    rng = np.random.default_rng(seed)
    groups = int(rng.choice([1, 2]))
    kernel, stride, dilation = rng.integers(1, 4, 2), rng.integers(1, 3, 2), rng.integers(1, 3, 2)
    padding = rng.integers(0, 3, 2)
    x, weight, bias = rng.normal(size=(4, 8, 7)), rng.normal(size=(6, 4 // groups, *kernel)), rng.normal(size=6)
    sizes = [tuple(int(n) for n in each) for each in (stride, padding, dilation)]
    node = nir.Conv2d(None, weight, sizes[0], sizes[1], sizes[2], groups, bias)
    expected = window(x, weight, *sizes, groups) + bias[:, None, None]
    np.testing.assert_allclose(run(node, x[None])[0], expected, atol=1e-12)
    flat = nir.Conv1d(None, weight[:, :, 0], sizes[0][1], sizes[1][1], sizes[2][1], groups, bias)
    expected = window(x[:, :1], weight[:, :, :1], (1, sizes[0][1]), (0, sizes[1][1]), (1, sizes[2][1]), groups)
    np.testing.assert_allclose(run(flat, x[None, :, 0])[0], expected[:, 0] + bias[:, None], atol=1e-12)
    for kind, factor in ((nir.SumPool2d, 1.0), (nir.AvgPool2d, 1.0 / np.prod(kernel))):
        pool = kind(kernel, stride, np.minimum(padding, kernel // 2))
        ones = np.full((4, 1, *kernel), factor)
        expected = window(x, ones, sizes[0], tuple(np.minimum(padding, kernel // 2)), (1, 1), 4)
        np.testing.assert_allclose(run(pool, x[None])[0], expected, atol=1e-12)


@pytest.mark.parametrize("kept", [False, True])
def test_a_delay_brings_what_was_so_many_steps_ago(kept):
    x = np.random.default_rng(0).normal(size=(2, 12, 3))
    made = network(nir.Delay(np.array([0.0, 2.0, 5.0]) * DT), keep_state=kept)
    out = run_network(made, {"input": x})["sum"].output
    whole = x.reshape(1, 24, 3) if kept else x
    expected = np.zeros_like(whole)
    for i, d in enumerate((0, 2, 5)):
        expected[:, d:, i] = whole[:, : whole.shape[1] - d, i]
    assert np.array_equal(out, expected.reshape(2, 12, 3))


@pytest.mark.parametrize(("steps", "words"), [(1.5, "whole number"), (-1.0, "a delay is negative")])
def test_a_delay_of_no_whole_number_of_steps_is_refused_by_name(steps, words):
    with pytest.raises((RefusedError, InputError), match=words) as error:
        run(nir.Delay(np.full(3, steps * DT)), np.ones((2, 3)))
    assert error.value.where == "node node"


def test_kept_states_make_one_run_of_all_samples_but_fire_once_starts_anew():
    p = {"tau": np.full(3, 1e-2), "r": np.full(3, 2.0), "v_leak": np.zeros(3), "v_threshold": np.full(3, 0.3)}
    x = np.random.default_rng(0).random((4, 25, 3))
    kept = run_network(network(nir.LIF(**p), keep_state=True), {"input": x}, states=True)["node"]
    whole = run_network(network(nir.LIF(**p)), {"input": x.reshape(1, 100, 3)}, states=True)["node"]
    assert np.array_equal(kept.output.reshape(1, 100, 3), whole.output)
    assert np.array_equal(kept.v.reshape(1, 100, 3), whole.v)
    once = run_network(network(nir.LIF(**p), keep_state=True, fire_once=True), {"input": x})["node"].output
    assert np.array_equal(once.sum(1), np.ones((4, 3)))


def lower(node, x, **terms):
    """The network rung and the program, for the neuron behind or at ``node``."""
    shape = x.shape[2:]
    nodes = {"input": nir.Input({"input": np.array(shape)}), "node": node}
    edges = [("input", "node")]
    if not isinstance(node, nir.IF | nir.LIF | nir.CubaLIF | nir.Threshold):
        made = Network(nir.NIRGraph(dict(nodes), list(edges), type_check=False), Contract())
        width = made.shapes["node"]
        nodes["if"] = nir.IF(np.full(width, 1e3), np.full(width, 1.0))
        edges.append(("node", "if"))
    made = Network(nir.NIRGraph(nodes, edges, type_check=False), Contract(Terms(**terms)))
    last = "if" if "if" in nodes else "node"
    return run_network(made, {"input": x})[last].output, run_program(quantize(made, LOIHI2).program, {"input": x})[
        last
    ].output


HALF, QUARTER = np.full(4, 2e-3), np.full(4, 4e-3)
LOWERED = {
    "Affine": (nir.Affine(np.array([[0.5, 0.25, 0, 1], [1, 0.5, -0.25, 0]]), np.array([0.25, 0.0])), (4,)),
    "Linear": (nir.Linear(np.array([[0.5, 0.25, 0, 1], [1, 0.5, -0.25, 0]])), (4,)),
    "Scale": (nir.Scale(np.array([0.5, 0.25, 1.0, 0.75])), (4,)),
    "Conv1d": (nir.Conv1d(None, np.full((2, 1, 3), 0.25), 1, 1, 1, 1, np.array([0.25, 0.0])), (1, 6)),
    "Conv2d": (nir.Conv2d(None, np.full((2, 1, 3, 3), 0.125), 1, 1, 1, 1, np.zeros(2)), (1, 5, 5)),
    "SumPool2d": (nir.SumPool2d(*(np.array([2, 2]),) * 2, np.array([0, 0])), (1, 4, 4)),
    "AvgPool2d": (nir.AvgPool2d(*(np.array([2, 2]),) * 2, np.array([0, 0])), (1, 4, 4)),
    "Flatten": (nir.Flatten(None, 0, -1), (1, 2, 2)),
    "Delay": (nir.Delay(np.full(4, 3e-3)), (4,)),
    "Delay, of each element": (nir.Delay(np.array([1.0, 2.0, 0.0, 4.0]) * DT), (4,)),
    "Threshold": (nir.Threshold(np.full(4, 0.5)), (4,)),
    "IF": (nir.IF(np.full(4, 500.0), np.ones(4)), (4,)),
    "LIF": (nir.LIF(HALF, np.full(4, 1.5), np.zeros(4), np.full(4, 0.75)), (4,)),
    "CubaLIF": (nir.CubaLIF(QUARTER, HALF, np.full(4, 2.0), np.zeros(4), np.full(4, 0.25)), (4,)),
}


@pytest.mark.parametrize("kind", LOWERED)
def test_what_integers_can_say_reaches_the_program_and_is_the_same(kind):
    node, shape = LOWERED[kind]
    x = (np.random.default_rng(0).random((3, 30, *shape)) < 0.5).astype(float)
    expected, actual = lower(node, x)
    assert 0.02 < expected.mean() < 0.98
    assert np.array_equal(expected, actual)


REFUSED = {
    "a membrane that is sent on": (nir.LI(HALF, np.ones(4), np.zeros(4)), {}, "feeds if"),
    "the previous current": (LOWERED["CubaLIF"][0], {"current": "previous"}, "previous current"),
    "kept states": (LOWERED["LIF"][0], {"keep_state": True}, "keeps the state"),
    "counts of a threshold of zero": (nir.IF(np.full(4, 1e3), np.zeros(4)), {"max_spikes_per_step": 4}, "above zero"),
    "a state reset to a value every step": (
        nir.LIF(HALF, np.ones(4), np.zeros(4), np.ones(4)),
        {"reset_timing": "every-step", "initial_state": 0.5},
        "no initial state",
    ),
    "delays of half a step": (nir.Delay(np.full(4, 0.5 * DT)), {}, "whole number"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_integers_cannot_say_is_refused_by_name(what):
    node, terms, words = REFUSED[what]
    with pytest.raises(RefusedError, match=words) as error:
        nodes = {"input": nir.Input({"input": np.array([4])}), "node": node}
        edges = [("input", "node"), ("node", "if")]
        nodes["if"] = nir.IF(np.full(4, 1e3), np.ones(4))
        if not isinstance(node, nir.LI | nir.Delay):
            nodes["if"], nodes["node"] = nodes["node"], nir.Linear(np.eye(4))
        quantize(Network(nir.NIRGraph(nodes, edges, type_check=False), Contract(Terms(**terms))), LOIHI2)
    assert error.value.where.startswith("node ")
