"""Files of every version of NIR's layout, subgraphs, and what cannot be a node."""

from itertools import pairwise

import h5py
import nir
import numpy as np
import pytest

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.frontends.nir_file import load_nir
from neurodeploy.network import Network
from neurodeploy.network.assembly import assemble
from neurodeploy.network.raw import Raw, RawNode, raw_of, read_raw
from neurodeploy.reference.network_runner import run_network


def ports(n=2):
    return {"input": nir.Input({"input": np.array([n])}), "output": nir.Output({"output": np.array([n])})}


def lif(n=2, tau=1e-2, threshold=1.0):
    return nir.LIF(*(np.full(n, value) for value in (tau, 2.0, 0.0, threshold)))


def cuba(n=2):
    return nir.CubaLIF(*(np.full(n, value) for value in (4e-3, 8e-3, 1.0, 0.0, 0.5)))


def written(path, nodes, edges):
    nir.write(path, nir.NIRGraph(nodes, edges, type_check=False))
    return path


@pytest.mark.parametrize("missing", [(), ("v_reset",), ("v_reset", "w_in")], ids=["1.0.8", "1.0.4", "0.2"])
def test_older_layouts_are_read_with_the_defaults_of_nir(tmp_path, missing):
    path = written(tmp_path / "n.nir", {**ports(), "cuba": cuba()}, [("input", "cuba"), ("cuba", "output")])
    with h5py.File(path, "a") as file:
        for key in missing:
            del file[f"node/nodes/cuba/{key}"]
    node = load_nir(path, Contract()).nodes["cuba"]
    assert (node.v_reset.tolist(), node.w_in.tolist()) == ([0, 0], [1, 1])


def test_a_convolution_of_nir_0_2_knows_no_input_shape(tmp_path):
    conv = nir.Conv2d((4, 4), np.ones((1, 1, 3, 3)), 1, 1, 1, 1, np.zeros(1))
    nodes = {"input": nir.Input({"input": np.array([1, 4, 4])}), "conv": conv, "sum": nir.Scale(np.ones((1, 4, 4)))}
    path = written(tmp_path / "n.nir", nodes, [("input", "conv"), ("conv", "sum")])
    with h5py.File(path, "a") as file:
        del file["node/nodes/conv/input_shape"]
    assert load_nir(path, Contract()).shapes["conv"] == (1, 4, 4)


def test_single_precision_and_small_integers_stay_what_they_are(tmp_path):
    weight = np.array([[1, -2], [3, 4]], np.int8)
    path = written(tmp_path / "n.nir", {**ports(), "w": nir.Linear(weight)}, [("input", "w"), ("w", "output")])
    assert read_raw(path).nodes["w"].fields["weight"].dtype == np.int8
    assert read_raw(path).version == nir.version


def test_a_scalar_holds_for_every_neuron():
    raw = raw_of(nir.NIRGraph({**ports(3), "lif": lif(3)}, [("input", "lif"), ("lif", "output")], type_check=False))
    scalars = raw.change("lif", tau=np.array(1e-2), r=np.array([2.0]))
    x = {"input": np.random.default_rng(0).random((1, 50, 3))}
    one, other = (run_network(Network(assemble(each), Contract()), x)["lif"].output for each in (raw, scalars))
    assert np.array_equal(one, other) and one.sum() > 0


def nested():
    """input -> a(lif with its own feedback) -> b(c(lif)) -> output"""
    loop = nir.NIRGraph(
        {**ports(), "lif": lif(), "rec": nir.Linear(np.array([[0.0, -0.5], [-0.5, 0.0]]))},
        [("input", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "output")],
        type_check=False,
    )
    inner = nir.NIRGraph(
        {**ports(), "lif": lif(threshold=0.5)}, [("input", "lif"), ("lif", "output")], type_check=False
    )
    outer = nir.NIRGraph({**ports(), "c": inner}, [("input", "c"), ("c", "output")], type_check=False)
    return nir.NIRGraph(
        {**ports(), "a": loop, "b": outer}, [("input", "a"), ("a", "b"), ("b", "output")], type_check=False
    )


def flat():
    nodes = {**ports(), "a.lif": lif(), "a.rec": nir.Linear(np.array([[0.0, -0.5], [-0.5, 0.0]]))}
    edges = [("input", "a.lif"), ("a.lif", "a.rec"), ("a.rec", "a.lif"), ("a.lif", "b.c.lif"), ("b.c.lif", "output")]
    return nir.NIRGraph({**nodes, "b.c.lif": lif(threshold=0.5)}, edges, type_check=False)


def test_subgraphs_are_written_out_and_run_as_one(tmp_path):
    nir.write(tmp_path / "n.nir", nested())
    x = {"input": np.random.default_rng(0).integers(0, 8, (2, 60, 2))}
    expected = run_network(Network(flat(), Contract()), x)
    for network in (Network(nested(), Contract()), load_nir(tmp_path / "n.nir", Contract())):
        assert sorted(network.graph.edges) == sorted(flat().edges)
        trace = run_network(network, x)
        assert all(np.array_equal(trace[name].output, expected[name].output) for name in expected.entries)
    assert expected["b.c.lif"].output.sum() > 0


