"""The content of a ``.net`` file, layer by layer, before it becomes a network.

A file holds the groups ``/layer/0`` to ``/layer/n-1`` with a ``type`` each. Its integers are in SLAYER's units: weights
and thresholds in 1/64, decays in 1/4096. Layers, neurons and settings that are not SLAYER's are refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError, RefusedError
from neurodeploy.network.hdf5 import Tree, read_tree, unreadable
from neurodeploy.profiles.lava_dl import DECAY_ONE

Array = NDArray[Any]
Shape = tuple[int, ...]
KIND = "lava-dl .net"
OWN = "neurodeploy"
READOUT = (1 << 18) - 1
LARGEST = 1 << 24
KINDS = ("input", "dense", "dense_rec", "conv", "pool", "flatten")
CUBA = ("CUBA", "LOIHI")


@dataclass(frozen=True)
class Cuba:
    """SLAYER's CUBA neuron: decays in 1/4096, threshold in 1/64. ``readout``: it sends its membrane (``Affine``)."""

    current_decay: int
    voltage_decay: int
    threshold: int
    readout: bool = False


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer, its integers in 1/64. ``shape``: of its output, as far as the file says."""

    kind: str
    where: str
    shape: Shape = ()
    neuron: Cuba | None = None
    weight: Array | None = None
    recurrent: Array | None = None
    bias: Array | None = None
    delay: Array | None = None
    stride: Shape = (1, 1)
    padding: Shape = (0, 0)
    dilation: Shape = (1, 1)
    groups: int = 1


@dataclass(frozen=True, eq=False)
class NetFile:
    """All layers. A file that neurodeploy wrote also says the step ``dt`` in seconds and the ``names`` of the nodes."""

    layers: tuple[Layer, ...]
    dt: float | None = None
    names: Mapping[str, str] = field(default_factory=dict[str, str])


def read_layers(path: Path) -> NetFile:
    """Read a ``.net``.

    Raises InputError for a file that is none or is damaged, RefusedError for layers and neurons that are not read.
    """
    tree = read_tree(path, KIND)
    layers = tree.get("layer")
    if not isinstance(layers, dict) or not layers:
        raise unreadable(path, "it has no group 'layer'", KIND)
    expected = [str(number) for number in range(len(layers))]
    if sorted(layers) != sorted(expected) or not all(isinstance(layer, dict) for layer in layers.values()):
        raise unreadable(path, f"its layers are {', '.join(sorted(layers)[:6])}, not 0 to {len(layers) - 1}", KIND)
    try:
        parsed = tuple(_layer(layers[number], f"layer {number}") for number in expected)
        return NetFile(parsed, *_note(tree))
    except (InputError, RefusedError) as error:
        raise type(error)(error.what, f"{path}: {error.where}", error.remedy) from error


def _note(tree: Tree) -> tuple[float | None, dict[str, str]]:
    note = tree.get(OWN)
    if not isinstance(note, dict):
        return None, {}
    try:
        dt, names = float(note["dt"]), json.loads(note["names"])
        good = 0 < dt < np.inf and all(isinstance(text, str) for pair in names.items() for text in pair)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        good, dt, names = False, 0.0, {}
    if not good:
        raise InputError(f"its {OWN} group is damaged", "file", "remove the group, or write the file again")
    return dt, names


def _layer(tree: Tree, where: str) -> Layer:
    kind = _text(tree.get("type"))
    if kind not in KINDS:
        fault = f"a layer of type {kind!r}" if kind else "a layer without a type"
        raise RefusedError(f"{fault} is not among those read", where, f"use: {', '.join(KINDS)}")
    neuron = _neuron(tree, where, kind)
    shape = _whole_numbers(tree, "shape", where, 1) if "shape" in tree else ()
    if kind in ("input", "flatten"):
        if kind == "input" and not 1 <= len(shape) <= 3:
            raise InputError(f"its shape is {shape}", where, "an input has 1 to 3 dimensions")
        weight, bias = (_optional(tree, key, where) for key in ("weight", "bias"))
        return Layer(kind, where, shape, neuron, weight, bias=bias)
    axes = 2 if kind.startswith("dense") else 4
    weight = _integers(tree, "weight", where, axes)
    bias, delay = _optional(tree, "bias", where), _delay(tree, where)
    if axes == 2:
        recurrent = _integers(tree, "weight_rec", where, 2) if kind == "dense_rec" else None
        if recurrent is not None and recurrent.shape != (len(weight), len(weight)):
            raise InputError(f"weight_rec has shape {recurrent.shape}", where, f"{len(weight)} by {len(weight)} fit")
        return Layer(kind, where, (len(weight),), neuron, weight, recurrent, bias, delay)
    stride, padding, dilation = (_pair(tree, key, where, key != "padding") for key in ("stride", "padding", "dilation"))
    groups = _whole_numbers(tree, "groups", where, 1)[0] if "groups" in tree else 1
    return Layer(kind, where, shape, neuron, weight, None, bias, delay, stride, padding, dilation, groups)


def _neuron(tree: Tree, where: str, kind: str) -> Cuba | None:
    settings = tree.get("neuron")
    if not isinstance(settings, dict):
        if kind in ("dense", "input", "flatten"):
            return None
        raise InputError("it has no neuron", where, "export the block with its neuron")
    name = _text(settings.get("type"))
    if name not in CUBA:
        remedy = "use slayer.block.cuba; other neurons have no integer form here"
        raise RefusedError(f"its neuron {name or 'without a type'!s} is not SLAYER's CUBA neuron", where, remedy)
    if np.any(_numbers(settings, "gradedSpike", where)) if "gradedSpike" in settings else False:
        raise RefusedError("its CUBA neuron sends graded spikes", where, "build it with graded_spike=False")
    if "weight_exp" in settings and np.any(_numbers(settings, "weight_exp", where)):
        fault = "its normalization divides by a power of two (weight_exp), which netx leaves out"
        raise RefusedError(fault, where, "use MeanOnlyBatchNorm, or fold the scale into the weights")
    current, voltage = (_shared(settings, key, where, 0, DECAY_ONE) for key in ("iDecay", "vDecay"))
    threshold = _shared(settings, "vThMant", where, 1, READOUT)
    return Cuba(current, voltage, threshold, kind == "dense" and threshold == READOUT)


def _delay(tree: Tree, where: str) -> Array | None:
    if "delay" not in tree:
        return None
    delay = np.floor(_numbers(tree, "delay", where).reshape(-1))
    if np.any(delay < 0) or np.any(delay > LARGEST):
        raise InputError(f"a delay of {delay.min():g} to {delay.max():g} steps", where, "give delays of 0 or more")
    return delay


def _optional(tree: Tree, key: str, where: str) -> Array | None:
    return _checked_integers(key, _numbers(tree, key, where), where).reshape(-1) if key in tree else None


def _integers(tree: Tree, key: str, where: str, axes: int) -> Array:
    if isinstance(tree.get(key), dict):
        raise RefusedError("its weights are complex", where, "use slayer.block.cuba, whose weights are real")
    numbers = _unsqueezed(_checked_integers(key, _numbers(tree, key, where), where), tree, axes)
    if numbers.ndim != axes or not numbers.size:
        raise InputError(f"{key} has shape {numbers.shape}", where, f"it has {axes} dimensions")
    return numbers


def _unsqueezed(weight: Array, tree: Tree, axes: int) -> Array:
    """Weights with the dimensions of one that lava-dl drops or keeps when it exports, as its own netx reads them.

    A dense layer of one output or input is written as a line, a convolution with the depth of its 3-d kernel, or
    without dimensions that are 1.
    """
    if weight.ndim > axes and weight.shape[axes:] == (1,) * (weight.ndim - axes):
        return weight.reshape(weight.shape[:axes])
    sizes = ("outFeatures", "inFeatures") if axes == 2 else ("outChannels", "inChannels")
    stated = [int(value.flat[0]) for key in sizes if isinstance(value := tree.get(key), np.ndarray) and value.size == 1]
    if weight.ndim >= axes or len(stated) < 2 or min(stated) < 1:
        return weight
    if axes == 2:
        return weight.reshape(stated) if weight.size == prod(stated) else weight
    kernel, groups = tree.get("kernelSize"), tree.get("groups", np.ones(1))
    if not isinstance(kernel, np.ndarray) or kernel.size not in (2, 3) or not isinstance(groups, np.ndarray):
        return weight
    full = (stated[0], stated[1] // max(int(groups.flat[0]), 1), *map(int, kernel.flat[:2]))
    return weight.reshape(full) if weight.size == prod(full) else weight


def _checked_integers(key: str, numbers: Array, where: str) -> Array:
    if np.any(numbers != np.rint(numbers)) or np.any(np.abs(numbers) > LARGEST):
        fault = f"{key} holds values that are no whole numbers of 1/64"
        raise InputError(fault, where, "export with a pre_hook_fx that quantizes, such as the neuron's quantize_8bit")
    return numbers


def _pair(tree: Tree, key: str, where: str, least: int) -> Shape:
    values = _whole_numbers(tree, key, where, least) if key in tree else (max(least, 0),)
    values = values * 2 if len(values) == 1 else values
    if len(values) != 2:
        raise InputError(f"{key} has {len(values)} values", where, "give 1 or 2")
    return values


def _whole_numbers(tree: Tree, key: str, where: str, least: int) -> Shape:
    numbers = _numbers(tree, key, where).reshape(-1)
    good = 0 < numbers.size <= 8 and np.all(numbers == np.rint(numbers))
    if not good or np.any(numbers < least) or np.any(numbers > LARGEST) or prod(map(int, numbers)) > 1 << 31:
        raise InputError(f"{key} holds {numbers[:4].tolist()}", where, f"give whole numbers from {least}")
    return tuple(map(int, numbers))


def _shared(tree: Tree, key: str, where: str, low: int, high: int) -> int:
    numbers = np.unique(_checked_integers(key, _numbers(tree, key, where), where))
    if numbers.size != 1:
        fault = f"{key} differs between its channels ({numbers.size} values)"
        raise RefusedError(fault, where, "build it with shared_param=True: Loihi has one per population")
    if not low <= numbers[0] <= high:
        raise InputError(f"{key} is {numbers[0]:g}", where, f"it lies from {low} to {high}")
    return int(numbers[0])


def _numbers(tree: Tree, key: str, where: str) -> Array:
    value = tree.get(key)
    if isinstance(value, np.ndarray) and (np.issubdtype(value.dtype, np.number) or value.dtype == bool):
        numbers = value.astype(np.float64)
        if numbers.size and np.all(np.isfinite(numbers)):
            return numbers
    raise InputError(f"{key} is missing or holds no finite numbers", where, "export the network again")


def _text(value: Any) -> str:
    value = value.flat[0] if isinstance(value, np.ndarray) and value.size else value
    return value if isinstance(value, str) else ""
