"""Layers that are refused, and what their remedies make of them."""

from __future__ import annotations

from typing import Any

import sinabs.layers as sl
import torch
from spikingjelly.activation_based import functional, neuron
from torch import nn

from tests.remedies.case import Case
from tests.remedies.modules import Forward, Own, module

IMAGE = (2, 8, 8)


def image(*layers: Any) -> nn.Sequential:
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(4), neuron.IFNode())


def on_image(refused: Any, says: str, followed: Any, fires: bool = False) -> Case:
    """A layer that stands in front of a network of images, behind a neuron where it ``fires``."""

    def made(make: Any) -> nn.Module:
        net = image(*([neuron.IFNode()] if fires else []), make())
        with torch.no_grad():
            net(torch.zeros(1, *IMAGE))
        functional.reset_net(net)
        return net

    return module(lambda: made(refused), says, lambda: made(followed), IMAGE)


def pooled(run: Forward) -> nn.Module:
    return Own(run, a=neuron.IFNode(), b=neuron.LIFNode(), c=neuron.IFNode(), pool=nn.MaxPool2d(2))


LAYERS: dict[str, Case] = {
    "another padding": on_image(
        lambda: nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect"),
        "use zero padding",
        lambda: nn.Conv2d(2, 4, 3, padding=1),
    ),
    "no running statistics": on_image(
        lambda: nn.BatchNorm2d(2, track_running_stats=False), "train with them", lambda: nn.BatchNorm2d(2)
    ),
    "an even kernel": on_image(
        lambda: nn.Conv2d(2, 4, 2, padding="same", dilation=3),
        "use an odd kernel",
        lambda: nn.Conv2d(2, 4, 3, padding="same", dilation=3),
    ),
    "ceil_mode": on_image(lambda: nn.AvgPool2d(3, ceil_mode=True), "use no ceil_mode", lambda: nn.AvgPool2d(3)),
    "windows of several sizes": on_image(
        lambda: nn.AdaptiveAvgPool2d(3), "output sizes that divide", lambda: nn.AdaptiveAvgPool2d(4)
    ),
    "a dilated maximum": on_image(
        lambda: nn.MaxPool2d(2, dilation=2), "use no dilation", lambda: nn.MaxPool2d(2), fires=True
    ),
    "the maximum of other values": on_image(
        lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.MaxPool2d(2)),
        "pool behind the neuron",
        lambda: nn.Sequential(nn.Conv2d(2, 4, 3), neuron.IFNode(), nn.MaxPool2d(2)),
    ),
    "the maximum of other values, averaged": on_image(
        lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.MaxPool2d(2)),
        "or use average pooling",
        lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.AvgPool2d(2), neuron.IFNode()),
    ),
    "the maximum of a sum": module(
        lambda: pooled(lambda m, x: m.c(m.pool(m.a(x) + m.b(x)))),
        "pool the summands",
        lambda: pooled(lambda m, x: m.c(m.pool(m.a(x)) + m.pool(m.b(x)))),
        IMAGE,
    ),
    "a sum pool with ceil_mode": on_image(
        lambda: sl.SumPool2d(3, ceil_mode=True), "use no ceil_mode", lambda: sl.SumPool2d(3)
    ),
    "padding with ones": on_image(lambda: nn.ConstantPad2d(1, 1.0), "pad with zeros", lambda: nn.ConstantPad2d(1, 0.0)),
    "padding that cuts": on_image(lambda: nn.ZeroPad2d(-1), "pad by 0 or more", lambda: nn.ZeroPad2d(1)),
}