def test_an_edge_may_name_a_node_of_a_subgraph():
    inner = nir.NIRGraph({"x": lif(), "y": lif()}, [("x", "y")], type_check=False)
    graph = nir.NIRGraph({**ports(), "g": inner}, [("input", "g.x"), ("g.y", "output")], type_check=False)
    assert set(Network(graph, Contract()).graph.edges) == {("input", "g.x"), ("g.x", "g.y"), ("g.y", "output")}


def test_a_subgraph_that_only_passes_on_leaves_an_edge():
    wire = nir.NIRGraph(ports(), [("input", "output")], type_check=False)
    graph = nir.NIRGraph(
        {**ports(), "g": wire, "lif": lif()}, [("input", "g"), ("g", "lif"), ("lif", "output")], type_check=False
    )
    assert set(Network(graph, Contract()).graph.edges) == {("input", "lif"), ("lif", "output")}


def test_subgraphs_without_one_port_and_names_that_meet_are_refused():
    two = nir.NIRGraph({**ports(), "other": nir.Input({"input": np.array([2])})}, [], type_check=False)
    graph = nir.NIRGraph({**ports(), "g": two}, [("input", "g"), ("g", "output")], type_check=False)
    with pytest.raises(InputError, match="it has 2 Inputs"):
        Network(graph, Contract())
    inner = nir.NIRGraph({**ports(), "x": lif()}, [("input", "x"), ("x", "output")], type_check=False)
    graph = nir.NIRGraph({**ports(), "g": inner, "g.x": lif()}, [("input", "g"), ("g", "output")], type_check=False)
    with pytest.raises(InputError, match=r"two nodes are called 'g\.x'"):
        Network(graph, Contract())


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("", {}, "no type"),
        ("Izhikevich", {}, "'Izhikevich' is unknown"),
        ("LIF", {"tau": np.ones(2)}, "a LIF without r, v_leak, v_threshold"),
        ("Input", {"shape": np.array([2.5])}, "shape holds"),
        ("Input", {"shape": np.array([1 << 20, 1 << 20])}, "too large"),
        ("Linear", {"weight": "text"}, "weight holds no numbers"),
        ("Linear", {"weight": np.ones(3)}, "cannot be built"),
        (
            "Conv2d",
            {"weight": np.ones((1, 1, 3)), **dict.fromkeys(("stride", "padding", "dilation", "groups"), 1)},
            "shape",
        ),
        (
            "SumPool2d",
            {"kernel_size": np.array([0, 1]), "stride": np.array([1, 1]), "padding": np.array([0, 0])},
            "whole",
        ),
        ("IF", {"r": np.ones(2), "v_threshold": np.ones(3)}, "different shapes: r (2,), v_threshold (3,)"),
    ],
)
def test_what_cannot_be_a_node_is_refused_by_name(kind, fields, words):
    with pytest.raises(InputError) as error:
        assemble(Raw({"odd": RawNode(kind, fields)}, ()))
    assert error.value.where == "node odd"
    assert words in str(error.value)


def test_a_file_of_a_single_node_is_refused(tmp_path):
    nir.write(tmp_path / "n.nir", lif())
    with pytest.raises(InputError, match="holds a single LIF, no graph"):
        read_raw(tmp_path / "n.nir")


def test_a_graph_in_memory_reads_as_its_file_does(tmp_path):
    two, four = np.ones(2), np.array([1, 4, 4])
    nodes = {
        "input": nir.Input({"input": four}),
        "conv": nir.Conv2d((4, 4), np.ones((1, 1, 3, 3)), (1, 1), (1, 1), (1, 1), 1, np.zeros(1)),
        "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "flat": nir.Flatten({"input": np.array([1, 2, 2])}, 0, -1),
        "fc": nir.Affine(np.ones((2, 4)), np.zeros(2)),
        "scale": nir.Scale(two),
        "wait": nir.Delay(two * 1e-3),
        "lif": lif(),
        "cuba": cuba(),
        "gate": nir.Threshold(two),
        "output": nir.Output({"output": np.array([2])}),
    }
    names = list(nodes)
    graph = nir.NIRGraph(nodes, list(pairwise(names)), type_check=False)
    nir.write(tmp_path / "all.nir", graph)
    inside, stored = raw_of(graph), read_raw(tmp_path / "all.nir")
    assert sorted(inside.edges) == sorted(stored.edges)
    for name, node in stored.nodes.items():
        assert inside.nodes[name].kind == node.kind
        assert inside.nodes[name].fields.keys() == node.fields.keys(), name
        for key, value in node.fields.items():
            np.testing.assert_array_equal(inside.nodes[name].fields[key], value)
