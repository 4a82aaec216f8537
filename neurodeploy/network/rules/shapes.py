"""Shapes by our own rules, node by node, so that one wrong layer does not hide the next."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import prod
from typing import Any

import nir
import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.network.assembly import assemble_node
from neurodeploy.network.kernels import square, ungroup
from neurodeploy.network.order import closing_edges, forward_order
from neurodeploy.network.raw import FIELDS, Raw, RawNode
from neurodeploy.network.rules.repairs import batch_in_shapes, drop_batch
from neurodeploy.network.shapes import Shape, output_shape, own_shape
from neurodeploy.window import per_axis, window_output

NOT_RUN = "none: the shapes do not fit, so nothing runs"


def check_shapes(raw: Raw) -> list[Finding]:
    """Parameters that fit no node, layers that do not fit each other, and what nir types wrongly."""
    batched = batch_in_shapes(raw)
    findings = [
        Finding("batch-dimension", "error", name, message, "drop it", NOT_RUN, drop_batch)
        for name, message in batched.items()
    ]
    raw_without = drop_batch(raw) if batched else raw
    built, faults = _build(raw_without)
    misfits, shapes = walk_shapes(raw_without, built)
    return findings + faults + misfits + _mistyped(raw, shapes)


def walk_shapes(raw: Raw, built: Mapping[str, Any]) -> tuple[list[Finding], dict[str, Shape]]:
    """What does not fit, and the shape of what every node sends (without batch and time), as far as it is known.

    ``built``: the NIR nodes of the graph that could be built.
    """
    edges = {edge for edge in raw.edges if edge[0] in built and edge[1] in built}
    closing = closing_edges(built, edges, [name for name in built if isinstance(built[name], nir.Input)])
    walk = _Walk(raw, built)
    for name in forward_order(built, sorted(edges - closing)):
        walk.enter(name)
    unsound = {finding.node for finding in walk.findings}
    for name in sorted({target for _, target in closing} - unsound):
        walk.close_loop(name)
    return walk.findings, walk.shapes


class _Walk:
    """A walk along the edges: ``shapes`` that are known, ``findings``, and the nodes that were ``passed``."""

    def __init__(self, raw: Raw, built: Mapping[str, Any]) -> None:
        self.raw, self.built = raw, built
        self.shapes: dict[str, Shape] = {}
        self.findings: list[Finding] = []
        self.passed: set[str] = set()

    def enter(self, name: str) -> None:
        """Find the shape of what a node sends from what it receives over edges that close no loop."""
        node = self.built[name]
        self.passed.add(name)
        if isinstance(node, nir.Input):
            self.shapes[name] = tuple(int(size) for size in next(iter(node.input_type.values())))
            return
        stated, received = own_shape(node), self._received(name)
        if len(received) > 1:
            return
        shape = received[0] if received else stated
        if shape is not None:
            sent = self._sent(name, shape) or stated
            self.shapes |= {} if sent is None else {name: sent}
        elif not any(source in self.passed or source not in self.built for source in self.raw.sources(name)):
            remedy = "connect it, or remove it"
            self.findings.append(Finding("no-shape", "error", name, "receives nothing", remedy, NOT_RUN))

    def close_loop(self, name: str) -> None:
        """Check what a node, sound so far, receives over edges that close a loop."""
        if not isinstance(self.built[name], nir.Input):
            received = self._received(name)
            if len(received) == 1:
                self._sent(name, received[0])

    def _received(self, name: str) -> list[Shape]:
        """The different shapes that reach a node; more than one is a finding."""
        meeting = {source: self.shapes[source] for source in sorted(self.raw.sources(name)) if source in self.shapes}
        if len({*meeting.values()}) > 1:
            shapes = ", ".join(f"{shape} from {source}" for source, shape in meeting.items())
            remedy = "make the branches that meet there agree"
            message = f"receives different shapes: {shapes}"
            self.findings.append(Finding("shape-mismatch", "error", name, message, remedy, NOT_RUN))
        return list(dict.fromkeys(meeting.values()))

    def _sent(self, name: str, shape: Shape) -> Shape | None:
        try:
            return output_shape(name, self.built[name], shape)
        except InputError as error:
            self.findings.append(_misfit(self.raw, name, shape, error))
            return None


def _build(raw: Raw) -> tuple[dict[str, Any], list[Finding]]:
    """The nodes of the graph, and a finding for each that cannot be built although it has all its fields."""
    built: dict[str, Any] = {}
    findings: list[Finding] = []
    for name, node in raw.nodes.items():
        try:
            built[name] = assemble_node(name, node)
        except InputError as error:
            if node.kind in FIELDS and all(node.fields.get(key) is not None for key in FIELDS[node.kind][0]):
                findings.append(Finding("bad-parameter", "error", name, error.what, error.remedy, NOT_RUN))
    return built, findings


def _misfit(raw: Raw, name: str, shape: Shape, error: InputError) -> Finding:
    node = raw.nodes[name]
    weight = node.number("weight")
    if node.kind in ("Affine", "Linear") and weight is not None and weight.ndim == 2 and prod(shape) == weight.shape[1]:
        flats = [s for s in raw.sources(name) if raw.nodes[s].kind == "Flatten"]
        if flats:
            message, repair = (
                f"it leaves {shape}, as if the first dimension were a batch",
                partial(_flatten_all, flats[0]),
            )
            return Finding("flatten-counts-batch", "error", flats[0], message, "start_dim=0", NOT_RUN, repair)
    if node.kind in ("Conv1d", "Conv2d") and "'same'" in error.what:
        return _same(raw, name, node, shape, error)
    return Finding("shape-mismatch", "error", name, error.what, error.remedy, NOT_RUN)


def _flatten_all(name: str, raw: Raw) -> Raw:
    return raw.change(name, start_dim=np.array(0), end_dim=np.array(-1))


def _same(raw: Raw, name: str, node: RawNode, shape: Shape, error: InputError) -> Finding:
    """'same' with a stride means ceil(size / stride) outputs, which only some symmetric paddings give."""
    padding = _symmetric(node, shape)
    message = f"{error.what}; nir types it as without stride"
    if padding is None:
        remedy = "pad explicitly on both sides, or use stride 1"
        return Finding("strided-same", "error", name, message, remedy, NOT_RUN)
    repair = partial(_pad, name, padding)
    return Finding("strided-same", "error", name, message, f"write padding {padding}", NOT_RUN, repair)


def _symmetric(node: RawNode, shape: Shape) -> Shape | None:
    weight = node.number("weight")
    if weight is None or weight.ndim != len(shape) + 1:
        return None
    kernel = tuple(int(k) for k in weight.shape[2:])
    stride, dilation = per_axis(node.fields["stride"], len(kernel)), per_axis(node.fields["dilation"], len(kernel))
    outputs = tuple(-(-n // s) for n, s in zip(shape[1:], stride, strict=True))
    total = [
        max(0, (out - 1) * s + d * (k - 1) + 1 - n)
        for out, s, d, k, n in zip(outputs, stride, dilation, kernel, shape[1:], strict=True)
    ]
    padding = tuple(zeros // 2 for zeros in total)
    fits = (
        not any(zeros % 2 for zeros in total) and window_output(shape[1:], kernel, stride, padding, dilation) == outputs
    )
    return padding if fits else None


def _pad(name: str, padding: Shape, raw: Raw) -> Raw:
    return raw.change(name, padding=np.array(padding))


def _mistyped(raw: Raw, shapes: dict[str, Shape]) -> list[Finding]:
    """Convolutions that are sound, and that nir 1.0.8 types wrongly."""
    findings: list[Finding] = []
    for name, node in raw.nodes.items():
        weight = node.number("weight") if node.kind == "Conv2d" else None
        if weight is None or weight.ndim != 4 or name not in shapes:
            continue
        groups = node.number("groups")
        if weight.shape[2] != weight.shape[3]:
            message = f"nir 1.0.8 types its kernel {weight.shape[2:]} as square; it sends {shapes[name]}"
            findings.append(_replaceable(name, "non-square-kernel", message))
        several = int(groups.flat[0]) if groups is not None and groups.size == 1 else 1
        if several > 1:
            channels = weight.shape[1]
            message = f"nir 1.0.8 takes its input to have {channels} channels, not {channels * several}"
            findings.append(_replaceable(name, "grouped-kernel", message))
    return findings


def _replaceable(name: str, slug: str, message: str) -> Finding:
    effect = "none here; other readers refuse the file, or run another network"
    remedy = "write the equal full square kernel"
    return Finding(slug, "info", name, message, remedy, effect, partial(_plain_kernel, name))


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
