"""Faults of machines that were written down by someone who had not seen what the search for causes tries."""

from __future__ import annotations

from collections import Counter

from tests.blind.checked import verdicts, written_faults
from tests.proof.case import Counts, ProofCase


def judge(seeds: range) -> Counts:
    """Each fault is judged with states and without; it fails where it shows and is missed, or at another node."""
    rows, failed, tallies = written_faults(), list[int](), Counter[str]()
    for seed in seeds:
        seen = verdicts(rows[seed])
        tallies.update(f"{mode}: {word}" for mode, word in seen.items())
        if {"missed", "other node"} & set(seen.values()):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


CASES = (
    ProofCase(
        "blind-faults",
        "a fault written without sight of the causes that are tried is caught where it shows, at its own node",
        seeds=len(written_faults()),
        batch=10,
        run=judge,
    ),
)
