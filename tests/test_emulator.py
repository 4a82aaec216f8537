"""What runs on the emulated processor is told right from wrong, whatever way it goes wrong."""

from dataclasses import replace
from functools import cache

import pytest

from neurodeploy.codegen import Rendering
from tests.proof.cases.emulated import GCC, lacks, traces_of
from tests.proof.cases.engine import Drawn, differs
from tests.proof.emulator.__main__ import first_difference
from tests.proof.emulator.run import RunError

pytestmark = pytest.mark.skipif(lacks(GCC) is not None, reason=str(lacks(GCC)))

SEED = 4
"""A program whose neurons fire all together, so that whole vectors of messages are listed."""
STEPS = "t < steps; t++) {"


@cache
def drawn() -> Drawn:
    return Drawn.of(SEED)


def rendered(prefix: str = "right") -> Rendering:
    return GCC.render(drawn().plan, prefix)


def changed(prefix: str, old: str, new: str) -> Rendering:
    """The same program with another text at one place of its code, and of what records its states."""
    right = rendered(prefix)
    assert old in right.body + right.host
    return replace(right, body=right.body.replace(old, new, 1), host=right.host.replace(old, new, 1))


def test_what_is_wrong_is_found_where_it_first_matters() -> None:
    wrong = changed("wrong", "nd_all((-8388607))", "nd_all((-8388606))")
    longer = changed("longer", STEPS, STEPS.replace("<", "<="))
    traces = traces_of(GCC, [(drawn(), rendered()), (drawn(), wrong), (drawn(), longer)])
    assert not differs(drawn(), next(traces), next(traces))
    seen, unseen = next(traces), next(traces)
    assert differs(drawn(), seen, unseen)
    found = "step 5, membrane of a, neuron (10,): -8388606, not -8388607; 4 of 65 at that step"
    assert first_difference(drawn().expected, seen) == found
    with pytest.raises(RunError, match="longer wrote beside its arrays, first at byte"):
        next(traces)


def test_a_program_that_writes_behind_its_context_is_named() -> None:
    behind = changed("behind", STEPS, f"{STEPS} ((uint8_t *)(c + 1))[3] = 0;")
    with pytest.raises(RunError, match="behind wrote behind its context, first at byte 11"):
        list(traces_of(GCC, [(drawn(), behind)]))


def test_a_program_that_stops_the_computer_is_named() -> None:
    stops = changed("stops", STEPS, f"{STEPS} __builtin_trap();")
    with pytest.raises(RunError, match=r"(?s)^stops: the emulated computer failed: .* exception"):
        list(traces_of(GCC, [(drawn(), rendered()), (drawn(), stops)]))


def test_a_program_that_does_not_compile_is_told_in_the_words_of_the_compiler() -> None:
    with pytest.raises(RunError, match="no_such_function"):
        list(traces_of(GCC, [(drawn(), changed("wrong", STEPS, f"{STEPS} no_such_function();"))]))
