"""Shapes by our own rules, node by node, so that one wrong layer does not hide the next."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.network.assemble import assemble_node
from neurodeploy.network.builder import square, ungroup
from neurodeploy.network.raw import FIELDS, Raw, RawNode
from neurodeploy.network.shapes import Shape, output_shape, own_shape, window_output
from neurodeploy.profiles.evidence import batch_in_input
from neurodeploy.profiles.notice import Notice, notice
from neurodeploy.profiles.repairs import drop_batch
from neurodeploy.window import per_axis

NOTHING = "none: the shapes do not fit, so nothing runs"


def check_shapes(raw: Raw) -> list[Notice]:
    """Parameters that fit no node, layers that do not fit each other, and what nir types wrongly."""
    batched = batch_in_input(raw)
    found = [
        notice("batch-dimension", "error", name, message, NOTHING, "drop it", drop_batch)
        for name, message in batched.items()
    ]
    walked, shapes = _walk(drop_batch(raw) if batched else raw)
    return found + walked + _mistyped(raw, shapes)


def _walk(raw: Raw) -> tuple[list[Notice], dict[str, Shape]]:
    """What does not fit, and the shape of what every node sends, as far as it is known."""
    found: list[Notice] = []
    shapes: dict[str, Shape] = {}
    built: dict[str, Any] = {}
    for name, node in raw.nodes.items():
        try:
            built[name] = assemble_node(name, node)
        except InputError as error:
            if node.kind in FIELDS and all(node.fields.get(key) is not None for key in FIELDS[node.kind][0]):
                found.append(notice("bad-parameter", "error", name, error.what, NOTHING, error.remedy))
    waiting = [name for name in raw.nodes if name in built]
    while waiting:
        ready = [name for name in waiting if _known(raw, name, shapes, built)] or waiting[:1]
        for name in ready:
            found += _step(raw, name, built[name], shapes)
            waiting.remove(name)
    return found, shapes


def _known(raw: Raw, name: str, shapes: dict[str, Shape], built: dict[str, Any]) -> bool:
    return all(source in shapes or source not in built for source in raw.sources(name))


def _step(raw: Raw, name: str, node: Any, shapes: dict[str, Shape]) -> list[Notice]:
    kind = raw.nodes[name].kind
    received = {source: shapes[source] for source in raw.sources(name) if source in shapes}
    if kind == "Input":
        shapes[name] = tuple(int(n) for n in node.input_type["input"])
        return []
    if len(set(received.values())) > 1:
        told = ", ".join(f"{shape} from {source}" for source, shape in received.items())
        return [
            notice("shape-mismatch", "error", name, f"receives different shapes: {told}", NOTHING, "make them agree")
        ]
    shape = next(iter(received.values()), None) or own_shape(node)
    if shape is None:
        return []
    try:
        shapes[name] = output_shape(name, node, shape)
        return []
    except InputError as error:
        shapes |= {name: own} if (own := own_shape(node)) is not None else {}
        return [_misfit(raw, name, shape, error)]


def _misfit(raw: Raw, name: str, shape: Shape, error: InputError) -> Notice:
    node = raw.nodes[name]
    weight = node.number("weight")
    if node.kind in ("Affine", "Linear") and weight is not None and weight.ndim == 2 and prod(shape) == weight.shape[1]:
        flats = [s for s in raw.sources(name) if raw.nodes[s].kind == "Flatten"]
        if flats:
            what = f"it leaves {shape}, as if the first dimension were a batch"
            return notice(
                "flatten-counts-batch", "error", flats[0], what, NOTHING, "start_dim=0", partial(_flatten_all, flats[0])
            )
    if node.kind in ("Conv1d", "Conv2d") and "'same'" in error.what:
        return _same(raw, name, node, shape, error)
    return notice("shape-mismatch", "error", name, error.what, NOTHING, error.remedy)


def _flatten_all(name: str, raw: Raw) -> Raw:
    return raw.change(name, start_dim=np.array(0), end_dim=np.array(-1))


def _same(raw: Raw, name: str, node: RawNode, shape: Shape, error: InputError) -> Notice:
    """'same' with a stride means an output of ceil(size / stride); symmetric padding says that only sometimes."""
    padding = _symmetric(node, shape)
    what = f"{error.what}; nir types it as without stride"
    if padding is None:
        return notice("strided-same", "error", name, what, NOTHING, "pad explicitly on both sides, or use stride 1")
    repair = partial(_pad, name, padding)
    return notice("strided-same", "error", name, what, NOTHING, f"write padding {padding}", repair)


def _symmetric(node: RawNode, shape: Shape) -> Shape | None:
    weight = node.number("weight")
    if weight is None or weight.ndim != len(shape) + 1:
        return None
    kernel = tuple(int(k) for k in weight.shape[2:])
    stride, dilation = per_axis(node.fields["stride"], len(kernel)), per_axis(node.fields["dilation"], len(kernel))
    wanted = tuple(-(-n // s) for n, s in zip(shape[1:], stride, strict=True))
    total = [
        max(0, (out - 1) * s + d * (k - 1) + 1 - n)
        for out, s, d, k, n in zip(wanted, stride, dilation, kernel, shape[1:], strict=True)
    ]
    padding = tuple(each // 2 for each in total)
    fits = not any(each % 2 for each in total) and window_output(shape[1:], kernel, stride, padding, dilation) == wanted
    return padding if fits else None


def _pad(name: str, padding: Shape, raw: Raw) -> Raw:
    return raw.change(name, padding=np.array(padding))


def _mistyped(raw: Raw, shapes: dict[str, Shape]) -> list[Notice]:
    """Convolutions that are sound, and that nir 1.0.8 types wrongly."""
    found: list[Notice] = []
    for name, node in raw.nodes.items():
        weight = node.number("weight") if node.kind == "Conv2d" else None
        if weight is None or weight.ndim != 4 or name not in shapes:
            continue
        groups = node.number("groups")
        if weight.shape[2] != weight.shape[3]:
            what = f"nir 1.0.8 types its kernel {weight.shape[2:]} as square; it sends {shapes[name]}"
            found.append(_other(name, "non-square-kernel", what))
        several = int(groups.flat[0]) if groups is not None and groups.size == 1 else 1
        if several > 1:
            channels = weight.shape[1]
            what = f"nir 1.0.8 takes its input to have {channels} channels, not {channels * several}"
            found.append(_other(name, "grouped-kernel", what))
    return found


def _other(name: str, slug: str, what: str) -> Notice:
    effect = "none here; other readers refuse the file, or run another network"
    return notice(slug, "info", name, what, effect, "write the equal full square kernel", partial(_plain_kernel, name))


def _plain_kernel(name: str, raw: Raw) -> Raw:
    """The equal ungrouped and, where one exists, square kernel."""
    node = raw.nodes[name]
    weight, padding = node.number("weight"), node.fields["padding"]
    assert weight is not None
    groups = int(np.ravel(node.fields["groups"])[0])
    full = ungroup(weight, groups)
    if not isinstance(padding, str):
        full, pads = square(full, per_axis(padding), per_axis(node.fields["dilation"]))
        padding = np.array(pads)
    return raw.change(name, weight=full, groups=np.array(1), padding=padding)
