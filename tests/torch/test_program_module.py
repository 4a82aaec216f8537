"""The forward of the module is the integer program: every output, membrane and current, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neurodeploy.conformance import generate
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.numerics import LOIHI2, XYLO_V2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.torch import ProgramModule
from tests.engine import every
from tests.torch.support import differing, differing_with_gradients

STEPS = 20


@pytest.mark.parametrize(("family", "seed"), [("stock", 0), ("held", 2)])
def test_a_random_network_runs_as_the_reference_runs_it_and_recording_gradients_changes_nothing(family, seed):
    case = generate(seed, family)
    assert differing(case.program, case.stimulus) == {}
    assert differing_with_gradients(case) == []


def test_programs_of_extreme_numbers_are_exact_or_refused():
    exact = 0
    for seed in (0, 2, 3, 6, 8, 9, 12, 18, 20, 21, 23, 26, 38, 47, 65, 80):
        made = every.program(seed)
        try:
            assert differing(made, every.stimulus(seed, made, STEPS)) == {}
            exact += 1
        except RefusedError as error:
            assert error.remedy
    assert exact >= 5


def one(weights, **values):
    neuron = Population("n", (len(weights),), **{"threshold": 100, **values})
    joined = Projection("w", "in", "n", "dense", np.array(weights))
    return Program(LOIHI2, (Input("in", (len(weights[0]),)),), (neuron,), (joined,), ("n",))


@pytest.mark.parametrize(("change", "where"), [
    ({"bias": 1 << 45}, "node n"),
    ({"initial_membrane": 1 << 42}, "node n"),
    ({"threshold": 1 << 48}, "node n"),
])  # fmt: skip
def test_integers_that_float64_may_not_hold_are_refused(change, where):
    with pytest.raises(RefusedError, match=r"exact below 2\*\*53") as error:
        ProgramModule(one([[2]], **change))
    assert error.value.where == where


def test_a_sum_that_float64_may_not_hold_is_refused():
    wide = replace(one([[2]]), inputs=(Input("in", (1,), bits=40),))
    wide = replace(wide, projections=(replace(wide.projections[0], message_bits=40, shift=7),))
    with pytest.raises(RefusedError, match="projection w"):
        ProgramModule(wide)


def test_other_arithmetic_is_refused_by_name():
    with pytest.raises(RefusedError, match="xylo-v2"):
        ProgramModule(Program(XYLO_V2, (Input("in", (1,)),), (), ()))


def test_outputs_come_in_the_units_of_the_network():
    readout = Population(
        "out", (1,), "li", scale=3, output=Output("graded", 24, True, scale=9), membrane_decay=0, current_decay=4096
    )
    program = Program(
        LOIHI2, (Input("in", (1,)),), (readout,), (Projection("w", "in", "out", "dense", np.array([[8]])),), ("out",)
    )
    sent = ProgramModule(program)(torch.ones(1, 3, 1))
    assert sent.detach().flatten().tolist() == [1.0, 2.0, 3.0]


def test_inputs_that_do_not_fit_are_refused():
    module = ProgramModule(one([[2, 2]]))
    with pytest.raises(InputError, match=r"has shape \(1, 3, 4\)"):
        module(torch.zeros(1, 3, 4))
    with pytest.raises(InputError, match="not finite"):
        module(torch.full((1, 3, 2), torch.nan))


def test_a_gradient_reaches_weights_bias_and_threshold_through_rounding():
    module = ProgramModule(one([[60, -20]], membrane_decay=400, threshold=100, reset="subtract"))
    module(torch.ones(1, 8, 2)).sum().backward()
    gradients = {name: parameter.grad for name, parameter in module.named_parameters()}
    assert {name.rpartition(".")[2] for name in gradients} == {"levels", "bias", "threshold"}
    assert all(gradient is not None and torch.any(gradient != 0) for gradient in gradients.values())
    assert torch.all(gradients["synapses.0.levels"] > 0)
    assert gradients["neurons.0.threshold"] < 0


def test_integers_follow_the_parameters_and_stay_on_the_grid():
    module = ProgramModule(one([[64, -128]]), bits=3)
    assert module.integers().projections[0].weights.tolist() == [[64, -128]]
    with torch.no_grad():
        dict(module.named_parameters())["synapses.0.levels"] += torch.tensor([[0.6, -9.0]])
    weights = module.integers().projections[0].weights
    assert weights.tolist() == [[96, -128]]
    stimulus = Stimulus({"in": np.ones((1, 5, 2))})
    assert np.array_equal(module.trace(stimulus)["n"].v, run_program(module.integers(), stimulus, states=True)["n"].v)
