"""A check in which one target is wrong: the neurons of one layer have a higher threshold than they should."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.target import Artifact, Target, find_target

WRONG = "hidden"


def network() -> nd.Network:
    """Two layers, of 40 and of 3 neurons."""
    random = np.random.default_rng(3)
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    drive = build.linear("fc1", build.input("camera", (8,)), random.integers(-6, 15, (40, 8)) / 16)
    hidden = build.lif("hidden", drive, tau=4e-3, threshold=0.5)
    out = build.lif("out", build.linear("fc2", hidden, random.integers(-5, 10, (3, 40)) / 16), tau=4e-3, threshold=1.0)
    build.output("output", out)
    return build.build()


def chip() -> Target:
    """``fixed``, but for the thresholds of one layer."""
    fixed = find_target("fixed")

    def bent(artifact: Artifact) -> Artifact:
        changed = [
            replace(p, threshold=np.asarray(p.threshold) * 9 // 8) if p.name == WRONG else p
            for p in artifact.program.populations
        ]
        return replace(artifact, program=replace(artifact.program, populations=tuple(changed)))

    def run(artifact: Artifact, *rest: Any, **named: Any) -> nd.Trace:
        return fixed.run(bent(artifact), *rest, **named)

    return replace(fixed, name="chip", run=run, opens=None)


def stimulus(samples: int = 2, steps: int = 60) -> nd.Stimulus:
    """Labelled noise."""
    random = np.random.default_rng(5)
    return nd.Stimulus({"camera": random.random((samples, steps, 8)) < 0.4}, labels=np.arange(samples) % 3)


def check(patch: pytest.MonkeyPatch, shown: nd.Stimulus | None = None) -> nd.Report:
    """The network on ``fixed`` and on the wrong chip."""
    targets = {"chip": chip(), "fixed": find_target("fixed")}
    for place in ("neurodeploy.flow.ladder.find_target", "neurodeploy.flow.checking.find_target"):
        patch.setattr(place, targets.__getitem__)
    return nd.check(network(), shown or stimulus(), targets=["fixed", "chip"])
