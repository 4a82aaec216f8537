"""The builder: shapes, exact forms of kernels, and refusal of what NIR and the contract cannot say."""

import nir
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.contract import Terms
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.network.fold import fold_batch_norm
from neurodeploy.reference.linear import apply_linear
from neurodeploy.reference.network_runner import run_network

torch.set_num_threads(1)


def started(shape=(2, 6, 6), values=None, **terms):
    build = NetworkBuilder(Terms(**terms))
    return build, build.input("input", shape, values)


def test_shapes_follow_the_layers():
    build, at = started((2, 9, 8))
    at = build.conv("conv", at, np.ones((4, 2, 3, 3)), stride=2, padding=1)
    assert build.shape(at) == (4, 5, 4)
    at = build.max_pool("pool", build.integrate("if", at, 1.0), 2, 2)
    assert build.shape(at) == (4, 2, 2)
    at = build.linear("fc", build.flatten("flat", at), np.ones((3, 16)), np.zeros(3))
    build.output("output", build.lif("lif", at, 1e-2, 1.0))
    network = build.build()
    assert network.shapes["output"] == (3,)
    assert network.populations == ("if", "pool", "lif")


def test_one_value_one_per_channel_and_one_per_neuron():
    build, at = started()
    build.lif("lif", at, 1e-2, [1.0, 2.0])
    build.integrate("if", at, np.full((2, 6, 6), 3.0))
    threshold = build._nodes["lif"].v_threshold
    assert threshold.shape == (2, 6, 6)
    assert [threshold[0].max(), threshold[1].min()] == [1.0, 2.0]
    with pytest.raises(InputError, match=r"\(5,\)"):
        build.integrate("wrong", at, np.ones(5))


KERNELS = st.tuples(
    st.sampled_from([1, 2, 3]),  # groups
    st.integers(1, 4),  # kernel height
    st.integers(1, 4),  # kernel width
    st.integers(1, 2),  # stride
    st.integers(0, 2),  # padding
    st.integers(1, 2),  # dilation
    st.integers(0, 2**16),  # seed
)


@settings(max_examples=60)
@given(KERNELS)
def test_every_two_dimensional_convolution_equals_torch(choice):
    groups, height, width, stride, padding, dilation, seed = choice
    rng = np.random.default_rng(seed)
    weight = rng.integers(-8, 9, (2 * groups, 2, height, width)) / 8
    bias, x = rng.integers(-8, 9, 2 * groups) / 8, rng.integers(-4, 5, (2, 2 * groups, 8, 9)) / 4
    build, at = started((2 * groups, 8, 9))
    at = build.conv("conv", at, weight, bias, stride, (padding, 0), dilation, groups)
    expected = torch.nn.functional.conv2d(*map(torch.tensor, (x, weight, bias)), stride, (padding, 0), dilation, groups)
    node = build._nodes["conv"]
    assert build.shape(at) == tuple(expected.shape[1:])
    np.testing.assert_array_equal(apply_linear(node, x), expected.numpy())
    assert node.groups == 1
    if (height - width) % 2 == 0:
        assert node.weight.shape[2] == node.weight.shape[3]
        assert tuple(node.output_type["output"]) == build.shape(at), "nir infers the same shape"


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 2), st.integers(0, 2), st.integers(1, 2))
def test_every_one_dimensional_convolution_equals_torch(groups, size, stride, padding, dilation):
    rng = np.random.default_rng(size)
    weight, x = rng.integers(-8, 9, (groups, 1, size)) / 8, rng.integers(-4, 5, (2, groups, 11)) / 4
    build, at = started((groups, 11))
    at = build.conv("conv", at, weight, None, stride, padding, dilation, groups)
    expected = torch.nn.functional.conv1d(
        torch.tensor(x), torch.tensor(weight), None, stride, padding, dilation, groups
    )
    np.testing.assert_array_equal(apply_linear(build._nodes["conv"], x), expected.numpy())
    assert build.shape(at) == tuple(expected.shape[1:])


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, 2, 0), ((3, 2), (2, 1), (1, 0)), (3, 1, 1)])
def test_pooling_equals_torch(average, kernel, stride, padding):
    x = np.random.default_rng(0).integers(0, 9, (2, 3, 7, 8)) / 4.0
    build, at = started((3, 7, 8))
    at = build.pool("pool", at, kernel, stride, padding, average)
    expected = torch.nn.functional.avg_pool2d(torch.tensor(x), kernel, stride, padding).numpy()
    expected = expected if average else expected * np.prod(kernel if isinstance(kernel, tuple) else (kernel, kernel))
    np.testing.assert_allclose(apply_linear(build._nodes["pool"], x), expected, rtol=1e-12)
    assert build.shape(at) == expected.shape[1:]


