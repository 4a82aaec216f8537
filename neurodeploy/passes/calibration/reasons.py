"""Why a population is rounded plainly where calibration is asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.passes.calibration.fan_in import has_windows
from neurodeploy.passes.calibration.messages import SUM
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.units import on_powers

LARGEST_FAN_IN = 2048
"""Weights of one row up to which their moments, a square matrix, are taken."""


def reason(draft: Draft, neuron: Neuron) -> str | None:
    """Why a population is rounded plainly, or None."""
    entering = [path for path in draft.entering(neuron.name) if np.any(path.weights)]
    if neuron.kind != "cuba-lif":
        return SUM
    if not entering:
        return "no weight enters it"
    if neuron.own_scale(draft.numerics) is not None:
        return "its contract names the grid of its state"
    if all(on_powers(path, draft.machine) for path in entering):
        return "its weights are exact"
    try:
        has_windows(entering)
    except ValueError as error:
        return str(error)
    if len({len(path.weights) for path in entering}) > 1:
        return "its rows do not share one shape of weights"
    fan_in = sum(path.weights.size // len(path.weights) for path in entering)
    if fan_in > LARGEST_FAN_IN:
        return f"{fan_in} weights enter each of its rows; up to {LARGEST_FAN_IN} are chosen together"
    return None


def unreached(draft: Draft, neuron: Neuron, messages: Mapping[str, NDArray[np.float64]]) -> str | None:
    """Who is silent, where no message reaches a population that is to be calibrated, or None."""
    sources = {path.source for path in draft.entering(neuron.name)} - {neuron.name}
    if any(np.any(messages[source]) for source in sources):
        return None
    return f"{', '.join(sorted(sources))} {'sends' if len(sources) == 1 else 'send'} nothing"


def check_reached(draft: Draft, neuron: Neuron, messages: Mapping[str, NDArray[np.float64]]) -> None:
    """Raises InputError where no message of the float network on the stimulus reaches a population."""
    silent = unreached(draft, neuron, messages)
    if silent is not None:
        raise InputError(
            f"nothing reaches {neuron.name}: {silent} in any sample",
            "--calibrate",
            f"show samples that make it fire, or take {neuron.name} out of the network",
        )
