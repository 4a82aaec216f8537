"""Files of networks: plain NIR that nir itself reads, nothing lost, the same bytes for the same network."""

import json

import h5py
import nir
import numpy as np
import pytest

from neurodeploy.contract import Contract, Terms
from neurodeploy.errors import InputError
from neurodeploy.host import Head, Host
from neurodeploy.model import find_model
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.network.file import carries_contract, network_bytes, network_from_graph, read_graph, write_network
from neurodeploy.reference.network_runner import run_network


def small(head=None):
    rng = np.random.default_rng(0)
    build = NetworkBuilder(Terms(dt=2e-3, fires_at=">="))
    at = build.input("input", (2, 6, 6), InputRange(0.0, 1.0, 0.25, declared=True))
    at = build.conv("z.conv", at, rng.normal(size=(4, 1, 3, 5)), rng.normal(size=4), 1, (1, 2), groups=2)
    at = build.max_pool("a.pool", build.integrate("lif.0", at, 0.4, v_min=0.0), 2, 2)
    at = build.linear("fc", build.flatten("flat", at), rng.normal(size=(3, 36)).astype(np.float32))
    build.output("output", build.lif("lif.1", at, 1e-2, 0.1, reset="value", v_reset=-0.5))
    return build.build(Host(head))


HEADS = [
    None,
    Head("spike-count-argmax", "lif.1"),
    Head("llr", "lif.1", {"temperature": 0.5, "note": "x"}, {"fc1_weight": np.ones((2, 2), np.float32)}),
]


def read(path) -> Network:
    return network_from_graph(read_graph(path), str(path))


@pytest.mark.parametrize("head", HEADS, ids=["none", "argmax", "llr"])
def test_round_trip_is_the_identity(tmp_path, head):
    network = small(head)
    write_network(network, tmp_path / "n.nir")
    again = read(tmp_path / "n.nir")
    assert again.contract == network.contract
    assert again.inputs == network.inputs
    assert again.inserted == network.inserted
    assert sorted(again.graph.edges) == sorted(network.graph.edges)
    assert again.shapes == network.shapes
    for name, node in network.nodes.items():
        assert type(again.nodes[name]) is type(node)
        for key in ("weight", "bias", "v_threshold", "tau", "v_reset", "threshold"):
            if hasattr(node, key):
                assert np.array_equal(getattr(again.nodes[name], key), getattr(node, key)), (name, key)
                assert getattr(again.nodes[name], key).dtype == getattr(node, key).dtype
    assert (again.host.post is None) == (head is None)
    if head is not None:
        post = again.host.post
        assert (post.kind, post.node, dict(post.parameters)) == (head.kind, head.node, dict(head.parameters))
        assert {k: v.tolist() for k, v in post.weights.items()} == {k: v.tolist() for k, v in head.weights.items()}
    assert network_bytes(again) == network_bytes(network) == (tmp_path / "n.nir").read_bytes()


def test_bytes_do_not_depend_on_the_order_of_nodes_and_edges():
    network = small()
    nodes = dict(reversed(network.nodes.items()))
    graph = nir.NIRGraph(nodes, list(reversed(network.graph.edges)), type_check=False)
    assert network_bytes(Network(graph, network.contract, network.inputs)) == network_bytes(network)


@pytest.mark.parametrize("model", ["spikeseg", "spikingrx", "small"])
def test_plain_nir_reads_our_files_with_its_type_checks(tmp_path, model):
    if model == "small":
        network = small(HEADS[2])
    else:
        found = find_model(model)
        network = found.network(found.build(found.preset(None)), found.preset(None))
    write_network(network, tmp_path / "n.nir")
    graph = nir.read(tmp_path / "n.nir")
    assert set(graph.nodes) == set(network.nodes)
    with h5py.File(tmp_path / "n.nir") as file:
        assert file["version"][()] == nir.version.encode()


def test_a_recurrent_network_is_read_by_plain_nir(tmp_path):
    build = NetworkBuilder()
    at = build.linear("in", build.input("input", (3,)), np.ones((2, 3)))
    build.output("output", build.lif("lif", at, 1e-2, 1.0))
    build.linear("rec", "lif", np.eye(2))
    build.connect("rec", "lif")
    write_network(build.build(), tmp_path / "n.nir")
    assert ("rec", "lif") in nir.read(tmp_path / "n.nir").edges


def test_what_nir_cannot_write_is_completed(tmp_path):
    nodes = {
        "input": nir.Input({"input": np.array([2, 4, 4])}),
        "conv": nir.Conv2d(None, np.ones((3, 2, 3, 3)), 1, "same", 1, 1, None),
        "if": nir.IF(r=1e3 * np.ones(1), v_threshold=np.array([3.5]), v_reset=np.zeros(1)),
        "flat": nir.Flatten(None, 0, -1),
        "output": nir.Output({"output": np.array([48])}),
    }
    edges = [("input", "conv"), ("conv", "if"), ("if", "flat"), ("flat", "output")]
    network = Network(nir.NIRGraph(nodes, edges, type_check=False), Contract())
    write_network(network, tmp_path / "n.nir")
    again = read(tmp_path / "n.nir")
    spikes = {"input": np.random.default_rng(0).integers(0, 2, (2, 9, 2, 4, 4))}
    before, after = (run_network(each, spikes)["if"].output for each in (network, again))
    assert before.sum() > 0
    assert np.array_equal(before, after)
    assert nir.read(tmp_path / "n.nir").nodes["if"].v_threshold.shape == (3, 4, 4)


def test_a_foreign_file_carries_no_contract(tmp_path):
    graph = nir.NIRGraph.from_list(nir.Linear(np.ones((2, 3))))
    nir.write(tmp_path / "n.nir", graph)
    assert not carries_contract(read_graph(tmp_path / "n.nir"))


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n broken"])
def test_files_of_another_kind_are_refused(tmp_path, content):
    (tmp_path / "n.nir").write_bytes(content)
    with pytest.raises(InputError, match="not a readable NIR file"):
        read_graph(tmp_path / "n.nir")
    with pytest.raises(InputError, match="no such file"):
        read_graph(tmp_path / "missing.nir")


@pytest.mark.parametrize("cut", [0.2, 0.6, 0.95])
def test_truncated_files_are_refused(tmp_path, cut):
    data = network_bytes(small())
    (tmp_path / "n.nir").write_bytes(data[: int(cut * len(data))])
    with pytest.raises(InputError):
        read(tmp_path / "n.nir")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("contract", "{"),
        ("contract", '{"defaults": {"dt": "fast"}}'),
        ("inputs", "[]"),
        ("inputs", json.dumps({"input": {"low": 1.0, "high": 0.0}})),
        ("inputs", json.dumps({"inptu": {"low": 0.0}})),
        ("inserted", "3"),
        ("post", '{"kind": "llr"}'),
        ("post", '{"kind": "llr", "node": "nowhere", "parameters": {}}'),
        ("format", 2),
    ],
)
def test_damaged_metadata_is_refused(tmp_path, key, value):
    write_network(small(), tmp_path / "n.nir")
    with h5py.File(tmp_path / "n.nir", "a") as file:
        group = next(file[path] for path in ("metadata/neurodeploy", "node/metadata/neurodeploy") if path in file)
        if key in group:
            del group[key]
        group[key] = value
    with pytest.raises(InputError):
        read(tmp_path / "n.nir")
