"""What is known about a framework's neurons, and which of them a module is, without importing the framework.

A new framework is one file beside this one that fills in a :class:`Framework`, and one entry in ``frameworks.py``. A
new neuron of a known framework is one function of the type :data:`AddNeuron` in that framework's file.
"""

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

Layout = Literal["step", "time-first", "batch-first", "merged", "still"]
"""What a module takes in one call: one step ``(B, *shape)``; all steps, as ``(T, B, *shape)``, ``(B, T, *shape)`` or
``(B * T, *shape)``; or, where it is a still image that the module itself repeats, ``(B, *shape)`` for all steps."""
AddNeuron = Callable[[NetworkBuilder, str, tuple[str, ...], Any], str]
"""``add(build, name, sources, module)``: append the nodes equal to ``module`` behind the sum of ``sources``, and return
the name of the last one. Raises RefusedError for a setting that has no exact form."""


@dataclass(frozen=True)
class Framework:
    """The neurons of one framework.

    - ``package``: the top-level package that defines them. ``name``: the framework's name in messages.
    - ``neurons``: by class name, what writes such a neuron as nodes.
    - ``layouts(class_name, module)``: the forms in which a neuron may be called.
    - ``reset(module)``: let a neuron forget its state.
    - ``resize(module, samples)``: prepare a neuron for that many samples in one call.
    - ``remembered(module)``: the states that a neuron keeps between calls, tensors or numbers, in the order in which it
      takes them as arguments where it does.
    - ``memories``: entries of a neuron's state dict that are states, not parameters.
    - ``membrane(class_name, module)``: what writes a neuron whose membrane, the last state that it returns, is used as
      its output; None where that membrane has no exact form.
    - ``check(name, class_name, module)``: raises RefusedError for a neuron that the framework itself cannot run.
    - ``stateless_calls``: its neurons keep no state themselves and take it as an argument in every step.
    """

    package: str
    name: str
    neurons: Mapping[str, AddNeuron]
    layouts: Callable[[str, Any], tuple[Layout, ...]]
    reset: Callable[[Any], None] = lambda _: None
    resize: Callable[[Any, int], None] = lambda _, __: None
    remembered: Callable[[Any], tuple[Any, ...]] = lambda _: ()
    memories: frozenset[str] = field(default_factory=frozenset[str])
    membrane: Callable[[str, Any], AddNeuron | None] = lambda _, __: None
    check: Callable[[str, str, Any], None] = lambda _, __, ___: None
    stateless_calls: bool = False


def known_class(module: nn.Module, packages: tuple[str, ...]) -> type | None:
    """The class of one of ``packages`` that says what ``module`` does, or None.

    A user's subclass counts as the class it derives from, unless it changes a method: then the module is the user's
    code. So is a module whose ``forward`` was replaced on the instance.
    """
    if "forward" in vars(module):
        return None
    overridden: set[str] = set()
    for kind in type(module).__mro__:
        if kind.__module__.partition(".")[0] in packages:
            changed = [name for name in overridden - {"__init__"} if callable(getattr(kind, name, None))]
            return None if changed else kind
        overridden |= {name for name in vars(kind) if not name.startswith("__")} | ({"__call__"} & vars(kind).keys())
    return None


def numbers(value: Any) -> NDArray[np.float64]:
    """A tensor or a number as an array of float64."""
    return np.asarray(value.detach().cpu().double().numpy() if hasattr(value, "detach") else value, np.float64)


def spread(name: str, value: Any, shape: Shape) -> NDArray[np.float64]:
    """A parameter for every neuron of ``shape``, broadcast as PyTorch does: from the last dimension.

    Raises RefusedError naming the node where it does not fit.
    """
    array = numbers(value)
    while array.ndim > len(shape) and array.shape[0] == 1:
        array = array[0]
    try:
        return np.broadcast_to(array, shape)
    except ValueError as error:
        fault = f"a parameter of shape {array.shape} does not fit its neurons, {shape}"
        raise RefusedError(fault, f"node {name}", "give one value, or one per neuron") from error


def single(name: str, key: str, values: NDArray[np.float64]) -> float:
    """The one number that all neurons share. Raises RefusedError where they differ in ``key``."""
    if values.size and np.all(values == values.flat[0]):
        return float(values.flat[0])
    raise RefusedError(f"its neurons differ in {key}", f"node {name}", f"use one {key} per layer")


def need(condition: bool, name: str, fault: str, remedy: str) -> None:
    """Raises RefusedError naming the node unless ``condition`` holds."""
    if not condition:
        raise RefusedError(fault, f"node {name}", remedy)
