"""What this computer's processor can run: the widest instruction set that native code is rendered for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from neurodeploy.codegen.machine import BASELINE, MACHINES, Machine
from neurodeploy.errors import InputError

CPUINFO = Path("/proc/cpuinfo")
CHOICE = "NEURODEPLOY_MACHINE"


@cache
def features(about: Path = CPUINFO) -> frozenset[str]:
    """The processor's features as Linux names them; none where they cannot be read."""
    try:
        with about.open(encoding="utf-8", errors="replace") as lines:
            flags = (line.partition(":")[2].split() for line in lines if line.partition(":")[0].strip() == "flags")
            return frozenset(next(flags, ()))
    except OSError:
        return frozenset()


def can_run(machine: Machine) -> bool:
    """Whether this processor has everything that code for ``machine`` needs."""
    return features().issuperset(machine.needs)


def this_machine(among: Sequence[Machine] = MACHINES) -> Machine:
    """``$NEURODEPLOY_MACHINE`` where it is set, else the widest instruction set that this processor has.

    ``among``: those that the compiler makes right code for. Raises InputError for an unknown one, and for one that
    this processor or that compiler lacks.
    """
    name = os.environ.get(CHOICE, "")
    widest = next((machine for machine in among if can_run(machine)), BASELINE)
    if not name:
        return widest
    chosen = next((machine for machine in MACHINES if machine.name == name), None)
    if chosen is None:
        names = ", ".join(machine.name for machine in MACHINES)
        raise InputError(f"{name!r} is no instruction set", CHOICE, f"choose: {names}")
    missing = [feature for feature in chosen.needs if feature not in features()]
    if missing:
        problem = f"this processor cannot run {name} code (it lacks {', '.join(missing)})"
        raise InputError(problem, CHOICE, f"leave {CHOICE} unset: {widest.name} fits")
    if chosen not in among:
        remedy = f"leave {CHOICE} unset: {widest.name} fits; or set CC to gcc"
        raise InputError(f"clang's code for {name} writes beyond its arrays", CHOICE, remedy)
    return chosen
