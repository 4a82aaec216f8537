"""The gesture network as a registered reference network: its graph, and what each of its nodes does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurodeploy.contract import Terms
from neurodeploy.host import Head, Host
from neurodeploy.model import ReferenceModel
from neurodeploy.network import InputRange, Network, NetworkBuilder

from .network import DELAY, KEEP, PADDING, STRIDE, THRESHOLD, GesturesNet, state_unit
from .presets import PRESETS, build, stimulus


def network(module: GesturesNet, config: Mapping[str, Any]) -> Network:
    """NIR graph, contract and host head: a Delay before the second view, and a loop that is one step late."""
    limits = config["input"]
    build = NetworkBuilder(Terms(dt=float(limits["dt"]), input_gain="unit"))
    values = InputRange(float(limits["low"]), float(limits["high"]), float(limits["grid"]), declared=True)
    events = build.input("input", tuple(limits["shape"]), values)
    delayed = build.delay("delay", events, DELAY * build.dt)
    now = build.conv("now", events, _numbers(module.now), stride=STRIDE, padding=PADDING)
    late = build.conv("late", delayed, _numbers(module.late), stride=STRIDE, padding=PADDING)
    motion = _population(build, module, "motion", (now, late))
    motions = build.linear("motions", build.flatten("flatten", motion), _numbers(module.motions))
    memory = _population(build, module, "memory", (motions,))
    build.connect(build.linear("back", memory, _numbers(module.back)), memory)
    memories = build.linear("memories", memory, _numbers(module.memories))
    build.output("output", _population(build, module, "gesture", (memories,)))
    return build.build(Host(Head("spike-count-argmax", "gesture")))


def _population(build: NetworkBuilder, module: GesturesNet, name: str, sources: tuple[str, ...]) -> str:
    grid: dict[str, float] = {"state_grid": state_unit(name)} if module.on_grid else {}
    return build.lif(name, sources, build.dt / (1.0 - KEEP[name]), THRESHOLD, **grid)


def _numbers(layer: torch.nn.Conv2d | torch.nn.Linear) -> NDArray[np.float64]:
    return layer.weight.detach().double().numpy()


def run(
    module: GesturesNet, config: Mapping[str, Any], stimulus: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """Spikes of ``motion``, ``memory`` and ``gesture``, and the ``input`` itself, (B, T, *shape), from rest."""
    events = np.asarray(stimulus["input"], dtype=np.float32)
    with torch.no_grad():
        spikes = module(torch.from_numpy(events))
    return {"input": events, **{name: sent.numpy() for name, sent in spikes.items()}}


MODEL = ReferenceModel(
    "gestures",
    "Recurrent classifier of two-stroke gestures before an event camera, with axonal delays, trained on the integers",
    PRESETS,
    build,
    stimulus,
    network,
    run,
)
