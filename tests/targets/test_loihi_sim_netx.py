"""The ``.net`` file is the same network to lava-dl's own importer, and is not written where that importer would err."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET
from neurodeploy.targets.loihi_sim.runner import Run, run_many, through_netx

from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from tests.targets.loihi_sim_support import lava, program, spikes, weights

NEURON = Population("n", (5,), threshold=40, current_decay=1024, membrane_decay=300)
FEED = Projection("w", "input", "n", "dense", weights(5, 6))
IMAGE = Input("input", (2, 6, 5))


def dense_chain() -> tuple[Program, Stimulus]:
    """Mixed, positive and negative weights, a bias, and shifts of either direction."""
    populations = [replace(NEURON, bias=64 * np.arange(5)), replace(NEURON, name="m", shape=(4,), threshold=90)]
    links = [replace(FEED, shift=1), Projection("x", "n", "m", "dense", abs(weights(4, 5)) * 4, shift=-2)]
    return program(populations, links), {"input": spikes(3, 20, 6)}


def conv_chain(source: Input = IMAGE) -> tuple[Program, Stimulus]:
    """Convolution, pooling by sums, convolution in groups, flatten, dense; biases per channel and per neuron."""
    bits = source.bits
    by_channel = np.broadcast_to(np.arange(4).reshape(4, 1, 1) * 64 - 64, (4, 6, 5))
    by_neuron = 64 * np.arange(16).reshape(4, 2, 2)
    populations = [
        Population(
            "c",
            (4, 6, 5),
            threshold=80,
            membrane_decay=500,
            bias=by_channel,
        ),
        Population("p", (4, 3, 2), threshold=1, every_step=True),
        Population(
            "g",
            (4, 2, 2),
            threshold=30,
            current_decay=4096,
            membrane_decay=50,
            bias=by_neuron,
        ),
        Population("d", (7,), threshold=60),
    ]
    links = [
        Projection("k1", "input", "c", "conv2d", weights(4, 2, 3, 3), 1, padding=(1, 1), message_bits=bits),
        Projection("pool", "c", "p", "sum-pool", np.ones((2, 2), int), stride=(2, 2)),
        Projection("k2", "p", "g", "conv2d", weights(4, 2, 2, 1), groups=2),
        Projection("w", "g", "d", "dense", weights(7, 16)),
    ]
    shape = (2, 16, *source.shape)
    graded = np.random.default_rng(2).normal(0, 0.5, shape)
    return program(populations, links, source), Stimulus({"input": spikes(*shape) if bits == 1 else graded})


CASES = {
    "dense": dense_chain(),
    "convolutions": conv_chain(),
    "graded input": conv_chain(replace(IMAGE, bits=4, signed=True, scale=2)),
}


@pytest.fixture(scope="module")
def rasters(lava: None) -> dict[str, Any]:
    """What lava-dl's network sends from its last layer."""
    runs = [Run(through_netx(TARGET.lower(net, {})), stimulus) for net, stimulus in CASES.values()]
    return dict(zip(CASES, run_many(runs), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_lava_dl_runs_the_same_raster(name: str, rasters: dict[str, Any]) -> None:
    net, stimulus = CASES[name]
    last = net.populations[-1].name
    expected = run_program(net, stimulus)[last].output
    assert np.any(expected)
    assert np.array_equal(rasters[name][last].output, expected)


def test_the_note_says_how_to_load_it() -> None:
    notes = TARGET.lower(CASES["graded input"][0], {}).notes
    assert "network.net: load with lava.lib.dl.netx.hdf5.Network(file, input_message_bits=4)" in notes


def test_the_same_program_gives_the_same_file() -> None:
    first, second = (TARGET.lower(conv_chain()[0], {}).files["network.net"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (np.zeros((5, 6), int), "netx fails on weights that are all zero"),
        (np.array([[-8, -4, -4, -4, -4, -4]] * 5), "netx loses a unit where no weight is positive and the least is -8"),
        (np.array([[-4, 0, 0, 0, 0, 0]] * 5), "netx loses a unit where no weight is positive and the least is -4"),
    ],
)
def test_weights_that_netx_would_corrupt_are_not_written(given: Any, told: str) -> None:
    artifact = TARGET.lower(program([NEURON], [replace(FEED, weights=given)]), {})
    assert "network.net" not in artifact.files
    assert artifact.notes[-1] == f"no network.net: w: {told}"


@pytest.mark.parametrize(
    ("population", "links", "told"),
    [
        (replace(NEURON, floor=0), [FEED], "n: clamp at 0 below"),
        (replace(NEURON, bias=7), [FEED], "n: a bias is no 13-bit multiple of 64"),
        (NEURON, [replace(FEED, delay=1)], "w has a delay"),
        (
            replace(NEURON, threshold=np.arange(NEURON.size) + 9),
            [FEED],
            "n has a threshold per neuron, netx has one per layer; try -O unit=layer",
        ),
        (NEURON, [replace(FEED, shift=-3)], "w: its shift rounds sums, netx has no such shift"),
        (
            NEURON,
            [replace(FEED, shift=7)],
            "w: mixed weights leave the even 8-bit grid; export with -O weight-exponent=0",
        ),
        (NEURON, [FEED, replace(FEED, name="x")], "paths part or meet at input, netx carries a chain"),
    ],
)
def test_what_netx_lacks_is_told(population: Population, links: list[Projection], told: str) -> None:
    assert TARGET.lower(program([population], links), {}).notes[-1] == f"no network.net: {told}"


__all__ = ["lava"]
