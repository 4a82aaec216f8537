"""Every limit of Loihi 2 that Lava leaves unchecked is a violation that names node, value, limit and remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET

from neurodeploy.errors import CapabilityError, RefusedError
from neurodeploy.finding import Finding
from neurodeploy.numerics import INT32
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.target import check_capabilities
from tests.targets.loihi_sim_support import program, weights

NEURON = Population("n", (5,), threshold=40)
FEED = Projection("w", "input", "n", "dense", weights(5, 6))
KERNEL = Projection("k", "input", "n", "conv2d", weights(5, 1, 2, 3))
IMAGE = Input("input", (1, 2, 3))


def violations(net: Program) -> list[Finding]:
    """What lowering refuses."""
    with pytest.raises(CapabilityError) as caught:
        TARGET.lower(net, {})
    return [finding for finding in caught.value.findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"threshold": 1 << 17}, "threshold is 131072, the limit is 0..131071"),
        ({"threshold": -1}, "threshold is -1, the limit is 0..131071"),
        ({"membrane_decay": np.arange(5)}, "membrane_decay has 5 values, the limit is 1 per population"),
        ({"current_decay": 4097}, "current_decay is 4097, the limit is 0..4096"),
        ({"bias": 4097}, "bias 4097 is no -4096..4095 times 2**0..2**7"),
        ({"bias": 4096 << 7}, "bias 524288 is no -4096..4095 times 2**0..2**7"),
        ({"floor": -(1 << 17)}, "floor is -131072, the limit is -131071..131071"),
        ({"reset": "value", "reset_value": 1 << 20}, "reset_value is 1048576, the limit is -131071..131071"),
        ({"initial_membrane": 1 << 23}, "initial_membrane is 8388608, the limit is -8388607..8388607"),
    ],
)
def test_neuron_limits(fields: dict[str, Any], told: str) -> None:
    (found,) = violations(program([replace(NEURON, **fields)], [FEED]))
    assert (found.node, found.message) == ("n", told)
    assert found.remedy


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"weights": np.full((5, 6), 256)}, "excitatory weight is 256, the limit is 0..255"),
        ({"weights": np.full((5, 6), -256)}, "inhibitory weight is -256, the limit is -255..0"),
        ({"weights": np.eye(5, 6, dtype=int) * 258 - 2}, "mixed weight is 256, the limit is -256..254"),
        ({"weights": np.eye(5, 6, dtype=int) * 4 - 1}, "weight 3 is odd, weights of mixed signs have only even values"),
        ({"shift": 8}, "weight exponent is 8, the limit is -8..7"),
        ({"delay": 63}, "delay is 63, the limit is 0..62"),
        ({"message_bits": 25}, "message of 25 bits, the limit is 1..24"),
        ({"weights": weights(4, 6)}, "dense weights (4, 6) do not fit (6,) -> (5,)"),
    ],
)
def test_synapse_limits(fields: dict[str, Any], told: str) -> None:
    found = violations(program([NEURON], [replace(FEED, **fields)]))
    assert ("w", told) in [(each.node, each.message) for each in found]


def test_a_kernel_stands_on_the_weight_grid_and_is_not_shifted_down() -> None:
    found = violations(program([NEURON], [replace(KERNEL, weights=KERNEL.weights + 1, shift=-1)], IMAGE))
    assert "odd" in found[0].message
    assert found[1].message == "weight exponent is -1, the limit is 0..7"


def test_a_graded_message_fits_its_synapse_or_is_told_apart_only_from_zero() -> None:
    wide = Input("input", (6,), bits=5, signed=True)
    (found,) = violations(program([NEURON], [replace(FEED, message_bits=4)], wide))
    assert found.message == "input sends 5-bit values into a synapse of 4 message bits"
    (warning,) = TARGET.lower(program([NEURON], [FEED], wide), {}).findings
    assert (warning.slug, warning.severity) == ("binarized", "warning")


def test_every_violation_is_told_at_once() -> None:
    found = violations(program([replace(NEURON, threshold=-1, bias=4097)], [replace(FEED, shift=9, delay=99)]))
    assert {each.slug for each in found} == {"range", "bias", "shift", "delay"}


def test_two_layouts_of_one_population_are_refused() -> None:
    image = Population("n", (2, 2, 3), threshold=4)
    both = [
        Projection("a", "input", "n", "conv2d", weights(2, 1, 1, 1)),
        Projection("b", "line", "n", "conv1d", weights(4, 1, 1)),
    ]
    net = program([image], both, Input("input", (1, 2, 3)), Input("line", (1, 3)))
    (found,) = violations(net)
    assert found.slug == "layout"


def test_possible_wrap_is_a_warning_and_runs() -> None:
    (found,) = TARGET.lower(program([NEURON], [replace(FEED, weights=np.full((5, 6), 255), shift=7)]), {}).findings
    assert (found.severity, found.node) == ("warning", "n")
    assert found.message == "the worst-case input 195840 wraps the current (limit 131072)"


def test_a_sum_that_lava_leaves_undefined_is_refused() -> None:
    wide = Input("input", (1, 2, 3), bits=20, signed=True)
    (found,) = violations(program([NEURON], [replace(KERNEL, shift=7, message_bits=20)], wide))
    assert found.slug == "conv-sum"


def test_other_numerics_are_refused() -> None:
    net = Program(INT32, (Input("input", (6,)),), (NEURON,), (FEED,))
    assert violations(net)[0].message == "numerics are int32, the limit is loihi2"


def test_a_loop_shorter_than_its_synapses_is_refused() -> None:
    pair = [NEURON, replace(NEURON, name="m")]
    links = [
        FEED,
        Projection("f", "n", "m", "dense", weights(5, 5)),
        Projection("r", "m", "n", "dense", weights(5, 5), delay=1),
    ]
    with pytest.raises(RefusedError, match="crosses more synapses"):
        TARGET.lower(program(pair, links), {})


def test_the_target_offers_the_same_rules() -> None:
    with pytest.raises(CapabilityError, match="threshold is -1"):
        check_capabilities(TARGET, program([replace(NEURON, threshold=-1)], [FEED]))


def test_a_membrane_is_24_bits_wide_whatever_its_output_says() -> None:
    readout = Population("n", (5,), "li", output=Output("graded", 8, signed=True))
    net = program(
        [readout, replace(NEURON, name="m")], [FEED, Projection("x", "n", "m", "dense", weights(5, 5), message_bits=8)]
    )
    (found,) = violations(net)
    assert found.message == "n sends 24-bit values into a synapse of 8 message bits"
