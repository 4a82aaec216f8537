"""What runs on Lava equals the reference in every output and state: layouts, choices of neurons, and unequal paths.

The attributes of neurons and synapses are tried by the conformance suite.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET

from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.program.store import npz_bytes
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from tests.targets.loihi_sim_support import compare, differences, lava, program, spikes, weights

Case = tuple[Program, Mapping[str, Any], Mapping[str, str]]
FIRST = Projection("w1", "input", "a", "dense", weights(5, 6))
SECOND = Projection("w2", "a", "b", "dense", weights(4, 5, seed=2))
LEAKY = Population("a", (5,), threshold=40, current_decay=1024, membrane_decay=300)
NEXT = Population("b", (4,), threshold=30, current_decay=4096, membrane_decay=100)
STIMULUS = Stimulus({"input": spikes(3, 25, 6)})


def chain(a: Population = LEAKY, b: Population = NEXT, *more: Projection) -> Program:
    """input -> a -> b, and whatever else."""
    return program([a, b], [FIRST, SECOND, *more])


def loop(bias: int) -> Program:
    """A chain whose second population inhibits and excites itself one step later."""
    return chain(LEAKY, replace(NEXT, bias=bias), Projection("r", "b", "b", "dense", weights(4, 4, seed=3), delay=1))


def unequal_paths() -> Program:
    """A shortcut beside two synapses, and a long delay beside a short one."""
    third = Population("c", (3,), threshold=20, bias=5 << 6, membrane_decay=200)
    links = (
        Projection("w3", "b", "c", "dense", weights(3, 4, seed=4)),
        Projection("short", "input", "c", "sparse", weights(3, 6, seed=5), shift=-1),
        Projection("late", "a", "c", "dense", weights(3, 5, seed=6), delay=5),
    )
    return program([LEAKY, NEXT, third], [FIRST, SECOND, *links])


def convolutions() -> Case:
    """Strides, padding, dilation and groups, a shift in the kernel, an odd shape, and a flattened dense layer."""
    populations = [
        Population("c1", (4, 5, 4), threshold=100, current_decay=2048, membrane_decay=512),
        Population("c2", (2, 5, 2), threshold=60, membrane_decay=0, bias=np.arange(20).reshape(2, 5, 2) * 8),
        Population("d", (7,), threshold=40, membrane_decay=64),
    ]
    projections = [
        Projection("k1", "input", "c1", "conv2d", weights(4, 1, 3, 2), 0, 0, 1, (2, 2), (1, 0), (1, 1), 2),
        Projection("k2", "c1", "c2", "conv2d", weights(2, 4, 2, 2), 1, 0, 1, (1, 1), (1, 0), (2, 2)),
        Projection("w", "c2", "d", "dense", weights(7, 20)),
    ]
    return program(populations, projections, Input("input", (2, 9, 8))), {"input": spikes(2, 20, 2, 9, 8)}, {}


def line() -> Case:
    """A one-dimensional convolution into a flat population, and back from it."""
    populations = [Population("c", (3, 6), threshold=50), Population("f", (12,), threshold=2, membrane_decay=9)]
    projections = [
        Projection("k1", "input", "c", "conv1d", weights(3, 2, 3), stride=(2,), padding=(1,), dilation=(1,)),
        Projection("k2", "c", "f", "conv1d", weights(3, 1, 3), stride=(1,), padding=(0,), dilation=(1,), groups=3),
    ]
    return program(populations, projections, Input("input", (2, 12))), {"input": spikes(2, 20, 2, 12)}, {}


def wide() -> Case:
    """Sides beyond 8 bits, one of them only with its padding."""
    link = Projection("k", "input", "c", "conv2d", weights(2, 1, 9, 9), padding=(4, 4))
    net = program([Population("c", (2, 130, 121), threshold=200)], [link], Input("input", (1, 130, 121)))
    return net, {"input": spikes(1, 4, 1, 130, 121, rate=0.02)}, {}


def thresholds(**options: str) -> Case:
    """A threshold per neuron, in a map and in a flat population; ``>=`` as one threshold less."""
    populations = [
        Population("c", (2, 4, 3), threshold=np.arange(24).reshape(2, 4, 3) * 9 + 1, membrane_decay=300),
        Population("whole", (5,), threshold=np.array([1, 9, 60, 200, 700]), compare=">=", membrane_decay=4096),
    ]
    projections = [
        Projection("k", "input", "c", "conv2d", weights(2, 1, 2, 2)),
        Projection("w", "c", "whole", "dense", weights(5, 24)),
    ]
    net = program(populations, projections, Input("input", (1, 5, 4)))
    return net, {"input": spikes(2, 20, 1, 5, 4)}, options


def residual() -> Case:
    """A graded relay adds a shortcut of either sign to a spiking branch; delay lines balance the two."""
    image, kernel = (2, 4, 4), np.zeros((2, 2, 1, 1), np.int64)
    kernel[[0, 1], [0, 1]] = 3
    add = Population("add", image, "relay", shift=1, bias=-2, output=Output("graded", 4, signed=True, scale=0))
    populations = [
        Population("s", image, threshold=50),
        add,
        Population("out", image, threshold=90, membrane_decay=1000),
        Population("read", (3,), "li", bias=64, membrane_decay=512, output=Output("graded", 24, True, 6)),
    ]
    projections = [
        Projection("k1", "input", "s", "conv2d", weights(2, 2, 3, 3), padding=(1, 1)),
        Projection("branch", "s", "add", "conv2d", weights(2, 2, 3, 3, seed=5) // 10 * 2, padding=(1, 1)),
        Projection("shortcut", "input", "add", "conv2d", kernel, message_bits=4),
        Projection("k2", "add", "out", "conv2d", weights(2, 2, 3, 3, seed=7), padding=(1, 1), message_bits=4),
        Projection("w", "add", "read", "dense", weights(3, 32), message_bits=4, shift=-2, delay=2),
    ]
    net = program(populations, projections, Input("input", image, scale=2, bits=4, signed=True))
    return net, {"input": np.random.default_rng(3).normal(0, 1, (2, 20, *image))}, {}


def cases() -> dict[str, Case]:
    """Every case by name."""
    biased = chain(replace(LEAKY, bias=70), replace(NEXT, bias=np.array([7, -7, 1 << 10, 4095 << 7])))
    made: dict[str, Case] = {
        "bias": (biased, STIMULUS, {}),
        "bias-held": (biased, STIMULUS, {"neurons": "held"}),
        "loop": (loop(0), STIMULUS, {}),
        "loop-stock": (loop(0), STIMULUS, {"neurons": "stock"}),
        "biased-loop-stock": (loop(700), STIMULUS, {"neurons": "stock"}),
        "unequal-paths": (unequal_paths(), STIMULUS, {}),
        "one-step": (biased, {"input": spikes(4, 1, 6)}, {}),
        "convolutions": convolutions(),
        "wide": wide(),
        "line": line(),
        "thresholds-held": thresholds(neurons="held"),
        "residual": residual(),
    }
    return made


@pytest.fixture(scope="module")
def found(lava: None) -> dict[str, dict[str, int]]:
    """Differing cells of every case, cascaded with states and isolated."""
    return compare(cases())


@pytest.mark.parametrize("name", cases())
def test_the_network_is_alive(name: str) -> None:
    net, stimulus, _ = cases()[name]
    trace = run_program(net, stimulus)
    assert all(np.any(trace[each.name].output) for each in net.populations)


@pytest.mark.parametrize("name", cases())
def test_equal_to_the_reference(name: str, found: dict[str, dict[str, int]]) -> None:
    assert found[name] == {}


def test_the_worker_builds_the_network_from_the_artifact_alone(lava: None) -> None:
    net = chain()
    artifact = TARGET.lower(net, {})
    with np.load(io.BytesIO(artifact.files["weights.npz"])) as file:
        arrays = {key: file[key] for key in file.files}
    arrays["synapse.1.weights"] = -arrays["synapse.1.weights"]
    changed = replace(artifact, files={**artifact.files, "weights.npz": npz_bytes(arrays)})
    altered = program([LEAKY, NEXT], [FIRST, replace(SECOND, weights=-SECOND.weights)])
    trace = TARGET.run(changed, STIMULUS)
    assert differences(trace, run_program(net, STIMULUS))
    assert not differences(trace, run_program(altered, STIMULUS))


__all__ = ["lava"]
