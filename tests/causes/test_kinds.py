"""Whole kinds of faults are named by what they are: messages, places, tables, moments, and states that changed once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurodeploy.causes import Causes
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.program import Program
from neurodeploy.reference.integer import Step
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace
from tests.blind.hosts import host
from tests.blind.machine import Machine

DENSE, MAPS = "dense/int32", "conv/int32"


def causes(name: str, machine: Machine, states: bool = True) -> Causes:
    """What the rung to the machine says."""
    program, shown = host(name)

    def reference(drive: Trace) -> Trace:
        return run_program(program, shown, states=states, drive=drive)

    expected, actual = run_program(program, shown, states=states), machine.run(shown, states)
    rung = exact_rung(program, "target", expected, actual, (), {}, reference, None, actual.evidence)
    assert rung.verdict == "diverged" and rung.causes is not None
    return rung.causes


def terms(name: str, machine: Machine, states: bool = True) -> set[str]:
    """The terms of the first culprit."""
    return {cause.term for cause in causes(name, machine, states).culprits[0].causes}


def of(target: str, change: Callable[[Machine, Any], Any]) -> Callable[[Machine, Any], Any]:
    """A message hook that is otherwise for the projections into one node."""

    def message(machine: Machine, projection: Any) -> Any:
        right = machine.message(projection)
        return change(machine, right) if projection.target == target else right

    return message


def with_weights(program: Program, target: str, weights: Callable[[np.ndarray], np.ndarray]) -> Program:
    """The program with other weights into one node."""
    changed = [replace(p, weights=weights(p.weights)) if p.target == target else p for p in program.projections]
    return replace(program, projections=tuple(changed))


@pytest.mark.parametrize("states", [True, False])
@pytest.mark.parametrize(
    ("term", "change"),
    [
        ("lost messages", lambda m, right: right * (m.t >= 3)),
        ("delay", lambda m, right: m.line("a", m.t - (m.t >= 9))),
        ("lost messages", lambda m, right: right * (np.cumsum(right != 0, axis=-1) <= 2)),
        ("source", lambda m, right: m.line("x", m.t)[..., : right.shape[-1]]),
        ("geometry", lambda m, right: np.roll(right, 1, axis=-1) * (np.arange(right.shape[-1]) > 0)),
    ],
    ids=["first steps", "a step comes twice", "queue", "another node", "addresses"],
)
def test_a_path_that_is_wrong(term: str, change: Callable[[Machine, Any], Any], states: bool) -> None:
    assert term in terms(DENSE, Machine(host(DENSE)[0], message=of("b", change)), states)


def test_a_column_of_a_map_that_gets_nothing() -> None:
    def deliver(machine: Machine, projection: Any, message: Any) -> Any:
        right = machine.deliver(projection, message)
        return right * (np.arange(right.shape[-1]) != 5) if projection.target == "a" else right

    found = causes(MAPS, Machine(host(MAPS)[0], deliver=deliver)).culprits[0]
    assert any("missing, in place 5 of axis 2 only" in cause.change for cause in found.causes)


@pytest.mark.parametrize("name", [DENSE, MAPS])
def test_a_table_that_holds_anything_is_solved_for(name: str) -> None:
    program = host(name)[0]
    target = program.populations[0].name
    anything = np.random.default_rng(4).integers(-90, 90, program.into(target)[0].weights.shape)
    faulty = with_weights(
        program,
        target,
        lambda weights: np.where(np.arange(len(weights)).reshape(-1, *[1] * (weights.ndim - 1)) > 1, anything, weights),
    )
    (cause,) = causes(name, Machine(faulty)).culprits[0].causes
    assert cause.term == "weights" and " are others, the first (2, " in cause.change


def test_a_bit_that_turned_over_once_is_told_with_its_moment() -> None:
    def update(machine: Machine, population: Any, state: Any, a: Any) -> Step:
        if population.name == "b" and (machine.sample, machine.t) == (1, 20):
            state.v[0, 4] ^= 1 << 9
        return machine.update(population, state, a)

    (cause,) = causes(DENSE, Machine(host(DENSE)[0], update=update)).culprits[0].causes
    assert (cause.term, cause.change) == (
        "upset",
        "bit 9 of one membrane turned over once, before step 20 of sample 1",
    )


def test_a_membrane_that_is_read_at_another_moment() -> None:
    def told(machine: Machine, name: str, record: dict[str, Any]) -> dict[str, Any]:
        return record | {"v": record["v_before"]} if name == "b" else record

    assert "record" in terms(DENSE, Machine(host(DENSE)[0], told=told))


def test_messages_that_come_at_random_are_of_no_cause() -> None:
    def change(machine: Machine, right: Any) -> Any:
        return right * (np.random.default_rng(machine.t + 100 * machine.sample).random(right.shape) > 0.1)

    for states in (True, False):
        assert not terms(DENSE, Machine(host(DENSE)[0], message=of("b", change)), states)
