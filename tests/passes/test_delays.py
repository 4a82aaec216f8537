"""A Delay that differs between its elements becomes one projection per delay."""

from itertools import pairwise

import nir
import numpy as np
import pytest

from neurodeploy.contract import Contract, Terms
from neurodeploy.errors import RefusedError
from neurodeploy.network import Network
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

STEPS = np.array([0, 3, 1, 3])
X = {"input": (np.random.default_rng(0).random((2, 60, 4)) < 0.4).astype(float)}


def network(before=None, behind=None):
    """Input, an optional layer, delays, a dense layer, IF neurons; dyadic weights."""
    weights = np.random.default_rng(1).integers(-4, 9, (5, 4)) / 8
    nodes = {
        "input": nir.Input({"input": np.array([4])}),
        "before": before or nir.Scale(np.full(4, 2.0)),
        "late": nir.Delay(STEPS * 1e-3),
        "w": behind or nir.Linear(weights),
        "if": nir.IF(np.ones(5), np.full(5, 1.5)),
        "output": nir.Output({"output": np.array([5])}),
    }
    names = list(nodes)
    graph = nir.NIRGraph(nodes, list(pairwise(names)), type_check=False)
    return Network(graph, Contract(Terms(input_gain="unit")))


@pytest.mark.parametrize("behind", [None, nir.Affine(np.eye(5, 4), np.array([0.5, 0.25, 0, 0, -0.25]))])
def test_every_element_arrives_when_its_delay_says(behind):
    made = network(behind=behind)
    program = quantize(made, LOIHI2).program
    assert sorted(each.delay for each in program.projections) == [0, 1, 3]
    assert [np.flatnonzero(each.weights.any(0)).tolist() for each in program.projections] == [[0], [2], [1, 3]]
    expected = run_network(made, X)["if"].output
    assert expected.sum() > 50
    assert np.array_equal(run_program(program, X)["if"].output, expected)


def test_a_bias_before_such_delays_is_refused():
    with pytest.raises(RefusedError, match="is not applied before its first message"):
        quantize(network(before=nir.Affine(np.eye(4), np.full(4, 0.25))), LOIHI2)
