"""PyTorch's layers without memory as NIR nodes.

A layer is one function here, under its class name in ``ADD``, and its name in ``frameworks.LAYERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.framework import need
from neurodeploy.frontends.frameworks import layer_kind
from neurodeploy.frontends.weighted import add_weighted, batch_norm
from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.network.shapes import Shape
from neurodeploy.window import per_axis

Sources = tuple[str, ...]
AddLayer = Callable[[NetworkBuilder, str, Sources, Any], str]


def add_layer(build: NetworkBuilder, name: str, sources: Sources, layer: Any, norm: Any = None) -> str:
    """Append a known layer, with the batch normalization ``norm`` that follows a weighted one folded in.

    Raises RefusedError for a setting that has no exact form.
    """
    kind = layer_kind(layer)
    assert kind is not None
    return (
        add_weighted(build, name, sources, layer, norm) if kind not in ADD else ADD[kind](build, name, sources, layer)
    )


def average_pool(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """AvgPool1d and AvgPool2d."""
    plain = not layer.ceil_mode and (layer.count_include_pad or not np.any(layer.padding))
    plain &= getattr(layer, "divisor_override", None) is None
    need(plain, name, f"{layer} has no exact form here", "use no ceil_mode or divisor_override, and count padding")
    return build.pool(name, sources, layer.kernel_size, layer.stride, layer.padding, average=True)


def adaptive_average_pool(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """AdaptiveAvgPool1d and AdaptiveAvgPool2d, whose windows have one size where it divides the input's."""
    sizes = build.shape(sources[0])[1:]
    asked = layer.output_size if isinstance(layer.output_size, tuple) else (layer.output_size,) * len(sizes)
    outputs = tuple(size if output is None else int(output) for size, output in zip(sizes, asked, strict=True))
    even = not any(size % output for size, output in zip(sizes, outputs, strict=True))
    fault = f"its windows differ in size: {sizes} values for {outputs}"
    need(even, name, fault, "use output sizes that divide the sizes of its input")
    kernel = tuple(size // output for size, output in zip(sizes, outputs, strict=True))
    return build.pool(name, sources, kernel, kernel, average=True)


def max_pool(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """MaxPool1d and MaxPool2d of spikes. Raises RefusedError for other values."""
    plain = layer.dilation in (1, (1, 1)) and not layer.ceil_mode and not layer.return_indices
    need(plain, name, f"{layer} has no exact form here", "use no dilation, ceil_mode or return_indices")
    need(len(sources) == 1, name, "max pooling of a sum is exact for no spikes", "pool the summands, or their neuron")
    if not build.is_binary(sources[0]):
        fault = f"max pooling of what {sources[0]} sends is exact only for spikes, and these are other values"
        raise RefusedError(fault, f"node {name}", "pool behind the neuron, or use average pooling")
    return build.max_pool(name, sources[0], layer.kernel_size, layer.stride, layer.padding)


def sum_pool(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """SumPool2d of sinabs."""
    need(not layer.ceil_mode, name, f"{layer} has no exact form here", "use no ceil_mode")
    return build.pool(name, sources, per_axis(layer.kernel_size), per_axis(layer.stride or layer.kernel_size))


def voting(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """VotingLayer of SpikingJelly: the mean of every ``voting_size`` values in a row; those left over do not vote."""
    (count,) = build.shape(sources[0])  # it runs on rows alone
    size = int(layer.voting_size)
    votes = np.repeat(np.eye(count // size), size, axis=1) / size
    return build.linear(name, sources, np.pad(votes, ((0, 0), (0, count % size))))


def normalize(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """A batch normalization that no weighted layer takes in: a factor and an offset per channel."""
    shape = build.shape(sources[0])
    factor, offset = batch_norm(name, layer, shape[0])
    if len(shape) == 1:
        return build.linear(name, sources, np.diag(factor), offset)
    return build.conv(name, sources, factor.reshape(-1, *[1] * len(shape)), offset, groups=shape[0])


def zero_pad(build: NetworkBuilder, name: str, sources: Sources, layer: Any) -> str:
    """ZeroPad and ConstantPad of zeros: a convolution that copies, padded alike on all sides, cut by its kernel."""
    shape = build.shape(sources[0])
    axes = len(shape) - 1
    sides = layer.padding if isinstance(layer.padding, tuple) else (layer.padding,) * (2 * axes)
    need(getattr(layer, "value", 0) == 0, name, "pads with another value than 0", "pad with zeros")
    need(min(sides) >= 0, name, "its negative padding cuts values off", "pad by 0 or more")
    before, after = sides[::2][::-1], sides[1::2][::-1]
    kernel, padding = _copying(shape[0], before, after)
    return build.conv(name, sources, kernel, padding=padding, groups=shape[0])


def _copying(channels: int, before: Shape, after: Shape) -> tuple[Any, int]:
    """A kernel per channel and a padding on all sides that pad by ``before`` and ``after`` along each axis."""
    padding = max(*before, *after)
    sizes = tuple(2 * padding - first - last + 1 for first, last in zip(before, after, strict=True))
    kernel = np.zeros((channels, 1, *sizes))
    kernel[(slice(None), 0, *(padding - first for first in before))] = 1.0
    return kernel, padding


ADD: Mapping[str, AddLayer] = {
    "AdaptiveAvgPool1d": adaptive_average_pool,
    "AdaptiveAvgPool2d": adaptive_average_pool,
    "AvgPool1d": average_pool,
    "AvgPool2d": average_pool,
    "BatchNorm1d": normalize,
    "BatchNorm2d": normalize,
    "ConstantPad1d": zero_pad,
    "ConstantPad2d": zero_pad,
    "MaxPool1d": max_pool,
    "MaxPool2d": max_pool,
    "SumPool2d": sum_pool,
    "VotingLayer": voting,
    "ZeroPad1d": zero_pad,
    "ZeroPad2d": zero_pad,
}
"""What writes every layer but the weighted ones, by class name."""
