"""A fault that a check cannot see lies on what its report lists as not exercised."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.evidence import INDEPENDENT
from neurodeploy.parity.coverage import coverage
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.parity.gate import gated, not_covered
from neurodeploy.parity.rung import Rung
from neurodeploy.program import Population, Program
from neurodeploy.reference.program_runner import run_program
from tests.parity.networks import chain, noise, steps, with_weights

RNG = np.random.default_rng(2)
LAYERS = [RNG.integers(-4, 10, (6, 6)) * 8 for _ in range(2)]
Fault = Callable[[Program], Program]


def changed(name: str, **fields: object) -> Fault:
    """A fault of one population."""

    def fault(program: Program) -> Program:
        populations = tuple(replace(p, **fields) if p.name == name else p for p in program.populations)
        return replace(program, populations=populations)

    return fault


def synapse(projection: str, row: int, column: int) -> Fault:
    """One weight that is one step of the grid too large."""

    def fault(program: Program) -> Program:
        weights = next(p.weights for p in program.projections if p.name == projection).copy()
        weights[row, column] += 8
        return with_weights(program, projection, weights)

    return fault


def judged(program: Program, sick: Program, stimulus) -> Rung:
    expected, actual = (run_program(each, stimulus, states=True) for each in (program, sick))
    return exact_rung(program, "sick", expected, actual, tuple(program.by_name), {}, lambda t: t, None, INDEPENDENT)


RULES: dict[str, tuple[Fault, str]] = {
    "tie": (lambda program: changed("l2", compare=">=")(program), "a membrane on the threshold"),
    "reset": (changed("l2", reset="subtract"), "a reset"),
    "floor": (changed("l2", floor=-(1 << 16)), ""),
    "fire once": (changed("l2", fire_once=True), "a spike"),
}


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.4])
def test_every_synapse_whose_fault_is_invisible_belongs_to_a_listed_population(rate: float) -> None:
    program = chain(*LAYERS)
    stimulus = noise(6, 12, rate=rate)
    listed = not_covered(program, coverage(program, run_program(program, stimulus, states=True)))
    invisible = 0
    for name, target in (("w1", "l1"), ("w2", "l2")):
        for row in range(6):
            for column in range(6):
                sick = synapse(name, row, column)(program)
                if judged(program, sick, stimulus).verdict == "agree":
                    invisible += 1
                    assert any("synapses carried no message" in item for item in listed[target])
    assert invisible == 72 if rate == 0 else invisible < 72


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5])
def test_every_rule_whose_fault_is_invisible_is_listed(rule: str, rate: float) -> None:
    fault, item = RULES[rule]
    program = chain(*LAYERS)
    stimulus = noise(6, 30, rate=rate)
    trace = run_program(program, stimulus, states=True)
    listed = not_covered(program, coverage(program, trace))
    if judged(program, fault(program), stimulus).verdict == "agree" and item:
        assert item in listed["l2"]


def test_branches_that_a_population_does_not_have_are_not_missed() -> None:
    program = chain([[80]])
    fractions = {"l1": {"neurons_fired": 1.0, "synapses_active": 1.0, "fired": 1.0}}
    assert "a clamp" not in not_covered(program, fractions)["l1"]
    clamped = changed("l1", floor=0, reset="none")(program)
    assert "a clamp" in not_covered(clamped, fractions)["l1"]
    assert "a reset" not in not_covered(clamped, fractions)["l1"]
    relay = replace(program, populations=(Population("l1", (1,), "relay"),))
    assert not_covered(relay, fractions)["l1"] == ("the lower end of its range", "the upper end of its range")


def test_a_rung_is_inconclusive_where_less_than_what_was_asked_for_was_exercised() -> None:
    program = chain([[80, 80], [80, 80]])
    stimulus = {"input": np.array([[[1.0, 0.0]]])}
    fractions = coverage(program, run_program(program, stimulus, states=True))
    assert fractions["l1"]["synapses_active"] == 0.5
    rung = judged(program, program, stimulus)
    assert rung.verdict == "agree"
    assert gated(rung, program, fractions, 0.5, (), "more") is rung
    short = gated(rung, program, fractions, 0.6, (), "--steps 9")
    assert short.verdict == "inconclusive"
    assert short.reasons == ("l1: only 50.0 % of synapses carried a message, 60% asked for: --steps 9",)
    assert gated(rung, program, fractions, 0.6, ("l1",), "more") is rung
    sick = judged(program, with_weights(program, "w1", [[8, 8], [8, 8]]), steps(1) and stimulus)
    assert gated(sick, program, fractions, 1.0, (), "more").verdict == "diverged"
