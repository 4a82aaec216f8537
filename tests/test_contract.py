"""The execution contract: its terms, how they are given, and that each of them changes what a network does."""

import json
from dataclasses import fields, replace

import nir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.contract import Contract, Difference, Terms, diff
from neurodeploy.errors import InputError
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.reference.network_runner import run_network

NUMBERS = st.floats(-1e6, 1e6)
TERMS = st.fixed_dictionaries(
    {},
    optional={
        "dt": st.floats(1e-6, 1.0),
        "method": st.sampled_from(["euler", "exponential"]),
        "reset": st.sampled_from(["zero", "value", "subtract", "none"]),
        "reset_timing": st.sampled_from(["same-step", "next-step", "same-step-and-next", "every-step"]),
        "fires_at": st.sampled_from([">", ">="]),
        "v_min": st.none() | NUMBERS,
        "max_spikes_per_step": st.integers(1, 1000),
        "fire_once": st.booleans(),
        "current": st.sampled_from(["new", "previous"]),
        "input_gain": st.sampled_from(["spec", "unit"]),
        "recurrent_delay": st.integers(1, 100),
        "recurrent_bias_at_start": st.sampled_from(["omitted", "applied"]),
        "keep_state": st.booleans(),
        "initial_state": NUMBERS,
        "state_grid": st.none() | st.integers(-40, 10).map(lambda k: 2.0**k),
    },
)


def test_a_node_has_the_defaults_and_its_own_overrides():
    contract = Contract(Terms(dt=2e-3, fires_at=">=")).override("lif1", reset="subtract")
    assert contract.of("lif1") == Terms(dt=2e-3, fires_at=">=", reset="subtract")
    assert contract.of("lif2") == Terms(dt=2e-3, fires_at=">=")


def test_a_second_override_keeps_the_first():
    contract = Contract().override("a", fire_once=True).override("a", v_min=0)
    assert (contract.of("a").fire_once, contract.of("a").v_min) == (True, 0.0)


@given(TERMS, TERMS)
def test_json_round_trip_is_the_identity(defaults, overrides):
    contract = Contract(Terms(**defaults)).override("stages.0.lif", **overrides)
    text = json.dumps(contract.to_json(), sort_keys=True)
    again = Contract.from_json(json.loads(text))
    assert again == contract
    assert json.dumps(again.to_json(), sort_keys=True) == text


@given(TERMS, TERMS)
def test_a_contract_can_be_told_as_assignments(defaults, overrides):
    contract = Contract(Terms(**defaults)).override("stages.0.lif", **overrides)
    again = Contract().change(contract.assignments())
    assert (again.defaults, again.of("stages.0.lif")) == (contract.defaults, contract.of("stages.0.lif"))
    assert diff(contract, again) == ()


def test_a_difference_is_told_once_where_it_lies():
    left = Contract(Terms(reset="subtract")).override("a", v_min=0.0)
    right = Contract(Terms(keep_state=True)).override("b", reset="subtract").override("c", fires_at=">=")
    assert diff(left, right) == (
        Difference("", "reset", "subtract", "zero"),
        Difference("", "keep_state", False, True),
        Difference("a", "v_min", 0.0, None),
        Difference("c", "fires_at", ">", ">="),
    )
    assert str(diff(left, right)[1]) == "keep_state: false | true"
    assert str(diff(left, right)[2]) == "a.v_min: 0.0 | none"


def test_every_term_differs_from_another_value_of_it():
    for each in fields(Terms):
        value = OTHER[each.name]
        found = diff(Contract(), Contract(replace(Terms(), **{each.name: value})))
        assert found == (Difference("", each.name, getattr(Terms(), each.name), value),)


OTHER = {
    "dt": 2e-3,
    "method": "exponential",
    "reset": "value",
    "reset_timing": "next-step",
    "fires_at": ">=",
    "v_min": 0.0,
    "max_spikes_per_step": 2,
    "fire_once": True,
    "current": "previous",
    "input_gain": "unit",
    "recurrent_delay": 3,
    "recurrent_bias_at_start": "applied",
    "initial_state": 1.0,
    "keep_state": True,
    "state_grid": 0.25,
}


