"""What a network refuses, which edges close loops, and the order in which it is stepped."""

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.host import Head, Host
from neurodeploy.network import InputRange, Network
from neurodeploy.network.shapes import output_shape


def lif(n=2, **values):
    full = {"tau": 1e-2, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0} | values
    return nir.LIF(**{key: np.broadcast_to(value, n).astype(float) for key, value in full.items()})


def chain(**nodes):
    every = {"input": nir.Input({"input": np.array([2])}), "w": nir.Linear(np.eye(2)), "lif": lif()} | nodes
    return every, [("input", "w"), ("w", "lif")]


def network(nodes, edges, **more):
    return Network(nir.NIRGraph(nodes, edges, type_check=False), Contract(), **more)


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ({"w": nir.Linear(np.array([[1.0, np.nan], [0, 1]]))}, ["node w", "weight"]),
        ({"w": nir.Affine(np.eye(2), np.array([np.inf, 0]))}, ["node w", "bias"]),
        ({"lif": lif(tau=[1e-2, -1e-3])}, ["node lif", "tau", "-0.001"]),
        ({"lif": lif(tau=0.0)}, ["node lif", "tau"]),
        ({"lif": lif(v_threshold=np.nan)}, ["node lif", "v_threshold"]),
        ({"lif": lif(3)}, ["node lif", "(3,)", "(2,)"]),
        ({"w": nir.Linear(np.ones((2, 3)))}, ["node w", "3 inputs"]),
        ({"w": nir.Affine(np.eye(2), np.zeros(3))}, ["node w", "bias", "(3,)"]),
        ({"w": nir.Conv1d(2, np.ones((1, 1, 3)), 1, 0, 1, 1, np.zeros(1))}, ["node w", "1-d convolution"]),
        ({"w": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))}, ["node w", "(C, H, W)"]),
        ({"alone": lif(np.int64(2)), "w2": nir.Linear(np.eye(2))}, ["node w2", "receives nothing"]),
        ({"a/b": lif()}, ["a/b", "slash"]),
    ],
)
def test_bad_nodes_are_refused_by_name(nodes, words):
    with pytest.raises(InputError) as error:
        network(*chain(**nodes))
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize(
    ("edge", "words"),
    [
        (("lif", "nowhere"), ["lif -> nowhere", "nowhere"]),
        (("input", "w"), ["input -> w", "stands 2 times"]),
        (("lif", "input"), ["lif -> input", "Input"]),
    ],
)
def test_bad_edges_are_refused(edge, words):
    nodes, edges = chain()
    with pytest.raises(InputError) as error:
        network(nodes, [*edges, edge])
    assert all(word in str(error.value) for word in words)


def test_a_graph_without_input_is_refused():
    nodes, _ = chain()
    del nodes["input"]
    with pytest.raises(InputError, match="no Input"):
        network(nodes, [("w", "lif")])


def test_branches_of_different_shapes_are_refused_forward_and_back():
    nodes, edges = chain(other=nir.Linear(np.ones((3, 2))))
    for more in ([("input", "other"), ("other", "lif")], [("lif", "other"), ("other", "lif")]):
        with pytest.raises(InputError, match=r"node lif.*\(3,\) from other"):
            network(nodes, [*edges, *more])


def test_windows_larger_than_their_input_are_refused():
    window = np.array([5, 5])
    for node in (nir.SumPool2d(window, window, 0 * window), nir.Conv2d(None, np.ones((1, 1, 5, 5)), 1, 0, 1, 1, None)):
        with pytest.raises(InputError, match="larger than its padded input"):
            output_shape("w", node, (1, 4, 4))
    with pytest.raises(InputError, match=r"node w.*'same'"):
        output_shape("w", nir.Conv2d(None, np.ones((1, 1, 3, 3)), 2, "same", 1, 1, None), (1, 4, 4))


def test_a_population_without_inputs_has_the_shape_of_its_parameters():
    nodes, edges = chain(pacemaker=lif(3, v_leak=2.0), w2=nir.Linear(np.ones((2, 3))))
    made = network(nodes, [*edges, ("pacemaker", "w2"), ("w2", "lif")])
    assert made.shapes["pacemaker"] == (3,)


def test_ranges_and_heads_name_existing_nodes():
    nodes, edges = chain()
    with pytest.raises(InputError, match="'x'"):
        network(nodes, edges, inputs={"x": InputRange()})
    with pytest.raises(InputError, match="'w'"):
        network(nodes, edges, host=Host(Head("spike-count-argmax", "w")))
    for bad in ((1.0, 0.0, 1.0), (0.0, np.inf, 1.0), (0.0, 1.0, 0.0), (0.0, 1.0, np.nan)):
        with pytest.raises(InputError):
            InputRange(*bad)


def recurrent():
    nodes, edges = chain(rec=nir.Linear(np.eye(2)), w2=nir.Linear(np.eye(2)), top=lif(), down=nir.Linear(np.eye(2)))
    edges += [
        ("lif", "rec"),
        ("rec", "lif"),
        ("lif", "w2"),
        ("w2", "top"),
        ("top", "top"),
        ("top", "down"),
        ("down", "w"),
    ]
    return nodes, edges


def test_loops_close_where_the_search_from_the_inputs_meets_itself():
    made = network(*recurrent())
    assert made.recurrent_edges == {("rec", "lif"), ("top", "top"), ("down", "w")}
    assert made.populations == ("lif", "top")


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_loops_and_order_do_not_depend_on_the_order_in_the_file(random):
    nodes, edges = recurrent()
    made = network(nodes, edges)
    names, shuffled = list(nodes), list(edges)
    random.shuffle(names)
    random.shuffle(shuffled)
    other = network({name: nodes[name] for name in names}, shuffled)
    assert (other.recurrent_edges, other.order, other.populations) == (
        made.recurrent_edges,
        made.order,
        made.populations,
    )


@settings(max_examples=60)
@given(st.sets(st.tuples(st.integers(0, 6), st.integers(1, 6)), max_size=20))
def test_every_edge_outside_loops_goes_forward_in_the_order(pairs):
    nodes = {"n0": nir.Input({"input": np.array([2])})} | {f"n{i}": lif() for i in range(1, 7)}
    made = network(nodes, [(f"n{a}", f"n{b}") for a, b in pairs])
    place = {name: i for i, name in enumerate(made.order)}
    assert sorted(place) == sorted(nodes)
    assert all(place[a] < place[b] for a, b in made.forward_edges)
    assert set(made.forward_edges) | made.recurrent_edges == set(made.graph.edges)
