"""What spyx's exporter writes wrongly, repaired."""

import nir
import numpy as np

from neurodeploy.frontends.nir_file import load_raw
from neurodeploy.network.raw import raw_of
from neurodeploy.reference.network_runner import run_network
from tests.profiles.producers import full


def load(nodes, edges):
    return load_raw(raw_of(nir.NIRGraph(nodes, edges, type_check=False)), "file", profile="spyx-1.0")


def lif(n, beta=0.5):
    return nir.LIF(1 / (1 - full(n, beta)), full(n, beta), full(n, 0), full(n, 1))


def test_columns_after_flatten_stand_in_the_order_of_channels_first():
    rng = np.random.default_rng(0)
    kernel = rng.integers(-4, 5, (3, 12)).astype(np.float32)  # columns: height, width, channel
    nodes = {
        "input": nir.Input({"input": np.array([2, 3, 2])}),
        "layer_0": nir.Flatten({"input": np.array([2, 3, 2])}, 0, -1),
        "layer_1": nir.Linear(kernel),
        "layer_2": nir.IF(full(3, 1), full(3, 2)),
        "output": nir.Output({"output": np.array([3])}),
    }
    network = load(nodes, [("input", "layer_0"), ("layer_0", "layer_1"), ("layer_1", "layer_2"), ("layer_2", "output")])
    x = rng.integers(0, 2, (1, 1, 2, 3, 2))
    v = run_network(network, {"input": x}, states=True)["layer_2"].v_before[0, 0]
    channels_last = x[0, 0].transpose(1, 2, 0).reshape(-1)
    assert v.tolist() == (kernel @ channels_last).tolist()


def test_a_recurrent_layer_hears_its_input_straight():
    """``V = beta V + x + z W``, z of the membrane before the step."""
    w = np.array([[0.0, 0.5], [-0.75, 0.25]], np.float32)
    sub = nir.NIRGraph(
        {
            "layer_0.lif": lif(2),
            "layer_0.w_rec": nir.Linear(w.T),
            "layer_0.input": nir.Input({"input": np.array([2])}),
            "layer_0.output": nir.Output({"output": np.array([2])}),
        },
        [
            ("layer_0.input", "layer_0.w_rec"),
            ("layer_0.w_rec", "layer_0.lif"),
            ("layer_0.lif", "layer_0.w_rec"),
            ("layer_0.lif", "layer_0.output"),
        ],
        type_check=False,
    )
    ports = {"input": nir.Input({"input": np.array([2])}), "output": nir.Output({"output": np.array([2])})}
    network = load({**ports, "layer_0": sub}, [("input", "layer_0"), ("layer_0", "output")])
    x = np.random.default_rng(1).integers(0, 4, (1, 80, 2)) / 4
    sent = run_network(network, {"input": x})["layer_0.lif"].output[0]
    v, expected = np.zeros(2), []
    for t in range(80):
        z = (v > 1).astype(float)
        v = 0.5 * v + x[0, t] + z @ w - z
        expected.append(z)
    assert np.array_equal(sent[:-1], expected[1:])
    assert sent.sum() > 20


def test_the_padding_of_a_pooling_is_that_of_each_side():
    two = np.array([2, 2])
    nodes = {
        "input": nir.Input({"input": np.array([1, 5, 5])}),
        "layer_0": nir.SumPool2d(np.array([3, 3]), np.array([1, 1]), two),
        "layer_1": nir.IF(full((1, 5, 5), 1), full((1, 5, 5), 1)),
        "output": nir.Output({"output": np.array([1, 5, 5])}),
    }
    network = load(nodes, [("input", "layer_0"), ("layer_0", "layer_1"), ("layer_1", "output")])
    assert network.nodes["layer_0"].padding.tolist() == [1, 1]
    assert "spyx-total-padding" in {each.slug for each in network.findings}


def test_late_layers_reach_the_program_as_delays():
    from neurodeploy.passes.pipeline import quantize

    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "layer_0": nir.IF(full(2, 1), full(2, 1)),
        "layer_1": nir.Linear(np.eye(2, dtype=np.float32)),
        "layer_2": nir.IF(full(2, 1), full(2, 1)),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "layer_0"), ("layer_0", "layer_1"), ("layer_1", "layer_2"), ("layer_2", "output")]
    raw = raw_of(nir.NIRGraph(nodes, edges, type_check=False))
    network = load_raw(raw, "file", profile="spyx-1.0,reset_timing=same-step")
    assert network.inserted == {"layer_0_late"}
    assert [each.delay for each in quantize(network).program.projections] == [0, 1]


def test_a_trained_beta_above_1_is_clipped_to_1_as_spyx_does():
    """The file then holds a finite negative tau; the membrane of that neuron keeps everything."""
    beta = np.array([0.5, 1.25], np.float32)
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "layer_0": nir.LIF((1 / (1 - beta)).astype(np.float32), beta, full(2, 0), full(2, 1)),
        "output": nir.Output({"output": np.array([2])}),
    }
    network = load(nodes, [("input", "layer_0"), ("layer_0", "output")])
    x = np.random.default_rng(2).integers(0, 4, (1, 60, 2)) / 4
    sent = run_network(network, {"input": x})["layer_0"].output[0]
    v, expected = np.zeros(2), []
    for drive in x[0]:
        fired = (v > 1).astype(float)
        v = np.clip(beta, 0, 1) * v + drive - fired
        expected.append((v > 1).astype(float))
    assert sent.sum(0).min() > 3
    assert np.array_equal(sent, np.stack(expected))