def test_assignments_change_defaults_and_single_nodes():
    contract = Contract().change(
        {
            "dt": "0.002",
            "stages.0.lif.fires_at": ">=",
            "stages.0.lif.v_min": "0",
            "pool.max_spikes_per_step": "4",
            "fire_once": "TRUE",
            "lif.v_min": "none",
            "lif.reset": "none",
        }
    )
    assert contract.defaults == Terms(dt=0.002, fire_once=True)
    assert contract.of("stages.0.lif") == Terms(dt=0.002, fire_once=True, fires_at=">=", v_min=0.0)
    assert contract.of("pool").max_spikes_per_step == 4
    assert (contract.of("lif").v_min, contract.of("lif").reset) == (None, "none")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lif.reset", "soft"),
        ("lif.fires_at", "none"),
        ("lif.dt", "0"),
        ("lif.dt", "-1"),
        ("lif.dt", "nan"),
        ("lif.dt", "inf"),
        ("lif.v_min", "nan"),
        ("lif.v_min", "low"),
        ("lif.max_spikes_per_step", "0"),
        ("lif.max_spikes_per_step", "1.5"),
        ("lif.recurrent_delay", "0"),
        ("lif.fire_once", "1"),
        ("lif.initial_state", "true"),
        ("lif.fires_at", "=="),
        ("lif.state_grid", "0"),
        ("lif.state_grid", "0.3"),
        ("lif.state_grid", "-0.5"),
        ("lif.state_grid", "inf"),
    ],
)
def test_a_bad_value_is_named_with_its_node(path, text):
    with pytest.raises(InputError) as error:
        Contract().change({path: text})
    assert error.value.where == "lif"
    assert path.partition(".")[2] in str(error.value)


def test_an_unknown_term_is_answered_with_the_known_ones():
    with pytest.raises(InputError) as error:
        Contract().override("lif", refractory=2)
    assert "refractory" in str(error.value)
    assert all(each.name in str(error.value) for each in fields(Terms))


@pytest.mark.parametrize(
    "data",
    [
        [],
        3,
        None,
        {"default": {}},
        {"defaults": []},
        {"overrides": []},
        {"overrides": {"a": 1}},
        {"defaults": {"dt": -1}},
    ],
)
def test_json_of_another_form_is_refused(data):
    with pytest.raises(InputError):
        Contract.from_json(data)


def test_overrides_of_missing_nodes_are_refused():
    build = NetworkBuilder()
    build.output("output", build.lif("lif", build.input("input", (1,)), 1e-2, 1.0))
    network = build.build()
    with pytest.raises(InputError, match="lfi"):
        replace(network, contract=network.contract.override("lfi", dt=1.0))


def raster(**terms):
    """Spikes of a small recurrent network of a CubaLIF and a LIF, with ``terms`` for all."""
    one = np.ones(1)
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "cuba": nir.CubaLIF(2e-3 * one, 4e-3 * one, one, 0 * one, one, 0.25 * one, 2.0 * one),
        "w": nir.Linear(np.array([[2.5]])),
        "lif": nir.LIF(4e-3 * one, one, 0 * one, 0.75 * one, -0.5 * one),
        "back": nir.Affine(np.array([[-1.5]]), np.array([0.5])),
        "output": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "cuba"), ("cuba", "w"), ("w", "lif"), ("lif", "back"), ("back", "cuba"), ("lif", "output")]
    contract = Contract(replace(Terms(reset="subtract"), **terms))
    network = Network(nir.NIRGraph(nodes, edges, type_check=False), contract, {"input": InputRange(-8.0, 8.0, 0.125)})
    steps = np.random.default_rng(4).integers(-16, 61, (2, 120, 1)) / 8.0
    trace = run_network(network, {"input": steps})
    return np.concatenate([trace["cuba"].output, trace["lif"].output], axis=2)


@pytest.mark.parametrize(
    "change",
    [
        {"dt": 0.5e-3},
        {"method": "exponential"},
        {"reset": "zero"},
        {"reset": "value"},
        {"reset": "none"},
        {"reset_timing": "next-step"},
        {"reset_timing": "every-step"},
        {"v_min": 0.0},
        {"max_spikes_per_step": 4},
        {"fire_once": True},
        {"current": "previous"},
        {"input_gain": "unit"},
        {"recurrent_delay": 2},
        {"recurrent_bias_at_start": "applied"},
        {"keep_state": True},
        {"initial_state": 1.5},
        {"state_grid": 0.25},
    ],
    ids=lambda change: "=".join(str(each) for each in next(iter(change.items()))),
)
def test_each_term_alone_changes_a_raster(change):
    assert raster().sum() > 20
    assert not np.array_equal(raster(), raster(**change))


def test_every_term_has_such_a_test():
    marks = test_each_term_alone_changes_a_raster.pytestmark
    tested = {next(iter(change)) for mark in marks for change in mark.args[1]}
    assert tested | {"fires_at"} == {each.name for each in fields(Terms)}, "fires_at: the test below"


def test_fires_at_decides_ties():
    def spikes(fires_at):
        build = NetworkBuilder()
        at = build.integrate("if", build.input("input", (1,)), 2.0, fires_at=fires_at)
        build.output("output", at)
        return run_network(build.build(), {"input": np.ones((1, 6, 1))})["if"].output[0, :, 0].tolist()

    assert spikes(">=") == [0, 1, 0, 1, 0, 1]
    assert spikes(">") == [0, 0, 1, 0, 0, 1]
