"""A chain of PyTorch layers and Norse cells as a Network, and the same chain run as it is.

A chain is a module whose children, in order, are its layers: ``torch.nn.Sequential``, norse's ``SequentialState`` or a
subclass of either, nested at will. The forward pass of a subclass must be that chain, one time step per call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from norse.torch import Lift, SequentialState
from numpy.typing import NDArray
from torch import nn

from neurodeploy.contract import Terms
from neurodeploy.errors import RefusedError
from neurodeploy.frontends.norse_cells import add_cell, is_cell
from neurodeploy.host import Host
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.network.fold import fold_batch_norm
from neurodeploy.trace import Entry, Trace

Arrays = Mapping[str, NDArray[Any]]
Named = tuple[str, nn.Module]
WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Linear)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
TRANSPARENT = (nn.Identity, nn.Dropout, nn.Dropout2d)


def chain_network(
    module: nn.Module, shape: tuple[int, ...], values: InputRange, dt: float, host: Host | None = None
) -> Network:
    """The Network of a chain whose input has ``shape`` (without batch and time).

    Batch normalization is folded into the layer before it. Raises RefusedError naming the layer and its type for what
    has no exact NIR form.
    """
    build = NetworkBuilder(Terms(dt=dt))
    at = build.input("input", shape, values)
    layers = list(layers_of(module))
    index = 0
    while index < len(layers):
        name, layer = layers[index]
        norm = layers[index + 1][1] if index + 1 < len(layers) else None
        folded = isinstance(layer, WEIGHTED) and isinstance(norm, NORMS)
        at = _add(build, at, name, layer, norm if folded else None)
        index += 2 if folded else 1
    build.output("output", at)
    return build.build(host)


def layers_of(module: nn.Module, prefix: str = "") -> Iterator[Named]:
    """The layers of a chain with dotted names. Raises RefusedError for a module that is no chain."""
    if not isinstance(module, nn.Sequential | SequentialState):
        raise RefusedError(
            f"{type(module).__name__} is no chain of known layers, so its structure cannot be read",
            prefix or "module",
            "build it as torch.nn.Sequential or norse.torch.SequentialState, or write a reference model",
        )
    for name, child in module.named_children():
        inner = child.lifted_module if isinstance(child, Lift) else child
        if isinstance(inner, nn.Sequential):
            yield from layers_of(inner, f"{prefix}{name}.")
        elif not isinstance(inner, TRANSPARENT):
            yield f"{prefix}{name}", inner


def run_chain(module: nn.Module, stimulus: Arrays) -> Trace:
    """Step the chain itself on ``(B, T, *shape)`` and record every cell, under the Network's names."""
    frames = np.asarray(stimulus["input"], np.float32)
    layers = list(layers_of(module))
    sent: dict[str, list[torch.Tensor]] = {name: [] for name, layer in layers if _spikes(layer)}
    state: dict[str, Any] = {}
    with torch.no_grad():
        for frame in torch.from_numpy(frames).unbind(1):
            x = frame
            for name, layer in layers:
                x = _step(name, layer, x, state)
                if name in sent:
                    sent[name].append(x)
    entries = {"input": Entry(frames, graded=True)}
    entries |= {name: Entry(torch.stack(steps, 1).to(torch.int64).numpy()) for name, steps in sent.items()}
    return Trace(entries, {"rung": "source"})


def check_forward(module: nn.Module, shape: tuple[int, ...]) -> None:
    """A forward pass of its own must be the chain of its layers: one step of seeded input through it shows whether.

    Raises RefusedError naming the layer that receives something else than what the one before it sent.
    """
    if type(module).forward in (nn.Sequential.forward, SequentialState.forward):
        return
    frame = torch.rand((1, *shape), generator=torch.Generator().manual_seed(0))
    called: dict[str, list[tuple[Any, Any]]] = {}
    layers = list(layers_of(module))
    hooks = [each.register_forward_hook(_recorder(called.setdefault(name, []))) for name, each in layers]
    try:
        with torch.no_grad():
            result = module(frame)
    except Exception as error:  # the user's code may fail in any way
        raise RefusedError(f"its forward pass fails on one step: {error}", "module", _CHAIN) from error
    finally:
        for hook in hooks:
            hook.remove()
    sent = frame
    for name, _ in layers:
        if len(called[name]) != 1 or not _same_values(called[name][0][0], sent):
            raise RefusedError("its forward pass is not the chain of its layers", f"layer {name}", _CHAIN)
        sent = called[name][0][1]
    if not _same_values(result[0] if isinstance(result, tuple) else result, sent):
        raise RefusedError("its forward pass changes what the last layer sends", "module", _CHAIN)


