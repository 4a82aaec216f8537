"""The float runner: sums, feedback, and runs in which each node is fed another run's outputs."""

import nir
import numpy as np
import pytest

from neurodeploy.contract import Contract, Terms
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.reference.network_runner import run_network
from neurodeploy.trace import Entry, Trace


def network(nodes, edges, **terms):
    return Network(nir.NIRGraph(nodes, edges, type_check=False), Contract(Terms(**terms)))


def source(n=1):
    return nir.Input({"input": np.array([n])})


def integrator(threshold=1.0):
    return nir.IF(np.array([1e3]), np.array([threshold]))


def test_several_edges_into_a_node_add():
    nodes = {"a": source(), "b": source(), "sum": nir.Scale(np.ones(1)), "half": nir.Scale(np.full(1, 0.5))}
    edges = [("a", "sum"), ("b", "sum"), ("sum", "half")]
    trace = run_network(network(nodes, edges), {"a": [[[1.0], [2.0]]], "b": [[[10.0], [20.0]]]})
    assert trace["sum"].output.ravel().tolist() == [11.0, 22.0]
    assert trace["sum"].graded
    assert list(trace.entries) == ["a", "b", "sum"], "a scaling by one half has no entry of its own"


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_feedback_arrives_late_and_nothing_before(delay):
    nodes = {"in": source(), "if": integrator(0.5), "back": nir.Linear(np.array([[1.0]]))}
    made = network(nodes, [("in", "if"), ("if", "back"), ("back", "if")], recurrent_delay=delay)
    x = np.zeros((1, 12, 1))
    x[0, 1] = 1
    spikes = run_network(made, {"in": x})["if"].output.ravel()
    assert np.flatnonzero(spikes).tolist() == list(range(1, 12, delay))


def test_a_bias_behind_a_feedback_edge_waits_and_one_before_it_does_not():
    bias = nir.Affine(np.zeros((1, 1)), np.ones(1))
    nodes = {"in": source(), "if": integrator(9.0), "back": bias}
    x = {"in": np.zeros((1, 3, 1))}
    late = run_network(network(nodes, [("in", "if"), ("if", "back"), ("back", "if")]), x, states=True)
    assert late["if"].v.ravel().tolist() == [0, 1, 2]
    early = run_network(network(nodes, [("in", "back"), ("if", "back"), ("back", "if")]), x, states=True)
    assert early["if"].v.ravel().tolist() == [1, 2, 3]


def test_samples_do_not_mix_and_states_are_recorded_on_request():
    build = NetworkBuilder()
    at = build.lif("lif", build.input("input", (2, 3)), 1e-2, 0.3)
    build.output("output", at)
    made = build.build()
    x = np.random.default_rng(0).integers(0, 2, (4, 30, 2, 3))
    whole = run_network(made, {"input": x}, states=True)
    for i in range(4):
        alone = run_network(made, {"input": x[i : i + 1]}, states=True)
        for key in ("output", "v", "v_before"):
            assert np.array_equal(getattr(whole["lif"], key)[i], getattr(alone["lif"], key)[0])
    assert whole["lif"].v_before[whole["lif"].output > 0].min() > 0.3
    assert whole["lif"].v[whole["lif"].output > 0].max() == 0.0
    assert run_network(made, {"input": x})["lif"].v is None


def two_layers():
    build = NetworkBuilder()
    first = build.integrate("first", build.input("input", (1,)), 1.0)
    build.output("output", build.integrate("second", build.linear("w", first, np.array([[2.0]])), 1.0))
    return build.build()


def test_fed_with_another_run_each_node_answers_for_itself():
    made = two_layers()
    x = {"input": np.ones((1, 6, 1))}
    own = run_network(made, x)
    assert own["first"].output.ravel().tolist() == [0, 1, 0, 1, 0, 1]
    wrong = np.array([[1, 0, 0, 0, 0, 0]])[..., None]
    drive = Trace({**own.entries, "first": Entry(wrong)})
    isolated = run_network(made, x, drive=drive)
    assert np.array_equal(isolated["first"].output, own["first"].output), "its own input was right"
    assert isolated["second"].output.ravel().tolist() == [1, 0, 0, 0, 0, 0]
    forced = run_network(made, x, drive=drive, forced=True, states=True)
    assert forced["first"].v.ravel().tolist() == [0, 1, 2, 3, 4, 5], "it resets where the other run fired"
    assert forced["first"].output.ravel().tolist() == [0, 0, 1, 1, 1, 1]


def test_a_run_fed_with_itself_is_itself():
    made = two_layers()
    x = {"input": np.random.default_rng(0).random((3, 40, 1))}
    own = run_network(made, x, states=True)
    for forced in (False, True):
        again = run_network(made, x, states=True, drive=own, forced=forced)
        assert all(np.array_equal(again[name].output, own[name].output) for name in made.populations)
        assert all(np.array_equal(again[name].v, own[name].v) for name in made.populations)


def test_a_population_without_inputs_runs_on_its_leak():
    pace = nir.LIF(*(np.full(2, v) for v in (2e-3, 1.0, 4.0, 1.5)))
    nodes = {"in": source(), "pace": pace, "if": nir.IF(np.full(2, 1e3), np.full(2, 9.0))}
    made = network(nodes, [("pace", "if")])
    assert run_network(made, {"in": np.zeros((1, 3, 1))})["pace"].output[0, :, 0].tolist() == [1, 1, 1]


def test_entries_tell_spikes_from_values():
    build = NetworkBuilder()
    at = build.input("input", (1,), InputRange(0.0, 1.0, 0.25, declared=True))
    build.only_second("gate", build.threshold("a", at, 0.5), build.integrate("b", at, 0.25))
    build.output("output", "gate")
    trace = run_network(build.build(), {"input": np.full((1, 2, 1), 0.75)})
    assert {name: (entry.graded, entry.inserted) for name, entry in trace.entries.items()} == {
        "input": (True, False),
        "a": (False, False),
        "b": (False, False),
        "gate": (False, False),
    }


def test_stimuli_that_do_not_fit_are_refused_by_name():
    made = two_layers()
    for bad, words in (({}, "'input'"), ({"input": np.ones((1, 6))}, "(1, 6)"), ({"x": np.ones((1, 6, 1))}, "'input'")):
        with pytest.raises(InputError) as error:
            run_network(made, bad)
        assert words in str(error.value)
    two = network({"a": source(), "b": source(), "s": nir.Scale(np.ones(1))}, [("a", "s"), ("b", "s")])
    with pytest.raises(InputError, match="differ"):
        run_network(two, {"a": np.ones((1, 3, 1)), "b": np.ones((1, 4, 1))})


def test_nodes_without_a_meaning_are_refused_by_name():
    made = network({"in": source(), "if": integrator()}, [("in", "if")])
    made.graph.nodes["if"] = object()
    with pytest.raises(RefusedError, match=r"if \(object\)"):
        run_network(made, {"in": np.ones((1, 2, 1))})
