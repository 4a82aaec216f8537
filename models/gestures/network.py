"""The network over whole recordings: motion by delay, order of motions by recurrence, and the class."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from .exact import fired, on_grid, truncated
from .strokes import CLASSES, SIZE

DELAY = 3
"""Steps by which the second view of the sensor is late."""
CHANNELS, FIELDS, MEMORIES = 12, 25, 64
"""Kinds of motion neurons, places of each, and neurons of the memory."""
KERNEL, STRIDE, PADDING = 7, 3, 2
"""Field of a motion neuron, pixels between fields, and empty pixels around the sensor."""
THRESHOLD = 1.0
"""Membrane above which (strictly) a neuron fires; the membrane then returns to zero."""
KEEP = {"motion": 0.5, "memory": 0.9375, "gesture": 0.9375}
"""Share of the membrane that each population keeps from step to step."""
BITS = {"motion": 6, "memory": 7, "gesture": 7}
"""Weights into a population are multiples of ``2**-bits``, at most 127 of them."""
TARGETS = {"now": "motion", "late": "motion", "motions": "memory", "back": "memory", "memories": "gesture"}
"""Layers of weights, and the population each feeds."""
STATE_BITS = 7
"""A membrane counts ``2**-(bits + STATE_BITS)``, and what decay leaves is truncated toward zero to that, as on Loihi:
six bits below the unit of its sums, which is half a level because weights of both signs are even there."""
WIDTHS = {"now": 6.0, "late": 6.0, "motions": 4.0, "back": 0.5, "memories": 2.0}
"""Variance of the weights before training, times the synapses of a neuron."""
SHARPNESS = 4.0
"""How narrow the surrogate gradient is; it plays no part in the forward pass."""


class GesturesNet(nn.Module):
    """Names two-stroke gestures from events.

    ``motion``: 12 maps of 5x5 LIF neurons that see the sensor twice, as it is and ``DELAY`` steps late. ``memory``: 64
    LIF neurons that also receive their own spikes of the step before. ``gesture``: one LIF neuron per class. No neuron
    has a bias: without events nothing happens.

    Args:
        on_grid: whether membranes are truncated to the grid of the weights, as integers are.
    """

    def __init__(self, on_grid: bool = True) -> None:
        super().__init__()
        self.on_grid = on_grid
        self.now = nn.Conv2d(1, CHANNELS, KERNEL, STRIDE, PADDING, bias=False)
        self.late = nn.Conv2d(1, CHANNELS, KERNEL, STRIDE, PADDING, bias=False)
        self.motions = nn.Linear(CHANNELS * FIELDS, MEMORIES, bias=False)
        self.back = nn.Linear(MEMORIES, MEMORIES, bias=False)
        self.memories = nn.Linear(MEMORIES, len(CLASSES), bias=False)

    def forward(self, events: Tensor) -> dict[str, Tensor]:
        """Spikes of ``motion``, ``memory`` and ``gesture`` by name, (B, T, *shape), for events (B, T, 1, 16, 16).

        Raises ValueError for another shape.
        """
        if events.ndim != 5 or tuple(events.shape[2:]) != (1, SIZE, SIZE):
            raise ValueError(f"input has shape {tuple(events.shape)}; expected (B, T, 1, {SIZE}, {SIZE})")
        now, late = self._seen(events)
        late = functional.pad(late, (0, 0) * 3 + (DELAY, 0))[:, : events.shape[1]]
        motion = self._spikes("motion", now + late)
        memory = self._spikes("memory", self.motions(motion.flatten(2)), self.back)
        return {"motion": motion, "memory": memory, "gesture": self._spikes("gesture", self.memories(memory))}

    def _seen(self, events: Tensor) -> tuple[Tensor, Tensor]:
        """What ``now`` and ``late`` make of the events, (B, T, 12, 5, 5) each: as products of patches, whose gradient
        is several times faster than that of a convolution from one channel."""
        kernels = torch.cat([self.now.weight, self.late.weight]).flatten(1)
        patches = functional.pad(events, (PADDING,) * 4).unfold(3, KERNEL, STRIDE).unfold(4, KERNEL, STRIDE)
        places = patches.shape[3:5]
        seen = patches.reshape(*events.shape[:2], -1, KERNEL * KERNEL) @ kernels.T
        now, late = seen.transpose(2, 3).unflatten(3, places).chunk(2, 2)
        return now, late

    def _spikes(self, name: str, drive: Tensor, back: nn.Module | None = None) -> Tensor:
        """Spikes of a population for its ``drive`` (B, T, *shape); ``back``: what its spikes bring it a step later."""
        unit = state_unit(name) if self.on_grid else None
        membrane, spikes = torch.zeros_like(drive[:, 0]), list[Tensor]()
        for arrived in drive.unbind(1):
            if back is not None and spikes:
                arrived = arrived + back(spikes[-1])
            kept = KEEP[name] * membrane
            membrane = arrived + (kept if unit is None else truncated(kept, unit))
            spikes.append(fired(membrane - THRESHOLD, SHARPNESS))
            membrane = membrane * (1 - spikes[-1].detach())
        return torch.stack(spikes, 1)


def state_unit(name: str) -> float:
    """The grid of the membranes of a population."""
    return 2.0 ** -(BITS[name] + STATE_BITS)


def rounded(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by the names of the state dict on the grids of their populations, straight through for gradients."""
    steps = {name: 2.0 ** BITS[TARGETS[name.removesuffix(".weight")]] for name in parameters}
    return {name: on_grid(value * steps[name], 127.0) / steps[name] for name, value in parameters.items()}


def classify(gesture: Tensor) -> Tensor:
    """Class of each sample, int64 (B,), from spikes (B, T, 12): most spikes, the lowest class of several."""
    counts = gesture.sum(1)
    return (counts == counts.amax(1, keepdim=True)).to(torch.int64).argmax(1)


def initial(seed: int, on_grid: bool = True, without: Collection[str] = ()) -> GesturesNet:
    """A network before training: weights wide enough that every population fires, drawn from ``seed``.

    ``without``: layers whose weights are zero and stay so. The global random state is left as it was.
    """
    net, random = GesturesNet(on_grid), torch.Generator().manual_seed(seed)
    for layer, width in WIDTHS.items():
        weight = net.get_parameter(f"{layer}.weight")
        drawn = torch.randn(weight.shape, generator=random) * (width / weight[0].numel()) ** 0.5
        weight.data.copy_(drawn if layer not in without else torch.zeros_like(drawn))
        weight.requires_grad_(layer not in without)
    if on_grid:
        net.load_state_dict(rounded(dict(net.named_parameters())))
    return net
