"""What is known of a framework's neurons, and which of them a module is, told without importing the framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.network.shapes import Shape

Layout = Literal["step", "time-first", "batch-first", "merged"]
"""What a module takes at once: one step ``(B, *shape)``; all steps ``(T, B, *shape)``, ``(B, T, *shape)`` or
``(B * T, *shape)``."""
Add = Callable[[NetworkBuilder, str, tuple[str, ...], Any], str]


@dataclass(frozen=True)
class Framework:
    """A framework's neurons: by class name, how each is written as nodes.

    - ``package``: the top-level package that defines them. ``name``: for messages.
    - ``layouts(kind, module)``: how a neuron may be called. ``reset(module)``: forget everything.
    - ``resize(module, samples)``: prepare it for that many samples at once. ``memories``: state dict entries that are
      states, not parameters. ``given_state``: its neurons keep no state, they must be given it in every step.
    """

    package: str
    name: str
    neurons: Mapping[str, Add]
    layouts: Callable[[str, Any], tuple[Layout, ...]]
    reset: Callable[[Any], None] = lambda _: None
    resize: Callable[[Any, int], None] = lambda _, __: None
    memories: frozenset[str] = field(default_factory=frozenset[str])
    given_state: bool = False


def known_class(module: nn.Module, packages: tuple[str, ...]) -> type | None:
    """The class of one of ``packages`` that says what ``module`` does.

    A user's subclass counts as the class below it, unless it changes a method: then it is the user's own, as is a
    module that was given another forward pass.
    """
    if "forward" in vars(module):
        return None
    own: set[str] = set()
    for kind in type(module).__mro__:
        if kind.__module__.partition(".")[0] in packages:
            changed = [name for name in own - {"__init__"} if callable(getattr(kind, name, None))]
            return None if changed else kind
        own |= {name for name in vars(kind) if not name.startswith("__")} | ({"__call__"} & vars(kind).keys())
    return None


def numbers(value: Any) -> NDArray[np.float64]:
    """A tensor or number in float64."""
    return np.asarray(value.detach().cpu().double().numpy() if hasattr(value, "detach") else value, np.float64)


def spread(name: str, value: Any, shape: Shape) -> NDArray[np.float64]:
    """A parameter for every neuron of ``shape``, broadcast as PyTorch does: from the last dimension.

    Raises RefusedError where it does not fit.
    """
    given = numbers(value)
    while given.ndim > len(shape) and given.shape[0] == 1:
        given = given[0]
    try:
        return np.broadcast_to(given, shape)
    except ValueError as error:
        what = f"a parameter of shape {given.shape} does not fit its neurons, {shape}"
        raise RefusedError(what, f"node {name}", "give one value, or one per neuron") from error


def single(name: str, key: str, value: NDArray[np.float64]) -> float:
    """The one number that all neurons share. Raises RefusedError where they differ."""
    if value.size and np.all(value == value.flat[0]):
        return float(value.flat[0])
    raise RefusedError(f"its neurons differ in {key}", f"node {name}", f"use one {key} per layer")


def need(held: bool, name: str, what: str, remedy: str) -> None:
    """Raises RefusedError naming the node unless ``held``."""
    if not held:
        raise RefusedError(what, f"node {name}", remedy)
