"""Verbs that are asked to stop, or told to, at any moment leave nothing half-written, and nothing behind."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from tests.proof.case import Counts, ProofCase
from tests.stopped import SIGNALS, VERBS, prepare, stopped


def count(seeds: range) -> Counts:
    """A seed is a verb, a signal and a moment of its run; it fails by anything that is wrong with its end."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ.setdefault("NEURODEPLOY_HOME", str(Path.home() / ".cache" / "neurodeploy"))
        prepare(folder)
        lengths: dict[str, float] = {}
        for seed in seeds:
            rng = np.random.default_rng((seed, 23))
            verb, number = list(VERBS)[seed % len(VERBS)], SIGNALS[seed % len(SIGNALS)]
            lengths[verb] = lengths.get(verb) or stopped(verb, folder, None).seconds
            ended = stopped(verb, folder, float(rng.uniform(0, lengths[verb])), number)
            tallies[f"{number.name}: {'finished before' if ended.code == 0 else 'stopped'}"] += 1
            if ended.wrong:
                failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


CASES = (
    ProofCase(
        "stopped",
        "a verb that gets SIGINT, SIGTERM or SIGHUP at a moment of its run ends with its code and one line; what it "
        "wrote is whole or not there, and no process, segment or temporary file is left",
        seeds=200,
        batch=25,
        run=count,
    ),
)
