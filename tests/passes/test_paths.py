"""From memoryless nodes to synapses: every chain as one operator that does what the chain does."""

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.analysis.ranges import apply_weights
from neurodeploy.contract import Contract, Terms
from neurodeploy.errors import RefusedError
from neurodeploy.network import Network
from neurodeploy.passes.paths import synapses
from neurodeploy.reference.linear import apply_linear

RNG = np.random.default_rng(0)
TWO = np.array([2, 2])
NODES = {
    "conv": nir.Conv2d(None, RNG.normal(size=(3, 2, 3, 3)), (2, 1), (1, 0), 1, 1, RNG.normal(size=3)),
    "grouped": nir.Conv2d(None, RNG.normal(size=(4, 1, 3, 1)), 1, 1, 1, 2, RNG.normal(size=4)),
    "dilated": nir.Conv2d(None, RNG.normal(size=(2, 2, 3, 3)), 1, "same", 2, 1, np.zeros(2)),
    "sum": nir.SumPool2d(TWO, TWO, 0 * TWO),
    "average": nir.AvgPool2d(TWO, np.array([1, 2]), np.array([1, 0])),
    "flat": nir.Flatten(None, 0, -1),
    "overlapping": nir.SumPool2d(TWO + 1, TWO - 1, 0 * TWO),
    "leaves-two": nir.SumPool2d(TWO + 2, TWO + 2, 0 * TWO),
    "pointwise": nir.Conv2d(None, RNG.normal(size=(2, 2, 1, 1)), 1, 0, 1, 1, None),
    "channels": nir.Scale(RNG.normal(size=(2, 1, 1)) * np.ones((2, 6, 6))),
    "half": nir.Scale(np.full(1, 0.5)),
    "scale": nir.Scale(RNG.normal(size=(2, 6, 6))),
    "rows": nir.Affine(RNG.normal(size=(4, 6)), RNG.normal(size=4)),
    "fc": nir.Affine(RNG.normal(size=(5, 72)), RNG.normal(size=5)),
    "fc2": nir.Linear(RNG.normal(size=(4, 5))),
}
CHAINS = [
    (["conv"], "conv2d"),
    (["grouped"], "conv2d"),
    (["dilated", "half"], "conv2d"),
    (["half", "conv"], "conv2d"),
    (["sum"], "sum-pool"),
    (["average"], "sum-pool"),
    ([], "sum-pool"),
    (["half"], "sum-pool"),
    (["flat", "fc"], "dense"),
    (["flat", "half", "fc"], "dense"),
    (["flat"], "sparse"),
    (["flat", "fc", "fc2"], "sparse"),
    (["rows"], "sparse"),
    (["average", "conv"], "conv2d"),
    (["sum", "conv"], "conv2d"),
    (["conv", "average"], "sparse"),
    (["dilated", "sum"], "conv2d"),
    (["channels", "grouped", "sum"], "conv2d"),
    (["sum", "overlapping"], "conv2d"),
    (["sum", "dilated", "pointwise", "half"], "conv2d"),
    (["leaves-two", "pointwise"], "conv2d"),
    (["overlapping", "conv"], "sparse"),
    (["conv", "flat"], "sparse"),
    (["scale", "conv"], "sparse"),
    (["scale"], "sparse"),
]


def chain(names, shape=(2, 6, 6)):
    nodes, at = {"input": nir.Input({"input": np.array(shape)})}, "input"
    edges = []
    for name in names:
        nodes[name] = NODES[name]
        edges.append((at, name))
        at = name
    x = np.zeros((1, *shape))
    for name in names:
        x = apply_linear(NODES[name], x)
    nodes["if"] = nir.IF(*(np.full(x.shape[1:], v) for v in (1e3, 1.0)))
    return Network(nir.NIRGraph(nodes, [*edges, (at, "if")], type_check=False), Contract())


def run(synapse, x, shape):
    return apply_weights(synapse.kind, synapse.weights, x, shape, synapse)


@pytest.mark.parametrize(("names", "kind"), CHAINS, ids=lambda v: v if isinstance(v, str) else "+".join(v) or "nothing")
def test_the_operator_does_what_the_chain_does(names, kind):
    network = chain(names)
    [synapse] = synapses(network)
    assert (synapse.kind, synapse.nodes, synapse.delay) == (kind, tuple(names), 0)
    for x in np.random.default_rng(1).normal(size=(3, 2, 6, 6)):
        expected = x[None]
        for name in names:
            expected = apply_linear(NODES[name], expected)
        actual = run(synapse, x, network.shapes["if"]) + synapse.constant
        np.testing.assert_allclose(actual, expected[0], atol=1e-12)


@settings(max_examples=30)
@given(st.integers(0, 2**16), st.sampled_from(["conv", "sum", "flat+fc"]))
def test_a_gain_multiplies_weights_and_constant(seed, names):
    network = chain(names.split("+"))
    [synapse] = synapses(network)
    shape = network.shapes["if"]
    rng = np.random.default_rng(seed)
    gain = rng.normal(size=(shape[0], *[1] * (len(shape) - 1))) if names != "sum" else np.full(shape, rng.normal())
    scaled = synapse.scaled(gain, shape)
    x = rng.normal(size=(2, 6, 6))
    np.testing.assert_allclose(run(scaled, x, shape), run(synapse, x, shape) * gain, atol=1e-12)
    np.testing.assert_allclose(scaled.constant, synapse.constant * gain, atol=1e-12)