def test_max_pooling_of_spikes_equals_torch():
    build, at = started((3, 8, 8), fires_at=">=", fire_once=True, v_min=0.0)
    build.output("output", build.max_pool("pool", at, 2, 2))
    spikes = np.random.default_rng(0).integers(0, 2, (1, 4, 3, 8, 8)).astype(float)
    expected = torch.nn.functional.max_pool2d(torch.tensor(spikes[0]), 2).numpy()
    np.testing.assert_array_equal(run_network(build.build(), {"input": spikes})["pool"].output[0], expected)


def gate(name):
    build, at = started((4,))
    a, b = build.integrate("a", at, 0.5), build.threshold("b", build.linear("w", at, np.eye(4)[::-1]), 0.5)
    at = build.both("gate", a, b) if name == "AND" else build.only_second("gate", a, b)
    build.output("output", at)
    return build.build()


@pytest.mark.parametrize(("name", "expected"), [("AND", lambda a, s: a * s), ("IAND", lambda a, s: (1 - a) * s)])
def test_gates_of_spikes(name, expected):
    spikes = np.random.default_rng(0).integers(0, 2, (1, 20, 4)).astype(float)
    trace = run_network(gate(name), {"input": spikes})
    assert 0 < trace["gate"].output.sum() < trace["gate"].output.size
    np.testing.assert_array_equal(trace["gate"].output, expected(trace["a"].output, trace["b"].output))


@pytest.mark.parametrize("what", ["max_pool", "both", "only_second"])
@pytest.mark.parametrize("graded", ["input", "sum", "many"])
def test_graded_operands_of_gates_are_refused_by_name(what, graded):
    build, _ = started((1, 4, 4), InputRange(0.0, 1.0, 0.25, declared=True))
    spikes = build.threshold("spikes", "input", 0.5)
    build.add("sum", ("input", spikes))
    build.lif("many", "input", 1e-2, 1.0, max_spikes_per_step=3)
    with pytest.raises(RefusedError, match=f"{graded}.*graded") as error:
        build.max_pool("x", graded, 2, 2) if what == "max_pool" else getattr(build, what)("x", graded, spikes)
    assert error.value.where == "node x"


def test_many_spikes_by_default_are_graded_too():
    build, at = started((1, 4, 4), max_spikes_per_step=2)
    with pytest.raises(RefusedError):
        build.max_pool("pool", build.lif("lif", at, 1e-2, 1.0), 2, 2)


def test_names_used_twice_are_refused():
    build, at = started()
    build.integrate("a", at, 1.0)
    for again in (lambda: build.integrate("a", at, 1.0), lambda: build.input("a", (1,)), lambda: build.output("a", at)):
        with pytest.raises(InputError, match="'a' is used twice"):
            again()
    build.output("output", "a")
    assert len(build.build().nodes) == 3, "a refused layer leaves nothing behind"


def test_missing_sources_and_different_branches_are_refused():
    build, at = started((4,))
    with pytest.raises(InputError, match="'b'"):
        build.integrate("a", "b", 1.0)
    half = build.linear("half", at, np.ones((2, 4)))
    with pytest.raises(InputError, match="different shapes"):
        build.add("sum", (at, half))


@pytest.mark.parametrize("bias", [False, True])
def test_folded_batch_norm_equals_torch(bias):
    torch.manual_seed(0)
    conv, norm = torch.nn.Conv2d(3, 5, 3, padding=1, bias=bias).double(), torch.nn.BatchNorm2d(5).double()
    with torch.no_grad():
        for values in (norm.weight, norm.bias, norm.running_mean):
            values.copy_(torch.randn(5))
        norm.running_var.copy_(torch.rand(5) * 4 + 0.01)
        x = torch.randn(2, 3, 8, 8).double()
        expected = norm.eval()(conv(x)).numpy()
    arrays = [each.detach().numpy() for each in (norm.weight, norm.bias, norm.running_mean, norm.running_var)]
    weight, offset = fold_batch_norm(
        conv.weight.detach().numpy(), conv.bias.detach().numpy() if bias else None, *arrays, norm.eps
    )
    folded = nir.Conv2d((8, 8), weight, 1, 1, 1, 1, offset)
    np.testing.assert_allclose(apply_linear(folded, x.numpy()), expected, rtol=0, atol=1e-5)
