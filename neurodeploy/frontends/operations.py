"""Which of PyTorch's functions may stand between layers, by name, and helpers that look into their arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

SUMS = {"add", "add_", "__add__", "__radd__", "__iadd__"}
DIFFERENCES = {"sub", "sub_", "__sub__", "__isub__"}
NEGATIONS = {"neg", "neg_", "negative", "__neg__"}
PRODUCTS = {"mul", "mul_", "__mul__", "__rmul__", "__imul__", "multiply"}
QUOTIENTS = {"div", "div_", "__truediv__", "__itruediv__", "true_divide", "divide"}
DROPOUTS = {
    *("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout", "feature_alpha_dropout"),
}
SHAPING = {
    *("view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze", "stack"),
    *("contiguous", "clone", "detach", "detach_", "to", "float", "type", "type_as", "cpu", "requires_grad_"),
    *("__getitem__", "select", "unbind", "split", "chunk", "cat", "concat", "swapaxes", "transpose", "permute"),
    "__get__",
    *DROPOUTS,
}
"""Functions that move values without changing them."""
STACKING = {"stack", "cat", "concat"}
JOINING = {"cat", "concat", "concatenate"}
REPEATING = {"repeat", "expand", "expand_as", "broadcast_to", "tile"}
REDUCTIONS = {"sum", "mean"}
"""Functions that may join several steps of one value, set channels side by side, repeat a value or add up its steps."""
RANKING = {"softmax", "log_softmax"}
"""Functions that keep the order of classes, behind a sum over time."""
DATA = {"item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__array__", "equal", "allclose"}
"""Functions that hand values to Python, where they may decide what happens next."""
FRESH = {
    *("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like"),
    *("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor"),
}
"""Functions that take only shape and type from their argument."""
FUNCTIONAL = {"conv1d", "conv2d", "linear", "batch_norm", "max_pool1d", "max_pool2d"}
"""Functions for which torch.nn has a layer that is read, where they are not read themselves."""


def in_place(name: str) -> bool:
    """Whether a function of this name changes its first argument."""
    if name.startswith("__"):
        return name in ("__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__")
    return name.endswith("_") and name not in ("detach_", "requires_grad_")


def moved(func: Any, args: Any, kwargs: Any, tensor: torch.Tensor) -> torch.Tensor:
    """Where ``func`` puts the values of ``tensor``: its result when they are replaced by 0, 1, 2, ..."""
    positions = torch.arange(tensor.numel()).reshape(tensor.shape).to(tensor.dtype)

    def replaced(value: Any) -> Any:
        if value is tensor:
            return positions
        if isinstance(value, list | tuple):
            return type(value)(replaced(item) for item in value)
        return value

    result = func(*(replaced(item) for item in args), **{key: replaced(item) for key, item in kwargs.items()})
    return next(tensors(result)).to(torch.int64)


def number_of(value: Any) -> float | None:
    """A number, also as a tensor of one element or of zeros alone; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, torch.Tensor) and value.numel() and (value.numel() == 1 or not bool(value.any())):
        return float(value.flatten()[0])
    return None


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """Every tensor in nested tuples, lists and mappings, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors(item)


def by_step(result: Any) -> Any:
    """What a neuron returned; a list, which has one tensor for every step, as one tensor ``(T, B, ...)``."""
    return torch.stack(result) if isinstance(result, list) else result


def joined_axis(args: Any, kwargs: Any) -> tuple[list[torch.Tensor], int]:
    """The tensors that a concatenation joins, and the dimension along which it does, counted from the first."""
    parts = list(tensors(args[0] if args else kwargs["tensors"]))
    axis = int(args[1]) if len(args) > 1 else int(kwargs.get("dim", kwargs.get("axis", 0)))
    return parts, axis % parts[0].ndim
