"""Honest rounding is never called a fault of the quantizer, and planted faults are, with their node and term."""

from __future__ import annotations

from collections import Counter

from neurodeploy.losses.losses import measure
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.reference.network_runner import run_network
from tests.losses.faults import FAULTS
from tests.losses.support import OPTIONS, rounded
from tests.passes.networks import random_network, stimulus
from tests.proof.case import Counts, ProofCase


def count(seeds: range) -> Counts:
    """A random network per seed, rounded for one machine under one set of options, and every fault that it can have."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        network = random_network(seed)
        shown = stimulus(network, steps=20, samples=2, seed=seed)
        trace = run_network(network, shown, states=True)
        program = rounded(network, (LOIHI2, INT32)[seed % 2], **OPTIONS[seed % len(OPTIONS)])
        if program is None:
            tallies["not held by the machine"] += 1
            continue
        tallies["honest programs"] += 1
        held = not measure(network, program, trace, causes=False).strangers
        for name, (plant, culprit) in FAULTS.items():
            planted = plant(program)
            if planted is not None:
                sick, node = planted
                strangers = measure(network, sick, trace, causes=False).strangers
                culprits = {part.culprit for part in strangers[node].beyond} if list(strangers) == [node] else set()
                tallies[f"{name}: {'named' if culprits == {culprit} else 'within rounding or misnamed'}"] += 1
        if not held:
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


CASES = (
    ProofCase(
        "honest-rounding",
        "what quantization makes of a random network is within the rounding bound in every cell and constant; how many "
        "planted faults of the quantizer were named is counted",
        seeds=2000,
        batch=25,
        run=count,
    ),
)
