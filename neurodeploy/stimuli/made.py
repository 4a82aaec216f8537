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


def make_stimulus(
    network: Network, steps: int | None = None, samples: int | None = None, seed: int = 0, checking: bool = False
) -> Stimulus:
    """The stimulus of a network for which none is given; ``steps`` and ``samples`` are its maker's own by default.

    ``checking``: that of the model's checks, where it has one.

    Raises InputError where the model's maker does not make one that fits.
    """
    if network.host.pre is not None:
        return make_waves(network, steps, samples, seed)
    source = network.source
    own = None if source is None or not checking else source.check_stimulus
    maker = source.stimulus if own is None and source is not None else own
    if source is not None and maker is not None:
        stimulus = maker(steps, samples, seed)
        if not isinstance(stimulus, Stimulus):  # pyright: ignore[reportUnnecessaryIsInstance]  # a plug-in may err
            problem = f"the model's own maker gives a {type(stimulus).__name__}, not a Stimulus"
            raise InputError(problem, source.kind, "return neurodeploy.stimulus.Stimulus(arrays, labels)")
        origin = Origin("model" if own is None else "model-check", seed=seed)
        return check_fit(replace(stimulus, origin=origin), network)
    return make_noise(network, steps or STEPS, samples or 1, seed)


def make_noise(network: Network, steps: int, samples: int, seed: int, rate: float = RATE) -> Stimulus:
    """Seeded Bernoulli noise: a share ``rate`` of cells has the largest value of its input, the others are zero."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, Array] = {}
    for name in network.input_names:
        active = rng.random((samples, steps, *network.shapes[name])) < rate
        inputs[name] = active.astype(np.float32) * np.float32(network.input_range(name).high)
    return Stimulus(inputs, origin=Origin("noise", seed=seed, rate=rate))
