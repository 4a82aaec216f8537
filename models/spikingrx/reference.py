"""SpikingRx as a registered reference network."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from neurodeploy.model import ReferenceModel

from .build import PRESETS, build
from .network import network
from .record import run
from .stimulus import stimulus


def _stimulus(config: Mapping[str, Any], steps: int | None, samples: int | None, seed: int) -> dict[str, NDArray[Any]]:
    return {**stimulus(config, steps or 50, samples or 1, seed)}


MODEL = ReferenceModel(
    "spikingrx",
    "SpikingRx receiver: stem, six spike-element-wise blocks, log-likelihood ratios",
    PRESETS,
    build,
    _stimulus,
    network,
    run,
)
