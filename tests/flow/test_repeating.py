"""A target that differs from itself has diverged, and the reason tells in what it does."""

from dataclasses import replace

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.flow.checking import _repeated
from neurodeploy.flow.repeating import repeated
from neurodeploy.parity.rung import Rung
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target, find_target
from neurodeploy.trace import Trace
from tests.cli.support import small_network
from tests.parity.networks import chain, noise

PROGRAM = chain([[20, 30], [40, 10]], [[30, 30]])
SHOWN = Stimulus(noise(2, samples=2))
SENT = run_program(PROGRAM, SHOWN)
ONE = SHOWN.part(slice(0, 1))
RUNG = Rung("program", "chip", "exact", "agree", {}, None)


def chip(lies) -> Target:
    """A target that sends the contrary of node ``l2`` in samples where ``lies`` says so of its run's number and states.

    The run of the check itself is number 0.
    """
    runs: list[bool] = []

    def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
        runs.append(states)
        trace = run_program(artifact.program, stimulus, states, drive)
        output = np.array(trace["l2"].output)
        for row in lies(len(runs), states):
            output[row] = 1 - np.clip(output[row], 0, 1)
        entry = replace(trace["l2"], output=output)
        return replace(trace, entries={**trace.entries, "l2": entry}, evidence=INDEPENDENT)

    return replace(find_target("fixed"), name="chip", run=run, opens=None)


@pytest.mark.parametrize(
    ("lies", "states", "words"),
    [
        (lambda number, states: () if states else (0,), True, "it sends something else where it records no states: l2"),
        (lambda number, states: (1,) if states else (), False, "it sends something else where it records states: l2"),
        (lambda number, states: (0, 1), True, "two runs do not send the same: l2"),
    ],
)
def test_a_target_that_differs_from_itself_diverged(lies, states: bool, words: str) -> None:
    result = repeated(chip(lies), Artifact(PROGRAM), SHOWN, SENT, states)
    (rung,) = _repeated([RUNG], {"chip": result})
    assert (result.same, rung.verdict) == (False, "diverged")
    assert rung.reasons == (f"{words}, on 2 samples and 40 steps",)


def test_what_is_kept_from_one_sample_to_the_next_shows_with_a_single_sample() -> None:
    kept = chip(lambda number, states: (1,))
    result = repeated(kept, Artifact(PROGRAM), ONE, SENT.part(slice(0, 1), slice(None)), True)
    assert result.words == "it keeps something from one sample to the next: l2, on its sample twice over and 40 steps"


def test_one_that_does_not_says_what_was_run_again() -> None:
    sent = SENT.part(slice(None), slice(0, 30))
    result = repeated(chip(lambda number, states: ()), Artifact(PROGRAM), SHOWN, sent, True)
    (rung,) = _repeated([RUNG], {"chip": result})
    assert rung.verdict == "agree"
    assert rung.notes == ("run again on 2 samples and 30 steps, without states: the same outputs",)


@pytest.mark.parametrize(("twice", "notes"), [(True, 1), (False, 0)])
def test_every_check_runs_its_targets_again_unless_told_not_to(twice: bool, notes: int) -> None:
    rungs = nd.check(small_network(), targets=["fixed"], steps=70, twice=twice).rungs
    assert [note for rung in rungs for note in rung.notes if note.startswith("run again on")] == [
        "run again on its sample twice over and 64 steps, without states: the same outputs"
    ][:notes]
