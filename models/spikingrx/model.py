"""The whole receiver."""

from itertools import pairwise
from typing import Literal, cast

from torch import Tensor, nn

from .layers import Readout, StemConv
from .sew import Connect, SEWBlock


class SpikingRx(nn.Module):
    """Stem, six SEW blocks of base_ch x (1, 2, 2, 4, 4, 4) channels, LLR head.

    I/Q grids [B, T, in_ch, H, W] to LLR [B, H, W, bits]. ``beta`` and ``theta`` reach the stem only. ``connect``,
    ``shortcut``, ``stateful``, ``width`` and ``folded`` are those of :class:`SEWBlock`, ``block_beta`` and
    ``block_theta`` its beta and theta. The default has 114,242 parameters.
    Source: SpikingRx, commit of 11 November 2025; the idea: arXiv 2409.05610.
    """

    def __init__(
        self,
        in_ch: int = 2,
        base_ch: int = 16,
        bits: int = 2,
        beta: float = 0.9,
        theta: float = 0.5,
        *,
        connect: Connect = "ADD",
        shortcut: Literal["conv", "spiking"] = "conv",
        stateful: bool = False,
        block_beta: float = 0.9,
        block_theta: float = 0.2,
        width: float = 1.0,
        folded: bool = False,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        widths = [base_ch * factor for factor in (1, 1, 2, 2, 4, 4, 4)]
        self.stem = StemConv(in_ch, base_ch, beta, theta, width=width, folded=folded)
        self.stages = nn.ModuleList(
            SEWBlock(
                before,
                after,
                connect=connect,
                shortcut=shortcut,
                stateful=stateful,
                beta=block_beta,
                theta=block_theta,
                width=width,
                folded=folded,
            )
            for before, after in pairwise(widths)
        )
        self.readout = Readout(widths[-1], bits, temperature)

    @property
    def blocks(self) -> list[SEWBlock]:
        """The six SEW blocks in order."""
        return [cast(SEWBlock, stage) for stage in self.stages]

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.stem(x)
        for block in self.blocks:
            hidden = block(hidden)
        return self.readout(hidden)
