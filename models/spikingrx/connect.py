"""How a spike-element-wise block joins its spikes to what came in."""

from collections.abc import Callable
from typing import Literal

from torch import Tensor

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
