"""Which Lava process each population becomes, and what the artifact says about it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET

from neurodeploy.errors import InputError
from neurodeploy.program import Output, Population, Program, Projection
from tests.targets.loihi_sim_support import program, weights

LEAKY = Population("n", (5,), threshold=40, current_decay=1024, membrane_decay=300)
FEED = Projection("w", "input", "n", "dense", weights(5, 6))
POSITIVE = replace(FEED, weights=abs(FEED.weights))
LOOP = Projection("r", "n", "n", "dense", weights(5, 5), delay=1)


def chosen(net: Program, neurons: str = "auto") -> dict[str, dict[str, object]]:
    """The artifact's neuron descriptions by name."""
    description = json.loads(TARGET.lower(net, {"neurons": neurons}).files["network.json"])
    return {each["name"]: each for each in description["neurons"]}


def process(population: Population = LEAKY, *links: Projection, neurons: str = "auto") -> object:
    """The process of population n."""
    return chosen(program([population], links or [FEED]), neurons)["n"]["process"]


def test_a_leaky_neuron_is_stock_and_reset_as_its_first_datum_arrives() -> None:
    net = program(
        [LEAKY, replace(LEAKY, name="m", bias=7)],
        [FEED, replace(FEED, name="x", source="n", target="m", weights=weights(5, 5))],
    )
    found = chosen(net)
    assert [found[name]["process"] for name in "nm"] == ["LIFReset", "LIFReset"]
    assert [found[name]["latency"] for name in "nm"] == [1, 2]


def test_a_neuron_without_memory_needs_no_reset() -> None:
    assert process(replace(LEAKY, every_step=True)) == "LIF"
    assert process(replace(LEAKY, current_decay=4096, membrane_decay=4096, bias=9)) == "LIF"


@pytest.mark.parametrize(
    "fields",
    [
        {"reset": "subtract"},
        {"reset": "value", "reset_value": 3},
        {"reset": "none"},
        {"floor": 0},
        {"ceiling": 50},
        {"fire_once": True},
        {"max_spikes_per_step": 2, "output": Output("count", 2)},
        {"initial_membrane": 5},
        {"initial_current": 5},
        {"compare": ">="},
        {"kind": "li", "output": Output("graded", 24, True)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_stock_neurons_lack_is_our_own(fields: dict[str, object]) -> None:
    assert process(replace(LEAKY, **fields)) == "HeldLIF"


def test_reset_to_the_value_zero_is_the_stock_reset() -> None:
    assert process(replace(LEAKY, reset="value", reset_value=0)) == "LIFReset"


def test_at_threshold_is_stock_where_every_membrane_is_a_whole_number_of_thresholds_units() -> None:
    whole = replace(LEAKY, compare=">=", current_decay=4096, membrane_decay=4096, bias=128)
    found = chosen(program([whole], [FEED]))["n"]
    assert found["process"] == "LIF"
    assert found["parameters"] == {"du": 4095, "dv": 4096, "vth": 39}
    assert process(replace(whole, bias=100)) == "HeldLIF"
    assert process(replace(whole, threshold=0)) == "HeldLIF"


def test_at_threshold_with_memory_is_stock_only_while_the_membrane_cannot_saturate_below() -> None:
    integrator = replace(LEAKY, compare=">=", current_decay=4096, membrane_decay=0)
    assert process(integrator, POSITIVE) == "LIFReset"
    assert process(integrator, FEED) == "HeldLIF"


def test_messages_that_outlast_a_sample_come_from_held_neurons() -> None:
    assert process(LEAKY, FEED, LOOP) == "HeldLIF"
    assert process(LEAKY, FEED, LOOP, neurons="stock") == "LIF"
    assert process(replace(LEAKY, bias=9), FEED, LOOP, neurons="stock") == "HeldLIF"


def test_the_target_of_a_delay_may_be_stock() -> None:
    late = replace(FEED, name="late", delay=3)
    assert process(LEAKY, FEED, late) == "LIFReset"


def test_held_on_request() -> None:
    assert process(LEAKY, neurons="held") == "HeldLIF"
    with pytest.raises(InputError, match="auto, stock, held"):
        TARGET.lower(program([LEAKY], [FEED]), {"neurons": "other"})


def test_notes_name_every_own_model_and_its_reason() -> None:
    clamped = replace(LEAKY, name="lif1", floor=0, compare=">=")
    notes = TARGET.lower(program([LEAKY, clamped], [FEED, replace(FEED, name="x", target="lif1")]), {}).notes
    assert "stock LIFReset: n" in notes
    assert "lif1: HeldLIF (own process model: fires at v == threshold, clamp at 0 below)" in notes


def test_a_shortcut_waits_in_a_delay_line_that_all_projections_of_its_source_share() -> None:
    chain = [replace(LEAKY, name=name) for name in "abc"]
    links = [
        replace(FEED, target="a"),
        *(replace(FEED, name=f"{s}{t}", source=s, target=t, weights=weights(5, 5)) for s, t in ("ab", "bc")),
        replace(FEED, name="x", target="b"),
        replace(FEED, name="y", target="c"),
    ]
    description = json.loads(TARGET.lower(program(chain, links), {}).files["network.json"])
    assert [(line["source"], line["waits"]) for line in description["delays"]] == [("input", 0), ("input", 1)]
    assert {each["name"]: each["waits"] for each in description["synapses"]}["y"] == 2


def test_a_bias_is_kept_as_mantissa_and_exponent() -> None:
    import io

    artifact = TARGET.lower(program([replace(LEAKY, bias=np.array([0, -7, 4095 << 7, -4096, 5000]))], [FEED]), {})
    arrays = np.load(io.BytesIO(artifact.files["weights.npz"]))
    assert arrays["neuron.0.bias_mant"].tolist() == [0, -7, 4095, -4096, 2500]
    assert arrays["neuron.0.bias_exp"].tolist() == [0, 0, 7, 0, 1]


def test_the_same_program_gives_the_same_bytes() -> None:
    net = program([LEAKY], [FEED, LOOP])
    assert TARGET.lower(net, {}).files == TARGET.lower(net, {}).files
