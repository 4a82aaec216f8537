"""The spike-element-wise (SEW) residual block and its connect functions."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from .layers import ConvBlock, norm
from .neurons import IF, LIF

Connect = Literal["ADD", "AND", "IAND", "HALF"]
Join = Callable[[Tensor, Tensor], Tensor]


def add(spikes: Tensor, bypass: Tensor) -> Tensor:
    """A + S: integers that grow with depth over an identity, any real value over a convolution."""
    return spikes + bypass


def both(spikes: Tensor, bypass: Tensor) -> Tensor:
    """A S: binary if S is."""
    return spikes * bypass


def bypass_only(spikes: Tensor, bypass: Tensor) -> Tensor:
    """(1 - A) S, "not A and S": binary if S is. An untrained block that never fires passes its input on."""
    return bypass * (1 - spikes)


def half(spikes: Tensor, bypass: Tensor) -> Tensor:
    """(A + S) / 2, the gate of SpikingRx's later code."""
    return 0.5 * (spikes + bypass)


CONNECT: dict[Connect, Join] = {"ADD": add, "AND": both, "IAND": bypass_only, "HALF": half}
"""The connect functions by name; A are the block's spikes, S is the shortcut.

Source: SEW-ResNet (Fang et al., NeurIPS 2021, table 1) for ADD, AND, IAND.
"""


class SEWBlock(nn.Module):
    """``connect(LIF(norm(conv(x))), shortcut(x))``, LIF theta 0.2 and beta 0.9 as coded.

    ``stateful=False``, the default, is the block as SpikingRx coded it. **Warning:** it calls its LIF on one step at a
    time, so the membrane starts at 0 in every step and nothing is integrated: it fires exactly where z >= theta / (1 -
    beta) = 2. ``stateful=True`` is one LIF over all T steps, as the report describes sequences.

    The shortcut is the identity while the shape stays. Where it changes, ``shortcut="conv"`` is a 1x1 convolution with
    bias whose real-valued output is added as it is, as coded; ``"spiking"`` is convolution, norm and IF, as in
    SEW-ResNet. ``connect`` is ``"ADD"``, ``"AND"``, ``"IAND"`` or ``"HALF"``; AND and IAND mean logic only on binary
    shortcuts. ``width`` is that of the surrogate gradient of the LIF. ``folded`` leaves the norms out and truncates
    membranes to their grid, for weights that come from integers. Raises ValueError on an unknown name.
    Source: SpikingRx report of 11/11, "SEW Block"; SEW-ResNet (Fang et al., NeurIPS 2021).
    """

    def __init__(
        self,
        in_ch: int,
        out_ch: int,
        stride: int = 1,
        *,
        connect: Connect = "ADD",
        shortcut: Literal["conv", "spiking"] = "conv",
        stateful: bool = False,
        beta: float = 0.9,
        theta: float = 0.2,
        width: float = 1.0,
        folded: bool = False,
    ) -> None:
        super().__init__()
        if connect not in CONNECT:
            raise ValueError(f"unknown connect function {connect!r}; choose from {list(CONNECT)}")
        if shortcut not in ("conv", "spiking"):
            raise ValueError(f"unknown shortcut {shortcut!r}; choose 'conv' or 'spiking'")
        self.conv = ConvBlock(in_ch, out_ch, stride)
        self.norm = norm(out_ch, folded)
        self.lif = LIF(beta, theta, width=width, on_grid=out_ch * folded)
        self.shortcut = _shortcut(in_ch, out_ch, stride, spiking=shortcut == "spiking", folded=folded)
        self.connect: Connect = connect
        self.stateful = stateful

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C_in, H, W] to [B, T, C_out, H', W']."""
        return self.join(self.spikes(x), self.bypass(x))

    def spikes(self, x: Tensor) -> Tensor:
        """The main branch: spikes (0/1), [B, T, C_out, H', W']."""
        current = self.norm(torch.stack([self.conv(step) for step in x.unbind(1)], dim=1))
        if self.stateful:
            return self.lif(current)
        return self.lif(current.flatten(0, 1).unsqueeze(1)).reshape(current.shape)

    def bypass(self, x: Tensor) -> Tensor:
        """The shortcut branch, [B, T, C_out, H', W']."""
        if isinstance(self.shortcut, nn.Conv2d):
            return torch.stack([self.shortcut(step) for step in x.unbind(1)], dim=1)
        return self.shortcut(x)

    def join(self, spikes: Tensor, bypass: Tensor) -> Tensor:
        """The connect function on both branches."""
        return CONNECT[self.connect](spikes, bypass)


class SpikingShortcut(nn.Module):
    """Convolution 1x1 without bias, norm per step, IF (theta 1) over all steps: a shortcut that stays binary.

    ``folded``: the convolution has a bias, and there is no norm.
    [B, T, C_in, H, W] to spikes [B, T, C_out, H', W']. Source: SEW-ResNet (Fang et al., NeurIPS 2021).
    """

    def __init__(self, in_ch: int, out_ch: int, stride: int = 1, *, folded: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_ch, out_ch, kernel_size=1, stride=stride, bias=folded)
        self.norm = norm(out_ch, folded)
        self.lif = IF(on_grid=out_ch * folded)

    def forward(self, x: Tensor) -> Tensor:
        return self.lif(self.norm(torch.stack([self.conv(step) for step in x.unbind(1)], dim=1)))


def _shortcut(
    in_ch: int, out_ch: int, stride: int, *, spiking: bool, folded: bool
) -> nn.Identity | nn.Conv2d | SpikingShortcut:
    if in_ch == out_ch and stride == 1:
        return nn.Identity()
    if spiking:
        return SpikingShortcut(in_ch, out_ch, stride, folded=folded)
    return nn.Conv2d(in_ch, out_ch, kernel_size=1, stride=stride)
