"""Output shapes of NIR nodes by our own rules; nir 1.0.8 infers some of them wrongly."""

from __future__ import annotations

from math import prod
from typing import Any

import nir
import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.window import per_axis, window_output

Shape = tuple[int, ...]
NEURONS = (nir.IF, nir.LIF, nir.CubaLIF, nir.Threshold, nir.I, nir.LI, nir.CubaLI)
SPIKING = (nir.IF, nir.LIF, nir.CubaLIF, nir.Threshold)
LINEAR = (nir.Affine, nir.Linear, nir.Scale, nir.Conv1d, nir.Conv2d, nir.SumPool2d, nir.AvgPool2d, nir.Flatten)


def conv_padding(node: nir.Conv1d | nir.Conv2d, name: str = "") -> Shape:
    """Explicit symmetric padding of a convolution ('same' needs stride 1 and odd reach)."""
    kernel = tuple(node.weight.shape[2:])
    dilation = per_axis(node.dilation, len(kernel))
    padding: Any = node.padding
    padding = padding.decode() if isinstance(padding, bytes) else padding
    if not isinstance(padding, str):
        return per_axis(padding, len(kernel))
    if padding == "valid":
        return (0,) * len(kernel)
    reach = tuple(d * (k - 1) for d, k in zip(dilation, kernel, strict=True))
    if any(s != 1 for s in per_axis(node.stride, len(kernel))) or any(r % 2 for r in reach):
        raise InputError(
            "padding 'same' with a stride or an even reach has no symmetric form",
            f"node {name}" if name else "conv",
            "give padding as numbers",
        )
    return tuple(r // 2 for r in reach)


def flattened(node: nir.Flatten, dimensions: int) -> tuple[int, int]:
    """First and last dimension that a Flatten joins, counted without the batch; ``dimensions``: how many there are."""
    start, end = (int(dimension) + (dimensions if dimension < 0 else 0) for dimension in (node.start_dim, node.end_dim))
    return start, end


def output_shape(name: str, node: Any, shape: Shape) -> Shape:
    """Shape of what ``node`` sends when it receives ``shape`` (without batch and time).

    Raises InputError naming the node where the shapes do not fit.
    """
    if isinstance(node, nir.Conv1d | nir.Conv2d):
        return _conv_shape(name, node, shape)
    if isinstance(node, nir.Affine | nir.Linear):
        return _dense_shape(name, node, shape)
    if isinstance(node, nir.SumPool2d | nir.AvgPool2d):
        kernel, stride, padding = per_axis(node.kernel_size), per_axis(node.stride), per_axis(node.padding)
        _need(len(shape) == 3, name, f"pooling needs (C, H, W), it receives {shape}")
        out = window_output(shape[1:], kernel, stride, padding, (1, 1))
        _need(min(out) > 0, name, f"the window {kernel} is larger than its padded input {shape[1:]}")
        return (shape[0], *out)
    if isinstance(node, nir.Flatten):
        start, end = flattened(node, len(shape))
        _need(0 <= start <= end < len(shape), name, f"flattens dimensions {start} to {end} of {shape}")
        return (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :])
    if isinstance(node, nir.Input | nir.Output):
        declared = tuple(int(n) for n in next(iter(node.input_type.values())))
        _need(declared == shape, name, f"declared shape {declared}, but it receives {shape}")
        return shape
    for key, value in parameters(node).items():
        fits = value.shape == shape or (value.size == 1 and value.ndim <= len(shape))
        _need(fits, name, f"parameter {key} has shape {value.shape}, the node receives {shape}")
    return shape


def own_shape(node: Any) -> Shape | None:
    """The shape a neuron's parameters give it, where they have one."""
    shapes = {value.shape for value in parameters(node).values() if value.ndim}
    return shapes.pop() if isinstance(node, NEURONS) and len(shapes) == 1 else None


def parameters(node: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The numeric parameters of a node by name."""
    names = (
        "tau",
        "tau_mem",
        "tau_syn",
        "r",
        "v_leak",
        "v_threshold",
        "v_reset",
        "w_in",
        "threshold",
        "scale",
        "delay",
    )
    return {key: np.asarray(getattr(node, key)) for key in names if getattr(node, key, None) is not None}


def _conv_shape(name: str, node: Any, shape: Shape) -> Shape:
    kernel = tuple(int(k) for k in node.weight.shape[2:])
    space = len(kernel)
    _need(len(shape) == space + 1, name, f"a {space}-d convolution cannot receive {shape}")
    channels = int(node.weight.shape[1]) * int(node.groups)
    _need(shape[0] == channels, name, f"expects {channels} channels, it receives {shape[0]}")
    _need(node.weight.shape[0] % int(node.groups) == 0, name, f"{node.groups} groups do not divide its outputs")
    _need_bias(name, node)
    stride, dilation = per_axis(node.stride, space), per_axis(node.dilation, space)
    out = window_output(shape[1:], kernel, stride, conv_padding(node, name), dilation)
    _need(min(out) > 0, name, f"the kernel {kernel} is larger than its padded input {shape[1:]}")
    return (int(node.weight.shape[0]), *out)


def _dense_shape(name: str, node: Any, shape: Shape) -> Shape:
    rows, columns = (int(n) for n in node.weight.shape[-2:])
    _need(shape[-1] == columns, name, f"expects {columns} inputs, it receives {shape}")
    _need(node.weight.ndim == 2, name, f"its weight has shape {node.weight.shape}, not (out, in)")
    _need_bias(name, node)
    return (*shape[:-1], rows)


def _need_bias(name: str, node: Any) -> None:
    bias: Any = getattr(node, "bias", None)
    shape = None if bias is None else np.asarray(bias).shape
    fits = shape is None or shape == (node.weight.shape[0],)
    _need(fits, name, f"its bias has shape {shape}, its weight gives {node.weight.shape[0]} outputs")


def _need(held: bool, name: str, fault: str) -> None:
    if not held:
        raise InputError(fault, f"node {name}", "make the shapes of neighboring layers agree")
