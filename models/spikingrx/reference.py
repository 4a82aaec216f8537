"""SpikingRx as a registered reference network, and the recording of what each of its nodes does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodeploy.model import ReferenceModel

from .model import SpikingRx
from .network import network
from .presets import PRESETS, build, stimulus
from .sew import SpikingShortcut


def run(
    module: SpikingRx, config: Mapping[str, Any], stimulus: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """What each node emitted, (B, T, C, H, W), and the head's ``llr``, (B, H, W, bits).

    Nodes: ``input``; ``stem.lif``; for each block N ``stages.N.lif`` (spikes of the main branch), ``stages.N.add`` (the
    block's output, under every connect function) and, with a spiking shortcut, ``stages.N.shortcut.lif``.
    ``stimulus`` holds ``input`` as (B, T, C, H, W); state starts at rest. ``config`` is not needed and may be empty.
    """
    frames = np.asarray(stimulus["input"], dtype=np.float32)
    nodes: dict[str, Tensor] = {}
    with torch.no_grad():
        hidden = nodes["stem.lif"] = module.stem(torch.from_numpy(frames))
        for number, block in enumerate(module.blocks):
            spikes, bypass = block.spikes(hidden), block.bypass(hidden)
            hidden = block.join(spikes, bypass)
            nodes[f"stages.{number}.lif"] = spikes
            if isinstance(block.shortcut, SpikingShortcut):
                nodes[f"stages.{number}.shortcut.lif"] = bypass
            nodes[f"stages.{number}.add"] = hidden
        nodes["llr"] = module.readout(hidden)
    return {"input": frames, **{name: tensor.numpy() for name, tensor in nodes.items()}}


MODEL = ReferenceModel(
    "spikingrx",
    "SpikingRx receiver: stem, six spike-element-wise blocks, log-likelihood ratios",
    PRESETS,
    build,
    stimulus,
    network,
    run,
)
