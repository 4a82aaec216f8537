"""A fault that a check cannot see lies on what its report lists as not exercised."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.analysis.proof import prove_program
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.numerics import LOIHI2
from neurodeploy.parity.coverage import coverage
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.parity.gate import Shortfall, gated, not_covered, shortfalls
from neurodeploy.parity.rung import Rung
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from tests.parity.networks import chain, noise, steps, with_weights

RNG = np.random.default_rng(2)
LAYERS = [RNG.integers(-4, 10, (5, 5)) * 8 for _ in range(2)]
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
    stimulus = noise(5, 12, rate=rate)
    listed = not_covered(program, coverage(program, run_program(program, stimulus, states=True)))
    invisible = 0
    for name, target in (("w1", "l1"), ("w2", "l2")):
        for row in range(5):
            for column in range(5):
                sick = synapse(name, row, column)(program)
                if judged(program, sick, stimulus).verdict == "agree":
                    invisible += 1
                    assert any("synapses carried no message" in item for item in listed[target])
    assert invisible == 50 if rate == 0 else invisible < 50


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5])
def test_every_rule_whose_fault_is_invisible_is_listed(rule: str, rate: float) -> None:
    fault, item = RULES[rule]
    program = chain(*LAYERS)
    stimulus = noise(5, 30, rate=rate)
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
    assert shortfalls(program, fractions, 0.5, ()) == ()
    short = shortfalls(program, fractions, 0.6, ())
    assert short == (Shortfall("l1", "synapses_active", 0.5, 0.6),)
    assert gated(rung, (), "--steps 9") is rung
    judged_short = gated(rung, short, "--steps 9")
    assert judged_short.verdict == "inconclusive"
    assert judged_short.reasons == (
        "l1: only 50.0 % of synapses carried a message (60% asked for)",
        "to exercise more: --steps 9",
    )
    assert shortfalls(program, fractions, 0.6, ("l1",)) == ()
    sick = judged(program, with_weights(program, "w1", [[8, 8], [8, 8]]), steps(1) and stimulus)
    assert gated(sick, short, "more").verdict == "diverged"


def test_by_default_what_is_stored_must_be_exercised_wherever_it_is_used() -> None:
    """A kernel of three and one channel of six neurons: one pixel uses each weight once, and fires three neurons."""
    program = Program(
        LOIHI2,
        (Input("input", (1, 6)),),
        (Population("l1", (1, 6), membrane_decay=0, threshold=64),),
        (Projection("w", "input", "l1", "conv1d", np.array([[[80, 80, 80]]]), stride=(1,), padding=(1,)),),
    )
    shares = coverage(program, run_program(program, {"input": np.eye(6)[None, 2:3, None]}, states=True))
    assert (shares["l1"]["neurons_fired"], shares["l1"]["channels_fired"]) == (0.5, 1.0)
    assert (shares["l1"]["synapses_active"], shares["l1"]["weights_active"]) == (3 / 16, 1.0)
    assert shortfalls(program, shares, None, ()) == ()
    assert [short.measure for short in shortfalls(program, shares, 0.6, ())] == ["neurons_fired", "synapses_active"]
    corner = coverage(program, run_program(program, {"input": np.zeros((1, 1, 1, 6))}, states=True))
    assert [short.share for short in shortfalls(program, corner, None, ())] == [0.0, 0.0]


def test_neurons_that_differ_count_one_by_one() -> None:
    program = Program(
        LOIHI2,
        (Input("input", (1, 2)),),
        (Population("l1", (1, 2), membrane_decay=0, threshold=np.array([[64, 65]])),),
        (Projection("w", "input", "l1", "conv1d", np.array([[[80]]]), stride=(1,)),),
    )
    shares = coverage(program, run_program(program, {"input": np.array([[[[1.0, 0.0]]]])}, states=True))
    assert shares["l1"]["channels_fired"] == 0.5


def test_neurons_that_are_proved_silent_are_listed_as_such_and_fall_short_of_nothing() -> None:
    program = chain([[80], [0], [0]], [[80, 80, 80]])
    trace, proof = run_program(program, steps(1), states=True), prove_program(program)
    assert not_covered(program, coverage(program, trace), proof)["l1"][0] == "66.7 % of neurons never fired"
    told = coverage(program, trace, proof.silent)
    assert not_covered(program, told, proof)["l1"][0] == "66.7 % of neurons proved silent"
    assert not_covered(program, told, proof)["l2"][0] == "66.7 % of synapses from neurons proved silent"
    assert [short.node for short in shortfalls(program, coverage(program, trace), 1.0, ())] == ["l1", "l2"]
    assert shortfalls(program, told, 1.0, ()) == ()


def test_a_saturation_that_is_proved_impossible_is_not_missed() -> None:
    program = chain([[32]])
    bounded = changed("l1", membrane_decay=2048)(program)
    fractions = coverage(bounded, run_program(bounded, steps(1, 1), states=True))
    assert "a saturated membrane" in not_covered(bounded, fractions)["l1"]
    assert "a saturated membrane" not in not_covered(bounded, fractions, prove_program(bounded))["l1"]
