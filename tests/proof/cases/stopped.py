"""Verbs that are asked to stop, or told to, at any moment leave nothing half-written, and nothing behind."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from neurodeploy.target import find_target, unavailable
from tests.proof.case import Counts, ProofCase
from tests.stopped import LAVA, SIGNALS, UNDISTURBED, VERBS, prepare, stopped


def count(verbs: Mapping[str, object], seeds: range) -> Counts:
    """A seed is a verb, a signal and a moment of its run; it fails by anything that is wrong with its end."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare(folder, lava=verbs.keys() == LAVA.keys())
        lengths: dict[str, float] = {}
        for seed in seeds:
            rng = np.random.default_rng((seed, 23))
            verb, number = list(verbs)[seed % len(verbs)], SIGNALS[seed % len(SIGNALS)]
            if verb not in lengths:
                undisturbed = stopped(verb, folder, None)
                if undisturbed.wrong:
                    raise RuntimeError(f"{verb}, which nobody stops: {undisturbed.wrong}")
                lengths[verb] = undisturbed.seconds
            ended = stopped(verb, folder, float(rng.uniform(0, lengths[verb])), number)
            tallies[f"{number.name}: {'finished before' if ended.code == UNDISTURBED.get(verb, 0) else 'stopped'}"] += 1
            if ended.wrong:
                failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


PROVES = (
    "that gets SIGINT, SIGTERM or SIGHUP at a moment of its run ends with its code and one line; what it "
    "wrote is whole or not there, and no process, segment or temporary file is left"
)
CASES = (
    ProofCase("stopped", f"a verb {PROVES}", seeds=200, batch=25, run=partial(count, VERBS)),
    ProofCase(
        "stopped-lava",
        f"a run or a check on loihi-sim {PROVES}",
        seeds=40,
        batch=10,
        run=partial(count, LAVA),
        lacks=lambda: unavailable(find_target("loihi-sim")),
    ),
)
