"""Whether a target does the same every time, and whether it records states or not."""

from __future__ import annotations

from neurodeploy.flow.foreign import run_target
from neurodeploy.parity.compare import unequal
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Trace

SAMPLES, STEPS = 2, 64
"""Of a stimulus, the first that are run again."""


def repeated(target: Target, artifact: Artifact, stimulus: Stimulus) -> tuple[bool, str]:
    """Whether two runs of the first samples and steps send the same, with states and without, and what is said of it.

    Where they do not, a third run tells whether that depends on the states or happens anyway.
    """
    shown = stimulus.part(slice(0, SAMPLES), slice(None) if stimulus.signals else slice(0, STEPS))
    part = f"{shown.batch} samples and {shown.steps} steps"
    first, second = (run_target(target, artifact, shown, states) for states in (True, False))
    nodes = _different(artifact, first, second)
    if not nodes:
        return True, f"run twice on {part}, with states and without: the same outputs"
    again = _different(artifact, first, run_target(target, artifact, shown, True))
    why = "two runs do not send the same" if again else "it sends something else where it records states"
    return False, f"{why}: {', '.join(again or nodes)}, on {part}"


def _different(artifact: Artifact, first: Trace, second: Trace) -> list[str]:
    names = [population.name for population in artifact.program.populations]
    return [name for name in names if unequal(first[name], second[name]).any()]
