"""Arrays as the stimulus of a network: named like its inputs, with a sample axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.network.network import Network
from neurodeploy.stimulus import Array, Origin, Stimulus

LABELS = "labels"
"""The name of labels among arrays, unless an input of the network has it."""
ANY_INPUT = "input"
"""A name that suffices where a network has one input."""


def from_arrays(arrays: Mapping[str, Any], network: Network, origin: Origin, batch: bool = False) -> Stimulus:
    """The stimulus that arrays ``(T, *shape)`` or ``(B, T, *shape)`` make, one per input.

    With ``batch`` the sample axis must be there. Arrays that belong to no input are left out. Raises InputError for a
    missing one and for shapes that do not fit.
    """
    named = _renamed(arrays, network)
    inputs: dict[str, Array] = {}
    for name in network.input_names:
        if name not in named:
            problem = f"has no array for the input {name!r}; it has {sorted(named)}"
            raise InputError(problem, origin.where, "add it")
        array = np.asarray(named[name])
        _check_shape(array, network.shapes[name], name, origin.where, batch)
        inputs[name] = array if array.ndim == len(network.shapes[name]) + 2 else array[None]
    return Stimulus(inputs, labels_of(arrays, network), origin)


def check_fit(stimulus: Stimulus, network: Network) -> Stimulus:
    """The stimulus itself, or one whose only input is named like the network's.

    Raises InputError where an input is missing, unknown, or of another shape, and where an encoder heads the network
    but no signal was encoded.
    """
    where = stimulus.origin.where
    inputs = _renamed(stimulus.inputs, network)
    if inputs.keys() != set(network.input_names):
        problem = f"has the inputs {', '.join(inputs)}, the network has {', '.join(network.input_names)}"
        raise InputError(problem, where, "give one array per input")
    for name, array in inputs.items():
        _check_shape(array, network.shapes[name], name, where, batch=True)
    pre = network.host.pre
    if pre is not None and (pre.node not in stimulus.signals or stimulus.signals[pre.node].features != pre.features):
        problem = f"holds no signal of {pre.features} features for the encoder of {pre.node!r}"
        raise InputError(problem, where, "give the signal itself: {'signal': array [F, T] or [B, F, T]}")
    return stimulus if inputs.keys() == stimulus.keys() else replace(stimulus, inputs=inputs)


def labels_of(arrays: Mapping[str, Any], network: Network) -> Array | None:
    """The labels that stand among arrays, if any do."""
    if LABELS in network.input_names or arrays.get(LABELS) is None:
        return None
    return np.atleast_1d(arrays[LABELS])


def _renamed(arrays: Mapping[str, Any], network: Network) -> dict[str, Any]:
    """The arrays by name of the input, where ``input`` stands for the only one."""
    names, named = network.input_names, dict(arrays)
    if len(names) == 1 and names[0] not in named and ANY_INPUT in named:
        named[names[0]] = named.pop(ANY_INPUT)
    return named


def _check_shape(array: Array, shape: tuple[int, ...], name: str, where: str, batch: bool) -> None:
    lead = array.ndim - len(shape)
    if lead not in (1, 2) or array.shape[lead:] != shape or (batch and lead != 2):
        axes = ", ".join(("B", "T") if batch else ("T",)) + "".join(f", {size}" for size in shape)
        raise InputError(
            f"array {name!r} has shape {array.shape}, the input needs ({axes})",
            where,
            "reshape it; several samples go on a leading axis with --batch",
        )
