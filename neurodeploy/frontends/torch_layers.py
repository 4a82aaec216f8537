"""PyTorch's layers without memory as NIR nodes."""

from __future__ import annotations

from typing import Any

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.framework import need
from neurodeploy.frontends.frameworks import layer_kind
from neurodeploy.frontends.weighted import add_weighted
from neurodeploy.network.builder import NetworkBuilder

Sources = tuple[str, ...]


def add_layer(build: NetworkBuilder, name: str, sources: Sources, layer: Any, norm: Any = None) -> str:
    """Append a known layer, with the batch normalization ``norm`` that follows it folded in.

    Raises RefusedError for a setting that has no exact form.
    """
    kind = layer_kind(layer)
    if kind in ("Conv1d", "Conv2d", "Linear"):
        return add_weighted(build, name, sources, layer, norm)
    if kind in ("BatchNorm1d", "BatchNorm2d"):
        fault = "follows no convolution or dense layer that sends to it alone"
        raise RefusedError(fault, f"layer {name}", "put it right after one, where it can be folded into its weights")
    if kind == "MaxPool2d":
        plain = layer.dilation in (1, (1, 1)) and not layer.ceil_mode and not layer.return_indices
        need(plain, name, f"{layer} has no exact form here", "use no dilation, ceil_mode or return_indices")
        need(
            len(sources) == 1, name, "max pooling of a sum is exact for no spikes", "pool the summands, or their neuron"
        )
        return build.max_pool(name, sources[0], layer.kernel_size, layer.stride, layer.padding)
    if kind == "AvgPool2d":
        plain = not layer.ceil_mode and (layer.count_include_pad or layer.padding in (0, (0, 0)))
        plain &= layer.divisor_override is None
        need(plain, name, f"{layer} has no exact form here", "use no ceil_mode or divisor_override, and count padding")
        return build.pool(name, sources, layer.kernel_size, layer.stride, layer.padding, average=True)
    plain = not layer.ceil_mode
    need(plain, name, f"{layer} has no exact form here", "use no ceil_mode")
    return build.pool(name, sources, _sizes(layer.kernel_size), _sizes(layer.stride or layer.kernel_size))


def _sizes(value: Any) -> Any:
    return value if isinstance(value, int) else tuple(map(int, value))
