"""A target that runs the reference, soundly or with something broken, for tests of the suite that judges targets."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from neurodeploy.capabilities import Capabilities
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.numerics import INT32, Numerics
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Rule, Target
from neurodeploy.trace import Trace

PLAIN = Capabilities(
    populations=frozenset({"cuba-lif"}),
    projections=frozenset({"dense"}),
    resets=frozenset({"zero"}),
    max_spikes_per_step=1,
    graded_messages=False,
    clamps=False,
    fire_once=False,
    stateless=False,
    initial_states=False,
)
Change = Callable[[Program], Program]


def as_if_independent(program: Program, stimulus: Stimulus, states: bool = False, drive: Trace | None = None) -> Trace:
    """The reference's trace, as of an implementation of its own."""
    return replace(run_program(program, stimulus, states, drive), evidence=INDEPENDENT)


def probe(
    change: Change = lambda program: program,
    can: Capabilities = PLAIN,
    rules: tuple[Rule, ...] = (),
    numerics: Numerics = INT32,
    **attributes: Any,
) -> Target:
    """A target that runs the program that ``change`` makes of the one it is given."""

    def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
        return as_if_independent(change(artifact.program), stimulus, states, drive)

    return Target(
        "probe",
        "the reference",
        numerics,
        can,
        **{"lower": lambda p, o: Artifact(p), "run": run, **attributes},
        rules=rules,
    )
