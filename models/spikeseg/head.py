"""The head ``boxes``: the boxes of a run of SpikeSEG, on any rung, by the weights of the network that ran.

It needs numpy alone: a bundle is read out where there is no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.heads import BoundHead, HeadKind, Setting
from neurodeploy.network import Network
from neurodeploy.table import Table
from neurodeploy.task import TaskValue
from neurodeploy.trace import Trace

from .detection import NODES, Decoder, Rule, undone
from .scene import Scene, picture
from .smash import Box

NEURONS = (nir.IF, nir.LIF, nir.CubaLIF)
LAYERS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("neurons", NEURONS),
    ("a convolution", (nir.Conv2d,)),
    ("the threshold of a max pool", (nir.Threshold,)),
    ("the sum of a max pool", (nir.SumPool2d,)),
)
SHOWN = 20
"""Boxes that a terminal shows."""
REMEDY = "give SpikeSEG: three convolutions with neurons, and two max pools between them"


def decoder_of(network: Network, rule: Rule | None = None) -> tuple[Decoder, dict[str, str]]:
    """The decoder with the weights of a network, and its nodes: of ``input, lif1, lif2, lif3`` the network's own names.

    Without a ``rule``, the default one, with a margin of half the side of the first kernels. Nodes are found by what
    they are, from the output back. Raises InputError where the network is not built like SpikeSEG.
    """
    names, weights, pools = _layers(network)
    kernels = {f"conv{3 - n}": weight for n, weight in enumerate(weights)}
    try:
        side = undone(pools)
    except ValueError as error:
        raise InputError(str(error), "network", "train it with pools whose stride is their side") from error
    if rule is None:
        rule = Rule(margin=kernels["conv1"].shape[-1] // 2)
    return Decoder(kernels, side, rule), names


def _layers(network: Network) -> tuple[dict[str, str], list[NDArray[np.float64]], set[tuple[int, int]]]:
    """Names of input and neurons, weights from the last layer back, and sides and strides of the pools."""
    ends = [name for name, node in network.nodes.items() if isinstance(node, nir.Output)]
    if len(ends) != 1:
        raise InputError(f"it has {len(ends)} outputs", "network", REMEDY)
    names: dict[str, str] = {}
    weights: list[NDArray[np.float64]] = []
    pools: set[tuple[int, int]] = set()
    at = ends[0]
    for layer, (kind, types) in [(n, part) for n in (3, 2, 1) for part in LAYERS][: 2 * len(LAYERS) + 2]:
        at = _before(network, at, kind, types)
        node = network.nodes[at]
        if types is NEURONS:
            names[f"lif{layer}"] = at
        elif isinstance(node, nir.Conv2d):
            weights.append(_weight(network, at))
        elif isinstance(node, nir.SumPool2d):
            pools |= {_square(at, node)}
    names["input"] = _before(network, at, "the input", (nir.Input,))
    return names, weights, pools


def _before(network: Network, name: str, kind: str, types: tuple[type, ...]) -> str:
    """The one node that feeds another, which is of that kind."""
    sources = network.sources(name)
    if len(sources) != 1 or not isinstance(network.nodes[sources[0]], types):
        feeding = ", ".join(f"{source} ({type(network.nodes[source]).__name__})" for source in sources) or "nothing"
        raise InputError(f"{feeding} feeds {name}, not {kind}", f"node {name}", REMEDY)
    return sources[0]


def _weight(network: Network, name: str) -> NDArray[np.float64]:
    node = network.nodes[name]
    weight = np.asarray(node.weight, np.float64)
    plain = all(np.all(np.asarray(getattr(node, term)) == 1) for term in ("stride", "dilation", "groups"))
    kept = network.shapes[name][1:] == network.shapes[network.sources(name)[0]][1:]
    if not plain or not kept or weight.shape[-1] != weight.shape[-2]:
        problem = f"{name} is no convolution of square kernels with stride 1 whose map stays as large as it is"
        raise InputError(problem, f"node {name}", REMEDY)
    return weight


def _square(name: str, node: Any) -> tuple[int, int]:
    sides = {*np.atleast_1d(node.kernel_size).tolist()}, {*np.atleast_1d(node.stride).tolist()}
    if any(len(side) > 1 for side in sides) or np.any(node.padding):
        raise InputError(f"the windows of {name} are no squares without padding", f"node {name}", REMEDY)
    return sides[0].pop(), sides[1].pop()


class Detections:
    """The boxes of a run, chunk of steps after chunk: each spike is decoded within its own step.

    Memory holds the boxes and, for the picture, a few planes of every sample.
    """

    def __init__(self, decoder: Decoder, names: Mapping[str, str], batch: int) -> None:
        self._decoder, self._names = decoder, names
        self._boxes: list[list[list[Box]]] = [[] for _ in range(batch)]
        self._scenes = [Scene() for _ in range(batch)]

    def feed(self, trace: Trace) -> None:
        """Decode the next steps of every sample."""
        events = trace[self._names["input"]].values
        for sample, (boxes, scene) in enumerate(zip(self._boxes, self._scenes, strict=True)):
            recorded = {node: trace[self._names[node]].output[sample] for node in NODES}
            boxes += self._decoder.boxes(recorded)
            scene.add(np.abs(events[sample]).sum(1), self._decoder.saliency(recorded))

    def value(self) -> TaskValue:
        """By sample, by step, the boxes; as plain data one list for a sample, each box with its step."""
        boxes, scenes = self._boxes, self._scenes
        plain = [[{"step": t, **asdict(box)} for t, here in enumerate(sample) for box in here] for sample in boxes]
        return TaskValue(boxes, plain, _table(plain), lambda sample: picture(scenes[sample], boxes[sample]))


def _table(plain: Sequence[Sequence[Mapping[str, int]]]) -> Table:
    """The first boxes, and how many there are."""
    count = sum(map(len, plain))
    boxes = ((number, box) for number, sample in enumerate(plain) for box in sample)
    rows: list[tuple[object, ...]] = [
        (number, box["step"], f"{box['x0']}..{box['x1']}", f"{box['y0']}..{box['y1']}")
        for number, box in islice(boxes, SHOWN)
    ]
    if count > SHOWN:
        rows.append(("...", f"{count - SHOWN} more", "", ""))
    return Table(f"{count} boxes", (">sample", ">step", "columns", "rows"), rows)


def _bind(network: Network, settings: Mapping[str, float]) -> BoundHead:
    decoder, names = decoder_of(network)
    decoder = replace(decoder, rule=replace(decoder.rule, **settings))  # type: ignore[arg-type]
    return BoundHead(tuple(names.values()), lambda batch: Detections(decoder, names, batch), draws=True)


HEAD = HeadKind(
    "boxes",
    "boxes around what SpikeSEG found: each spike unravelled to its pixels (HULK), like ones joined (SMASH)",
    _bind,
    (
        Setting("share", "the share of a spike's largest saliency from which a pixel counts (0.5)", 0.0, 1.0),
        Setting("similar", "the SMASH score above which two spikes are one object, 0 to 1 (0.1)", 0.0, 1.0),
        Setting("spikes", "how many spikes an object has at least (1)", 1, whole=True),
        Setting("margin", "pixels that a box is larger each way (half the side of the first kernels)", 0, whole=True),
    ),
)