_CHAIN = "let forward pass each layer's output to the next, or leave it to torch.nn.Sequential"


def _recorder(calls: list[tuple[Any, Any]]) -> Any:
    def hook(_layer: nn.Module, given: tuple[Any, ...], sent: Any) -> None:
        calls.append((given[0], sent[0] if isinstance(sent, tuple) else sent))

    return hook


def _same_values(a: Any, b: Any) -> bool:
    return isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and torch.equal(a, b)


def _step(name: str, layer: nn.Module, x: torch.Tensor, state: dict[str, Any]) -> torch.Tensor:
    if not is_cell(layer):
        return layer(x)
    x, state[name] = layer(x, state.get(name))
    return x


def _spikes(layer: nn.Module) -> bool:
    return is_cell(layer) or isinstance(layer, nn.MaxPool2d)


def _add(build: NetworkBuilder, at: str, name: str, layer: nn.Module, norm: nn.Module | None) -> str:
    if is_cell(layer):
        return add_cell(build, name, at, layer)
    if isinstance(layer, WEIGHTED):
        return _weighted(build, at, name, layer, norm)
    if isinstance(layer, nn.Flatten) and layer.start_dim == 1 and layer.end_dim == -1:
        return build.flatten(name, at)
    if isinstance(layer, nn.AvgPool2d) and not layer.ceil_mode and (layer.count_include_pad or not layer.padding):
        return build.pool(name, at, layer.kernel_size, layer.stride, layer.padding, average=True)
    if isinstance(layer, nn.MaxPool2d) and layer.dilation == 1 and not layer.ceil_mode and not layer.return_indices:
        return build.max_pool(name, at, layer.kernel_size, layer.stride, layer.padding)
    raise RefusedError(
        f"{layer} has no exact form here",
        f"layer {name}",
        "known layers: Conv1d, Conv2d, Linear, BatchNorm after them, Flatten(1), AvgPool2d, MaxPool2d on spikes, "
        "Norse LIFBoxCell, LIFCell, IAFCell",
    )


def _weighted(build: NetworkBuilder, at: str, name: str, layer: Any, norm: Any) -> str:
    weight, bias = _numbers(layer.weight), None if layer.bias is None else _numbers(layer.bias)
    if norm is not None:
        weight, bias = _fold(name, weight, bias, norm)
    if isinstance(layer, nn.Linear):
        return build.linear(name, at, weight, bias)
    if layer.padding_mode != "zeros":
        raise RefusedError(f"padding mode {layer.padding_mode}", f"layer {name}", "use zero padding")
    padding = _same(layer) if isinstance(layer.padding, str) else layer.padding
    return build.conv(name, at, weight, bias, layer.stride, padding, layer.dilation, layer.groups)


def _fold(name: str, weight: Any, bias: Any, norm: Any) -> tuple[Any, Any]:
    if norm.running_mean is None:
        raise RefusedError("its batch norm keeps no running statistics", f"layer {name}", "train with them")
    gamma = _numbers(norm.weight) if norm.affine else np.ones(len(weight))
    beta = _numbers(norm.bias) if norm.affine else np.zeros(len(weight))
    mean, variance = _numbers(norm.running_mean), _numbers(norm.running_var)
    return fold_batch_norm(weight, bias, gamma, beta, mean, variance, norm.eps)


def _same(layer: Any) -> tuple[int, ...]:
    if layer.padding == "valid":
        return (0,) * len(layer.kernel_size)
    return tuple(d * (k - 1) // 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True))


def _numbers(tensor: Any) -> Any:
    return tensor.detach().double().numpy()
