"""SpikeSEG as a registered reference network, and the recording of what each of its nodes does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurodeploy.model import ReferenceModel

from .encoder import SpikeSEGEncoder
from .network import network
from .presets import PRESETS, build
from .stimuli import check_stimulus, stimulus

NODES = {"lif1": "conv1", "pool1": "pool1", "lif2": "conv2", "pool2": "pool2", "lif3": "conv3"}
"""Node name (the module's attribute) to the encoder's name of the layer whose spikes it emits."""


def run(
    module: SpikeSEGEncoder, config: Mapping[str, Any], stimulus: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """Spikes of ``lif1, pool1, lif2, pool2, lif3`` and the ``input`` itself, each (B, T, C, H, W).

    ``stimulus`` holds ``input`` as (B, T, C, H, W). State starts at rest; ``config["fire_once"]`` decides on fire-once.
    """
    frames = np.asarray(stimulus["input"], dtype=np.float32)
    with torch.no_grad():
        sequence = torch.from_numpy(frames).transpose(0, 1)
        output = module(sequence, fire_once=bool(config["fire_once"]))
    spikes = {node: output.layer_spikes[layer].transpose(0, 1).numpy() for node, layer in NODES.items()}
    return {"input": frames, **spikes}


MODEL = ReferenceModel(
    "spikeseg",
    "SpikeSEG encoder: three spiking convolutions that find satellites in event-camera data",
    PRESETS,
    build,
    stimulus,
    network,
    run,
    check_stimulus=check_stimulus,
)
