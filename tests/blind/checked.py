"""One check of a faulty machine, as ``check`` makes one of a target, its isolated run with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neurodeploy.causes.search import SECONDS
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.parity.rung import Rung
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace
from tests.blind.hosts import host
from tests.blind.sample import Planted, again
from tests.blind.truth import TERMS, judged


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


def written_faults() -> list[dict[str, str]]:
    """Both samples as they were written down before any of them was checked."""
    samples = json.loads((Path(__file__).parent / "faults.json").read_text("utf-8"))
    return [row for sample in ("first", "second") for row in samples[sample]]


def verdicts(row: dict[str, str], seconds: float = SECONDS) -> dict[str, str]:
    """What a check with states, and one with outputs only, says of a fault."""
    planted = again(row)
    kind = planted.fault.kind
    program = host(planted.host)[0]
    node, reads = planted.fault.node, tuple[str, ...]()
    if node in program.input_by_name:
        reads = tuple(p.target for p in program.projections if p.source == node)
    if kind == "messages under way survive a sample":  # it has no node of its own
        reads = tuple(program.by_name)
    said: dict[str, str] = {}
    for mode, states in (("states", True), ("outputs", False)):
        rung = checked(planted, states, seconds)
        shows = planted.shows == "outputs" or (states and planted.shows == "states")
        if rung.verdict != "diverged":
            said[mode] = "missed" if shows else "nothing to see"
            continue
        word = judged(kind, node, reads, None if rung.causes is None else rung.causes.to_json())
        said[mode] = word if kind in TERMS or word == "other node" else f"no class: {word}"
    return said