@pytest.mark.parametrize("name", ["conv", "sum"])
def test_gains_within_a_shared_kernel_are_refused(name):
    network = chain([name])
    [synapse] = synapses(network)
    with pytest.raises(RefusedError, match="gain differs") as error:
        synapse.scaled(np.random.default_rng(0).normal(size=network.shapes["if"]), network.shapes["if"])
    assert error.value.where == "node if"


def test_matrices_that_would_not_fit_are_refused_by_name():
    nodes = {
        "input": nir.Input({"input": np.array([1, 80, 80])}),
        "pool": nir.AvgPool2d(np.full(2, 3), np.ones(2, int), np.ones(2, int)),
        "conv": nir.Conv2d(None, np.ones((1, 1, 3, 3)), 1, 1, 1, 1, None),
        "lif": nir.IF(*(np.full((1, 80, 80), v) for v in (1.0, 1.0))),
    }
    graph = nir.NIRGraph(nodes, [("input", "pool"), ("pool", "conv"), ("conv", "lif")], type_check=False)
    with pytest.raises(RefusedError, match="6400 x 6400") as error:
        synapses(Network(graph, Contract()))
    assert error.value.where == "node lif"


def test_a_pooling_before_a_convolution_stays_a_window_however_large_the_map():
    nodes = {
        "input": nir.Input({"input": np.array([20, 24, 24])}),
        "pool": nir.AvgPool2d(TWO, TWO, 0 * TWO),
        "conv": nir.Conv2d(None, RNG.normal(size=(32, 20, 5, 5)), 1, 0, 1, 1, None),
        "lif": nir.IF(*(np.full((32, 8, 8), v) for v in (1.0, 1.0))),
    }
    graph = nir.NIRGraph(nodes, [("input", "pool"), ("pool", "conv"), ("conv", "lif")], type_check=False)
    [synapse] = synapses(Network(graph, Contract()))
    assert (synapse.weights.shape, synapse.stride, synapse.padding) == ((32, 20, 10, 10), (2, 2), (0, 0))


def test_two_poolings_of_lines_are_one_window():
    nodes = {
        "input": nir.Input({"input": np.array([2, 12])}),
        "pool": nir.Conv1d(None, np.full((2, 1, 2), 0.5), 2, 0, 1, 2, None),
        "conv": nir.Conv1d(None, RNG.normal(size=(3, 2, 3)), 1, 1, 1, 1, RNG.normal(size=3)),
        "lif": nir.IF(*(np.full((3, 6), v) for v in (1.0, 1.0))),
    }
    graph = nir.NIRGraph(nodes, [("input", "pool"), ("pool", "conv"), ("conv", "lif")], type_check=False)
    [synapse] = synapses(Network(graph, Contract()))
    x = RNG.normal(size=(2, 12))
    expected = apply_linear(nodes["conv"], apply_linear(nodes["pool"], x[None]))[0]
    assert (synapse.kind, synapse.weights.shape) == ("conv1d", (3, 2, 6))
    np.testing.assert_allclose(run(synapse, x, (3, 6)) + synapse.constant, expected, atol=1e-12)


def joined(edges, **nodes):
    every = {"input": nir.Input({"input": np.array([2])}), "lif": nir.LIF(*(np.ones(2) for _ in range(4)))} | nodes
    return Network(nir.NIRGraph(every, edges, type_check=False), Contract(Terms(recurrent_delay=2)))


def affine(weight, bias):
    return nir.Affine(np.eye(2) * weight, np.full(2, bias))


def test_a_bias_that_several_paths_pass_is_counted_once():
    edges = [("input", "a"), ("input", "b"), ("a", "c"), ("b", "c"), ("c", "lif"), ("input", "c")]
    network = joined(edges, a=affine(2.0, 1.0), b=affine(3.0, 10.0), c=affine(0.5, 100.0))
    found = synapses(network)
    assert sorted(path.nodes for path in found) == [("a", "c"), ("b", "c"), ("c",)]
    assert sum(path.constant for path in found).tolist() == [0.5 * (1 + 10) + 100] * 2
    assert sum(path.weights for path in found).tolist() == (np.eye(2) * (0.5 * (2 + 3) + 0.5)).tolist()


def test_feedback_is_late_and_its_bias_refused():
    edges = [("input", "lif"), ("lif", "back"), ("back", "lif")]
    [forward, back] = synapses(joined(edges, back=nir.Linear(np.eye(2))))
    assert (forward.source, forward.delay, back.source, back.delay) == ("input", 0, "lif", 2)
    with pytest.raises(RefusedError, match="feedback path") as error:
        synapses(joined(edges, back=affine(1.0, 0.5)))
    assert error.value.where == "node back"


def test_a_forward_bias_that_feedback_passes_too_is_allowed():
    edges = [("input", "a"), ("a", "lif"), ("lif", "a")]
    found = synapses(joined(edges, a=affine(1.0, 0.5)))
    assert sum(path.constant for path in found).tolist() == [0.5, 0.5]
    assert [path.delay for path in found] == [0, 2]


def test_a_loop_without_a_neuron_is_refused():
    edges = [("input", "a"), ("a", "b"), ("b", "a"), ("a", "lif")]
    with pytest.raises(RefusedError, match="holds no neuron"):
        synapses(joined(edges, a=affine(0.5, 0.0), b=affine(0.5, 0.0)))
