"""Runs of the reference networks replayed by SANA-FE: its events are those of the run."""

from __future__ import annotations

from collections import Counter

from neurodeploy.errors import NeurodeployError
from neurodeploy.model import find_model
from neurodeploy.placement.chip import find_chip
from neurodeploy.placement.place import Wanted, place_program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.sanafe.environment import unavailable
from neurodeploy.sanafe.replay import estimate
from tests.proof.case import Counts, ProofCase
from tests.proof.cases.placing import RANDOM, of_network

NETWORKS = ("digits", "spikeseg", "spikingrx", "gestures")
STEPS = 4


def count(seeds: range) -> Counts:
    """A network fails where SANA-FE counts other spikes or synaptic events than its run has."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        name = NETWORKS[seed]
        program, model = of_network(name, None), find_model(name)
        stimulus = model.stimulus(model.preset(RANDOM.get(name)), STEPS, 1, seed)
        trace = run_program(program, stimulus.first(samples=1))
        placement = place_program(program, find_chip("loihi1"), Wanted("first-fit", 64))
        try:
            told = estimate(program, placement, trace)
        except NeurodeployError:
            failed.append(seed)
            continue
        tallies.update({f"{name} {kind}": events for kind, events in told.events.items()})
    return Counts(len(seeds), tuple(failed), dict(tallies))


CASES = (
    ProofCase(
        "sana-fe",
        "digits, SpikeSEG, SpikingRx and gestures, 4 steps, replayed by SANA-FE on Loihi 1: spikes and synaptic events "
        "are those of the run",
        seeds=len(NETWORKS),
        batch=1,
        run=count,
        lacks=unavailable,
    ),
)
