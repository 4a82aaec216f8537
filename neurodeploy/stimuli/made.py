"""Stimuli that need no file: the model's own maker, else seeded noise; seeded waves for an encoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.network.network import Network
from neurodeploy.stimuli.arrays import check_fit
from neurodeploy.stimuli.signals import make_waves
from neurodeploy.stimulus import Array, Origin, Stimulus

RATE, STEPS = 0.1, 100
"""Share of active cells, and steps, of noise."""


def make_stimulus(network: Network, steps: int | None = None, samples: int | None = None, seed: int = 0) -> Stimulus:
    """The stimulus of a network for which none is given; ``steps`` and ``samples`` are its maker's own by default.

    Raises InputError where the model's maker does not make one that fits.
    """
    if network.host.pre is not None:
        return make_waves(network, steps, samples, seed)
    if network.source is not None and network.source.stimulus is not None:
        stimulus = network.source.stimulus(steps, samples, seed)
        if not isinstance(stimulus, Stimulus):  # pyright: ignore[reportUnnecessaryIsInstance]  # a plug-in may err
            problem = f"the model's own maker gives a {type(stimulus).__name__}, not a Stimulus"
            raise InputError(problem, network.source.kind, "return neurodeploy.stimulus.Stimulus(arrays, labels)")
        return check_fit(replace(stimulus, origin=Origin("model", seed=seed)), network)
    return make_noise(network, steps or STEPS, samples or 1, seed)


def make_noise(network: Network, steps: int, samples: int, seed: int, rate: float = RATE) -> Stimulus:
    """Seeded Bernoulli noise: a share ``rate`` of cells has the largest value of its input, the others are zero."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, Array] = {}
    for name in network.input_names:
        active = rng.random((samples, steps, *network.shapes[name])) < rate
        inputs[name] = active.astype(np.float32) * np.float32(network.input_range(name).high)
    return Stimulus(inputs, origin=Origin("noise", seed=seed, rate=rate))
