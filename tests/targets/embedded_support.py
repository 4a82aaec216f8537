"""What the tests of targets that deploy C share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from neurodeploy.conformance import generate
from neurodeploy.embedded.job import Job, job
from neurodeploy.flow.exporting import lower
from neurodeploy.model import find_model
from neurodeploy.network.network import Network
from neurodeploy.program import Program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Trace
from tests.engine import extremes
from tests.engine.support import reference
from tests.xylo.nets import net


@cache
def network(model: str, preset: str | None = None) -> Network:
    """A reference network."""
    from neurodeploy.frontends.checkpoint import model_network

    found = find_model(model)
    config = found.preset(preset)
    return model_network(found, config, found.build(config))


def stimulus(model: str, steps: int | None, samples: int, preset: str | None = None) -> Stimulus:
    """A reference network's own stimulus."""
    found = find_model(model)
    return found.stimulus(found.preset(preset), steps, samples, 0)


def random_program(number: int) -> tuple[Program, Stimulus]:
    """Plausible networks of both families, implausible ones, and ones for Xylo, by turns."""
    if number % 5 == 4:
        xylo = net(number)
        return xylo.program, xylo.stimulus
    if number % 3 == 2:
        made = extremes.program(900 + number)
        return made, extremes.stimulus(number, made)
    case = generate(500 + number, ("stock", "held")[number % 3])
    return case.program, case.stimulus


@dataclass(frozen=True, eq=False)
class Case:
    """A random program deployed, what its source is to do, and what the reference does."""

    program: Program
    job: Job
    expected: Trace


def random_cases(target: Target, numbers: Iterable[int]) -> list[Case]:
    """Random programs for one executable, with their states."""
    found: list[Case] = []
    for number in numbers:
        program, given = random_program(number)
        artifact = target.lower(program, {"prefix": f"p{number}"})
        found.append(Case(program, job(artifact, given, True), reference(program, given)))
    return found


def lowered_digits(target: Target, options: Mapping[str, str] | None = None) -> Artifact:
    """The reference network ``digits`` for a target."""
    return lower(network("digits"), target, options or {}).artifact


def changed(artifact: Artifact, name: str, old: str, new: str) -> Artifact:
    """The artifact with other text in one of its files."""
    text = artifact.files[name].decode()
    assert old in text
    return replace(artifact, files={**artifact.files, name: text.replace(old, new, 1).encode()})
