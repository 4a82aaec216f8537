"""Files that a forger or a fault changed are refused, or are what the reference runs; their C steps out of no array."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

from neurodeploy.codegen import render
from neurodeploy.errors import NeurodeployError
from neurodeploy.program.program import Program
from neurodeploy.step.plan import plan
from tests.engine.sanitized import CC, build, equals_reference, everything_out
from tests.hostile import KINDS, READ, REFUSED, SLOW, is_right, outcome, sent_to
from tests.proof.case import Counts, ProofCase

SEEDS = 10_000


def count(kind: str, seeds: range) -> Counts:
    """Change and open a file of the kind; a seed fails by any end but refused, or read and right, and by a late one."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        began = time.monotonic()
        end, value = outcome(kind, seed)
        late = time.monotonic() - began > SLOW
        tallies[end if end in (READ, REFUSED) else "another error"] += 1
        try:
            right = end == REFUSED or (end == READ and is_right(value, seed))
        except NeurodeployError:
            right = True  # it needs another input, or more memory than there is
            tallies["refused when run"] += 1
        except Exception:
            right = False
        if late or not right:
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


def count_sanitized(seeds: range) -> Counts:
    """Compile and run the C of every changed program that is read, under every sanitizer, beside the reference."""
    pairs: dict[int, tuple[Program, dict[str, object]]] = {}
    for seed in seeds:
        end, value = outcome("program", seed)
        if end == READ and isinstance(value, Program):
            program = everything_out(value)
            pairs[seed] = program, sent_to(program, seed)
    failed = differing(pairs)
    return Counts(len(seeds), tuple(failed), {"read": len(pairs), "refused": len(seeds) - len(pairs)})


def differing(pairs: dict[int, tuple[Program, dict[str, object]]]) -> list[int]:
    """The seeds whose C differs from the reference, or does what a sanitizer tells of."""
    if not pairs:
        return []
    with tempfile.TemporaryDirectory() as place:
        renderings = [render(plan(program), f"p{number}") for number, (program, _) in enumerate(pairs.values())]
        try:
            equals_reference(build(Path(place), renderings), list(pairs.values()))
        except (AssertionError, subprocess.CalledProcessError):
            if len(pairs) == 1:
                return list(pairs)
            return [seed for seed, pair in pairs.items() if differing({seed: pair})]
    return []


CASES = (
    *(
        ProofCase(
            f"hostile-{kind.replace(' ', '-')}",
            f"a {kind} with one thing changed, as a forger or a fault would, is refused or is what the reference runs: "
            "no other error, and none takes longer than ten seconds",
            seeds=SEEDS,
            batch=250,
            run=partial(count, kind),
        )
        for kind in KINDS
    ),
    ProofCase(
        "hostile-sanitized",
        "the C of every changed program that is read equals the reference, clean under address and undefined-behavior "
        "sanitizers",
        seeds=SEEDS,
        batch=50,
        run=count_sanitized,
        lacks=lambda: None if CC else "a C compiler",
    ),
)
