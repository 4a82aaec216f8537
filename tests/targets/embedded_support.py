"""What the tests of targets that deploy C share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from neurodeploy.conformance import generate
from neurodeploy.model import find_model
from neurodeploy.network.network import Network
from neurodeploy.program import Program
from neurodeploy.target import Artifact
from tests.engine import extremes

Stimulus = Mapping[str, Any]


@cache
def network(model: str, preset: str | None = None) -> Network:
    """A reference network."""
    from neurodeploy.frontends.checkpoint import model_network

    found = find_model(model)
    config = found.preset(preset)
    return model_network(found, config, found.build(config))


def stimulus(model: str, steps: int | None, samples: int, preset: str | None = None) -> dict[str, np.ndarray]:
    """A reference network's own stimulus."""
    found = find_model(model)
    return {"input": found.stimulus(found.preset(preset), steps, samples, 0)["input"]}


def random_program(number: int) -> tuple[Program, Stimulus]:
    """Plausible networks of both families, and implausible ones, by turns."""
    if number % 3 == 2:
        made = extremes.program(900 + number)
        return made, extremes.stimulus(number, made)
    case = generate(500 + number, ("stock", "held")[number % 3])
    return case.program, case.stimulus


def changed(artifact: Artifact, name: str, old: str, new: str) -> Artifact:
    """The artifact with other text in one of its files."""
    text = artifact.files[name].decode()
    assert old in text
    return replace(artifact, files={**artifact.files, name: text.replace(old, new, 1).encode()})
