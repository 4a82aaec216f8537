"""Run a ``.net`` file on lava-dl's own importer, to show that it is the same network.

lava-dl imports torch and a vision stack for its training half alone; here a stub stands for that half.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from lava.proc.io.source import RingBuffer

from . import network
from .recorder import Tap, recorder_classes
from .window import Window

SLAYER = "lava.lib.dl.slayer"


def stub_slayer() -> None:
    """Stand in for the training half: netx takes one function from it, for resonate-and-fire neurons."""
    for name in (SLAYER, f"{SLAYER}.neuron", f"{SLAYER}.neuron.rf", "lava.lib.dl.netx.sequential_modules"):
        sys.modules.setdefault(name, ModuleType(name))
    sys.modules[f"{SLAYER}.neuron.rf"].neuron_params = dict  # type: ignore[attr-defined]


def build(path: str, job: network.Job, order: Mapping[str, Any], data: Any) -> tuple[Any, Any]:
    """The network of ``path`` fed with ``data``; records the last layer. ``order``: message bits and layers."""
    stub_slayer()
    from lava.lib.dl.netx import hdf5
    from lava.lib.dl.netx.blocks import models, process

    loaded = hdf5.Network(path, input_message_bits=order["message_bits"], reset_interval=job.period, reset_offset=1)
    for name in ("LIFReset", "Dense", "Conv"):
        network.stock(name)
    network.models.update(
        {
            hdf5.Network: [hdf5.PyNetworkModel],
            process.Dense: [models.PyDenseModel],
            process.Conv: [models.PyConvModel],
        }
    )
    network.join(RingBuffer(data=data).s_out, loaded.inp)
    tap = Tap(
        "output.0", tuple(int(size) for size in loaded.out.shape), Window(order["layers"], job.steps, job.period), False
    )
    recorder_class, model_class = recorder_classes([tap])
    network.models[recorder_class] = [model_class]
    recorder = recorder_class(samples=job.samples)
    loaded.out.connect(recorder.port0)
    return recorder, network.models
