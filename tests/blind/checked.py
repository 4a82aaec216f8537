"""One check of a faulty machine, as ``check`` makes it of a target: with what is read back of it, and its isolated run."""

from __future__ import annotations

from typing import Any

from neurodeploy.causes.search import SECONDS
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.parity.rung import Rung
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace
from tests.blind.hosts import host
from tests.blind.sample import Planted


def checked(planted: Planted, states: bool, seconds: float = SECONDS) -> Rung:
    """The rung from the program to the faulty machine."""
    program, stimulus = host(planted.host)
    machine = planted.fault.machine()

    def rerun(trace: Trace) -> Trace:
        return run_program(program, stimulus, states=states, drive=trace)

    def target(trace: Trace) -> Trace:
        return machine.run(stimulus, states, trace)

    expected, actual = run_program(program, stimulus, states=states), machine.run(stimulus, states)
    return exact_rung(program, "blind", expected, actual, (), {}, rerun, target, INDEPENDENT, (), seconds)


def report(planted: Planted, states: bool, seconds: float = SECONDS) -> dict[str, Any]:
    """The rung as data, beside the name of the fault."""
    rung = checked(planted, states, seconds)
    return {"fault": planted.name, "states": states, "rung": rung.to_json()}
