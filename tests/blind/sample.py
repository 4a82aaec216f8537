"""Seeded samples of faults, each written down in words before any check is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurodeploy.conformance.draw import Draw
from neurodeploy.reference.program_runner import run_program
from tests.blind import cores, memories, reserved, wires  # noqa: F401
from tests.blind.hosts import NAMES, Host, host
from tests.blind.kinds import KINDS, RESERVED, plant
from tests.blind.machine import Fault

ATTEMPTS = 12
FIRST, SECOND = 1001, 2002
"""Seeds of the two samples."""


@dataclass(frozen=True)
class Planted:
    """A fault in its host. ``shows``: ``outputs``, ``states`` alone, or ``nothing`` of it on the host's stimulus."""

    name: str
    seed: int
    host: str
    fault: Fault
    shows: str


def shows(host_: Host, fault: Fault) -> str:
    """What differs from the reference: an output, a state alone, or nothing."""
    program, stimulus = host_
    right, wrong = run_program(program, stimulus, states=True), fault.machine().run(stimulus, states=True)
    if any((right[n].output != wrong[n].output).any() for n in right.entries):
        return "outputs"
    states = ((right[n].v, wrong[n].v, right[n].u, wrong[n].u) for n in right.entries if right[n].v is not None)
    return "states" if any((v != w).any() or (u != x).any() for v, w, u, x in states) else "nothing"


def drawn(kind: str, seed: int, attempt: int) -> tuple[Draw, str]:
    """The stream of one attempt, and the host that it picks."""
    draw = Draw(seed, sum(map(ord, kind)), len(kind), attempt)
    return draw, NAMES[-1] if draw.chance(0.05) else draw.pick(NAMES[:-1])


def again(row: dict[str, str]) -> Planted:
    """The fault that a row of ``faults.json`` describes. Raises ValueError where it is drawn no more."""
    kind, seed = row["fault"].rsplit(" #", 1)
    for attempt in range(ATTEMPTS):
        draw, name = drawn(kind, int(seed), attempt)
        fault = plant(kind, draw, host(name)[0]) if name == row["host"] else None
        if fault is not None and fault.words == row["wrong"]:
            return Planted(row["fault"], int(seed), name, fault, row["shows"])
    raise ValueError(f"{row['fault']}: the sample is not the one that was written down")


def draw_fault(kind: str, seed: int) -> Planted | None:
    """A fault of a kind in a host that has a place for it; one that shows in outputs where a few draws find it."""
    best: Planted | None = None
    order = ("nothing", "states", "outputs")
    for attempt in range(ATTEMPTS):
        draw, name = drawn(kind, seed, attempt)
        fault = plant(kind, draw, host(name)[0])
        if fault is None:
            continue
        planted = Planted(f"{kind} #{seed}", seed, name, fault, shows(host(name), fault))
        if best is None or order.index(planted.shows) > order.index(best.shows):
            best = planted
        if best.shows == "outputs" or (best.shows == "states" and attempt > ATTEMPTS // 2):
            break
    return best


def sample(seed: int, kinds: Sequence[str], each: int = 2) -> list[Planted]:
    """So many faults of every kind."""
    drawn = (draw_fault(kind, seed + 10000 * number) for kind in kinds for number in range(each))
    return [planted for planted in drawn if planted is not None]


def first() -> list[Planted]:
    """Two faults of every kind that is not reserved."""
    return sample(FIRST, list(KINDS))


def second() -> list[Planted]:
    """One fault of half of the kinds, and two of every reserved one."""
    rng = np.random.default_rng(SECOND)
    known = sorted(rng.choice(sorted(KINDS), len(KINDS) // 2, replace=False).tolist())
    return sample(SECOND, known, 1) + sample(SECOND, list(RESERVED), 2)


def written(planted: Sequence[Planted]) -> list[dict[str, str]]:
    """The sample as ``faults.json`` holds it."""
    rows = ((p.name, p.host, p.fault.node, p.fault.words, p.shows) for p in planted)
    return [dict(zip(("fault", "host", "node", "wrong", "shows"), row, strict=True)) for row in rows]
