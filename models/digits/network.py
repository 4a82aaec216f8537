"""The network as a plain chain of named PyTorch and Norse modules, and one way to run it over time."""

from collections import OrderedDict

import torch
from norse.torch import LIFBoxCell, LIFBoxParameters
from norse.torch.functional.lif_box import LIFBoxFeedForwardState
from torch import Tensor, nn

DT = 1e-3
"""Time step, seconds."""
TAU_MEM_INV = 500.0
"""Inverse membrane time constant, 1/s; ``DT * TAU_MEM_INV`` is exactly one half, also in float32."""
GAIN = 0.5
"""``DT * TAU_MEM_INV``: what a unit of drive adds to the membrane in one step, and the part of itself it loses."""
THRESHOLD = 1.0
"""Membrane value above which (strictly) a cell fires; the membrane then returns to zero."""
SURROGATE_WIDTH = 0.5
"""Width of Norse's ``circ`` surrogate gradient, in units of the membrane; it plays no part in the forward pass."""
SHAPE = (1, 8, 8)
"""Input shape: channels, rows, columns."""
CLASSES = 10

ChainState = list[LIFBoxFeedForwardState | None]


def lif_cell() -> LIFBoxCell:
    """A Norse ``LIFBoxCell``: ``v += dt * tau_mem_inv * (x - v)``; fires where ``v > 1``; then ``v = 0``."""
    parameters = LIFBoxParameters(
        tau_mem_inv=torch.tensor(TAU_MEM_INV),
        v_leak=torch.tensor(0.0),
        v_th=torch.tensor(THRESHOLD),
        v_reset=torch.tensor(0.0),
        method="circ",
        alpha=SURROGATE_WIDTH,
    )
    return LIFBoxCell(parameters, dt=DT)


class DigitsNet(nn.Sequential):
    """Spiking classifier of 8x8 digits: two convolutions and two dense layers, each followed by LIF cells.

    The children are the chain, in order, under the names of their layers. ``forward`` performs one time step.
    """

    conv1: nn.Conv2d
    conv2: nn.Conv2d
    fc1: nn.Linear
    fc2: nn.Linear

    def __init__(self) -> None:
        super().__init__(
            OrderedDict[str, nn.Module](
                conv1=nn.Conv2d(1, 16, 3, padding=1),
                lif1=lif_cell(),
                conv2=nn.Conv2d(16, 32, 3, stride=2, padding=1),
                lif2=lif_cell(),
                flatten=nn.Flatten(),
                fc1=nn.Linear(512, 64),
                lif3=lif_cell(),
                fc2=nn.Linear(64, CLASSES),
                lif4=lif_cell(),
            )
        )

    def forward(self, input: Tensor, state: ChainState | None = None) -> tuple[Tensor, ChainState]:
        """One step of all layers.

        Args:
            input: drive of shape (B, 1, 8, 8), pixels in 0..1.
            state: what the previous step returned; None stands for membranes at rest.

        Returns:
            Spikes of ``lif4``, 0.0 or 1.0, shape (B, 10), and the state: one entry per child, None for stateless ones.
        """
        values, after = step(self, input, state)
        return values[-1], after


def step(chain: nn.Module, drive: Tensor, state: ChainState | None = None) -> tuple[list[Tensor], ChainState]:
    """One step of a chain of modules.

    Args:
        chain: module whose children form the chain.
        drive: input of the first child, shape (B, ...).
        state: one entry per child, as returned before; None stands for membranes at rest.

    Returns:
        The output of every child and the state after the step.
    """
    children = list(chain.children())
    before: ChainState = [None] * len(children) if state is None else state
    values: list[Tensor] = []
    after: ChainState = []
    for child, membrane in zip(children, before, strict=True):
        if isinstance(child, LIFBoxCell):
            drive, membrane = child(drive, membrane)
        else:
            drive = child(drive)
        values.append(drive)
        after.append(membrane)
    return values, after


def run_sequence(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Run a chain from rest over a batch of sequences and keep what every population did.

    Args:
        module: a ``DigitsNet`` or another chain of stateless modules and ``LIFBoxCell``.
        x: input of shape (B, T, 1, 8, 8).

    Returns:
        ``input`` (the drive itself) and, for each spiking layer by its name, spikes of shape (B, T, *layer shape).

    Raises:
        ValueError: if ``x`` does not have the five axes above.
    """
    if x.ndim != 5 or tuple(x.shape[2:]) != SHAPE:
        raise ValueError(f"input has shape {tuple(x.shape)}; expected (B, T, {', '.join(map(str, SHAPE))})")
    chain = list(module.named_children())
    cells = {name: index for index, (name, child) in enumerate(chain) if isinstance(child, LIFBoxCell)}
    spikes: dict[str, list[Tensor]] = {name: [] for name in cells}
    state: ChainState | None = None
    for drive in x.unbind(1):
        values, state = step(module, drive, state)
        for name, index in cells.items():
            spikes[name].append(values[index])
    return {"input": x, **{name: torch.stack(steps, 1) for name, steps in spikes.items()}}


def classify(output: Tensor) -> Tensor:
    """Class of each sample: the cell with most spikes, the lowest index where several share the maximum.

    Args:
        output: spikes of ``lif4``, shape (B, T, 10).

    Returns:
        Classes, int64, shape (B,).
    """
    counts = output.sum(1)
    index = torch.arange(counts.shape[1], device=counts.device)
    return torch.where(counts == counts.amax(1, keepdim=True), index, counts.shape[1]).amin(1)
