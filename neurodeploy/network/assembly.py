"""NIR nodes from what a file says. What NIR documents as a default is filled in; all else that is missing is refused.

Rules:

1. ``v_reset`` 0 (files before nir 1.0.5), ``w_in`` 1, bias 0, Flatten from its first to its last dimension.
2. Parameters of one neuron broadcast to one shape, so that a scalar means the same for all.
3. Fields that NIR does not have are left out.
"""

from __future__ import annotations

from math import prod
from typing import Any

import nir
import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.network.raw import FIELDS, NEURON_KINDS, Raw, RawNode

LARGEST_SHAPE = 1 << 31


def assemble(raw: Raw) -> nir.NIRGraph:
    """The graph, whose rules are not checked here. Raises InputError naming the node that cannot be built."""
    nodes = {name: assemble_node(name, node) for name, node in raw.nodes.items()}
    return nir.NIRGraph(nodes, list(raw.edges), metadata=dict(raw.metadata), type_check=False)


def assemble_node(name: str, node: RawNode) -> Any:
    """One NIR node. Raises InputError naming the node, the field and its fault."""
    if node.kind not in FIELDS:
        fault = f"its type {node.kind!r} is unknown" if node.kind else "it has no type"
        raise _bad(name, fault, f"known: {', '.join(FIELDS)}")
    needed, optional = FIELDS[node.kind]
    missing = [key for key in needed if node.fields.get(key) is None]
    if missing:
        raise _bad(name, f"a {node.kind} without {', '.join(missing)}", "export the network again")
    try:
        return _build(name, node, [*needed, *(key for key in optional if node.fields.get(key) is not None)])
    except InputError:
        raise
    except (AssertionError, TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise _bad(name, f"cannot be built: {error or type(error).__name__}", "export the network again") from error


def _build(name: str, node: RawNode, keys: list[str]) -> Any:
    if node.kind in ("Input", "Output"):
        side = node.kind.lower()
        shape = _whole_numbers(name, "shape", node.fields["shape"], 1)
        if prod(shape) > LARGEST_SHAPE:
            raise _bad(name, f"its shape {shape} is too large", f"at most {LARGEST_SHAPE} elements")
        return getattr(nir, node.kind)({side: np.array(shape)})
    if node.kind == "Flatten":
        defaults = {"start_dim": 1, "end_dim": -1}
        dims = {key: _one(name, key, node.fields.get(key, default), None) for key, default in defaults.items()}
        return nir.Flatten(None, **dims)  # type: ignore[arg-type]  # its shape follows from the graph
    if node.kind in ("Conv1d", "Conv2d"):
        return _conv(name, node)
    if node.kind in ("SumPool2d", "AvgPool2d"):
        windows = {key: np.array(_pair(name, key, node.fields[key], key != "padding")) for key in keys}
        return getattr(nir, node.kind)(**windows)
    values = {key: _numbers(name, key, node.fields[key]) for key in keys}
    if node.kind in NEURON_KINDS:
        values = _same_shape(name, values)
    if node.kind == "Affine" and "bias" not in values:
        values["bias"] = np.zeros(values["weight"].shape[:1], values["weight"].dtype)
    return getattr(nir, node.kind)(**values)


def _conv(name: str, node: RawNode) -> Any:
    space = 1 if node.kind == "Conv1d" else 2
    weight = _numbers(name, "weight", node.fields["weight"])
    if weight.ndim != space + 2:
        raise _bad(name, f"its weight has shape {weight.shape}", f"a {node.kind} has {space + 2} dimensions")
    bias = node.fields.get("bias")
    offset = np.zeros(len(weight), weight.dtype) if bias is None else _numbers(name, "bias", bias)
    padding_field: Any = node.fields["padding"]
    if isinstance(padding_field, str) and padding_field not in ("same", "valid"):
        raise _bad(name, f"its padding is {padding_field!r}", "give numbers, 'same' or 'valid'")
    sizes = [_windows(name, key, node.fields[key], space, least) for key, least in (("stride", 1), ("dilation", 1))]
    padding = padding_field if isinstance(padding_field, str) else _windows(name, "padding", padding_field, space, 0)
    groups = _one(name, "groups", node.fields["groups"], 1)
    kind: Any = getattr(nir, node.kind)
    return kind(None, weight, sizes[0], padding, sizes[1], groups, offset)


def _windows(name: str, key: str, value: Any, space: int, least: int) -> Any:
    values = _whole_numbers(name, key, value, least)
    values = values * space if len(values) == 1 else values
    if len(values) != space:
        raise _bad(name, f"{key} has {len(values)} values", f"give 1 or {space}")
    return values[0] if space == 1 else tuple(values)


def _pair(name: str, key: str, value: Any, positive: bool) -> list[int]:
    return list(_windows(name, key, value, 2, 1 if positive else 0))


def _whole_numbers(name: str, key: str, value: Any, least: int | None) -> list[int]:
    """Whole numbers from ``least``."""
    numbers = np.atleast_1d(_numbers(name, key, value)).reshape(-1)
    good = np.all(np.isfinite(numbers)) and np.all(numbers == np.rint(numbers)) and numbers.size <= 16
    if not good or (least is not None and np.any(numbers < least)) or np.any(np.abs(numbers) > LARGEST_SHAPE):
        least_text = "" if least is None else f" from {least}"
        raise _bad(name, f"{key} holds {numbers[:4].tolist()}", f"give whole numbers{least_text}")
    return [int(number) for number in numbers]


def _one(name: str, key: str, value: Any, least: int | None) -> int:
    values = _whole_numbers(name, key, value, least)
    if len(values) != 1:
        raise _bad(name, f"{key} has {len(values)} values", "give one")
    return values[0]


def _numbers(name: str, key: str, value: Any) -> np.ndarray[Any, Any]:
    numbers = np.asarray(value)
    if not (np.issubdtype(numbers.dtype, np.number) or numbers.dtype == bool):
        raise _bad(name, f"{key} holds no numbers", "export the network again")
    return numbers


def _same_shape(name: str, values: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    shape = max((value.shape for value in values.values()), key=lambda shape: (prod(shape), len(shape)))
    if any(value.shape != shape and value.size != 1 for value in values.values()):
        shapes = ", ".join(f"{key} {value.shape}" for key, value in values.items())
        raise _bad(name, f"its parameters have different shapes: {shapes}", "give every neuron its own")
    return {
        key: np.array(np.broadcast_to(value.reshape(()), shape) if value.size == 1 else value)
        for key, value in values.items()
    }


def _bad(name: str, fault: str, remedy: str) -> InputError:
    return InputError(fault, f"node {name}", remedy)
