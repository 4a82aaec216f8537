"""A planted fault that a check does not see lies on something that its report lists."""

import numpy as np
import pytest

from neurodeploy.adequacy import Adequacy
from neurodeploy.conformance import generate
from neurodeploy.flow import quantize
from neurodeploy.frontends.checkpoint import model_network
from neurodeploy.model import find_model
from neurodeploy.numerics import LOIHI2
from neurodeploy.parity.coverage import coverage
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace
from tests.adequacy.planted import planted


def digits() -> tuple[Program, Stimulus]:
    model = find_model("digits")
    config = model.preset(None)
    return quantize(model_network(model, config, model.build(config)), LOIHI2).program, model.stimulus(config, 2, 8, 0)


def random(seed: int) -> tuple[Program, Stimulus]:
    case = generate(seed, "held", samples=2)
    return case.program, case.stimulus.part(slice(None), slice(0, 24))


CASES = {"digits": digits, **{f"random {seed}": (lambda seed=seed: random(seed)) for seed in (0, 2, 3)}}


def differs(expected: Trace, actual: Trace, states: bool) -> bool:
    """Whether a check would tell them apart."""
    for name, entry in expected.entries.items():
        pairs = [(entry.output, actual[name].output)]
        pairs += [(entry.v, actual[name].v), (entry.u, actual[name].u)] if states else []
        if any(a is not None and b is not None and not np.array_equal(a, b) for a, b in pairs):
            return True
    return False


@pytest.mark.parametrize("name", CASES)
def test_a_fault_that_ends_in_agreement_is_on_the_list(name: str) -> None:
    program, stimulus = CASES[name]()
    expected = run_program(program, stimulus, states=True)
    adequacy = Adequacy(program, expected.batch, expected.steps)
    adequacy.add(expected)
    noticed, shares = adequacy.results({}), coverage(program, expected)
    hidden, tried = {True: 0, False: 0}, 0
    for fault in planted(program, np.random.default_rng(1)):
        if fault.program.violations:
            continue
        actual = run_program(fault.program, stimulus, states=True)
        for states in (True, False):
            if differs(expected, actual, states):
                continue
            hidden[states] += 1
            node = noticed[fault.node]
            listed = {rule.term for rule in node.seen if rule.shows(states) < rule.neurons}
            uncovered = min(shares[fault.node]["synapses_active"], shares[fault.node]["neurons_fired"]) < 1
            assert listed & {*fault.terms} or uncovered, f"{fault.words} in {fault.node}, states {states}"
        tried += 1
    assert hidden[True] <= hidden[False] and 0 < hidden[False] < tried
