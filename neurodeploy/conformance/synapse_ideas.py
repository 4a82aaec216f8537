"""Ideas about inputs, projections and how a network is joined: every attribute at its edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.kit import LINES, NEURONS, SAMPLES, STEPS, Idea, Kit, NotExpressibleError
from neurodeploy.program.population import Input
from neurodeploy.program.projection import Projection
from neurodeploy.window import window_output

Matrix = Literal["dense", "sparse"]
MATRICES: tuple[Matrix, ...] = ("dense", "sparse")


def synapse_ideas() -> Iterator[Idea]:
    """Every idea about inputs, projections and networks."""
    yield from _inputs()
    for kind in MATRICES:
        yield from _matrices(kind)
    yield from _convolutions()
    yield from _pools()
    yield from _networks()


def _inputs() -> Iterator[Idea]:
    def shown(kit: Kit, node: Input) -> Case:
        return kit.case([kit.neuron()], [kit.feed(message_bits=node.bits)], [node])

    yield Idea("input", "messages", "graded", lambda kit: shown(kit, Input("in", (LINES,), bits=3)))
    yield Idea("input", "messages", "signed", lambda kit: shown(kit, Input("in", (LINES,), bits=4, signed=True)))
    yield Idea("input", "messages", "binarized", lambda kit: _binarized(kit))
    yield Idea("input", "quantizer", "halves and limits", lambda kit: _rounded(kit))
    yield Idea("input", "quantizer", "ends before its width", lambda kit: _ended(kit))
    yield Idea("input", "count", "two inputs", lambda kit: _two_inputs(kit))
    yield Idea("input", "silence", "no event", lambda kit: _silent(kit))


def _binarized(kit: Kit) -> Case:
    """Values of several bits at synapses of one: each that is not zero counts as 1."""
    return kit.case([kit.neuron()], [kit.feed(message_bits=1)], [Input("in", (LINES,), bits=3)])


def _rounded(kit: Kit) -> Case:
    """Real numbers between the integers, ties among them, and some beyond both ends."""
    signed = kit.numerics.accumulation == "sum"
    node = Input("in", (LINES,), scale=1, bits=4, signed=signed)
    values = np.resize(np.array([0.25, 0.75, 1.25, -0.25, -0.75, 9.0, -9.0, 0.4, 0.0, 2.6]), (SAMPLES, STEPS, LINES))
    return kit.case([kit.neuron()], [kit.feed(message_bits=4)], [node], {"in": values})


def _ended(kit: Kit) -> Case:
    """An input that clips before its width does, shown values up to its end and beyond."""
    node = Input("in", (LINES,), scale=1, bits=4, ends=(0, 9))
    values = np.resize(np.array([0.25, 4.0, 4.5, 4.75, 5.0, 7.5, 9.0, -1.0, 0.0, 2.0]), (SAMPLES, STEPS, LINES))
    return kit.case([kit.neuron()], [kit.feed(message_bits=4)], [node], {"in": values})


def _two_inputs(kit: Kit) -> Case:
    inputs = [Input("in", (LINES,)), Input("more", (3,))]
    return kit.case([kit.neuron()], [kit.feed(), kit.feed("more", sizes=(NEURONS, 3))], inputs)


def _silent(kit: Kit) -> Case:
    values = {"in": np.zeros((SAMPLES, STEPS, LINES))}
    return kit.case([kit.neuron(bias=11 * kit.state)], [kit.feed()], values=values)


def _matrices(kind: Matrix) -> Iterator[Idea]:
    def joined(kit: Kit, low: int, high: int, **changes: Any) -> Case:
        weights = kit.weights(NEURONS, LINES, low=low, high=high)
        return kit.alone(kit.neuron(), kind=kind, weights=weights, **changes)

    yield Idea(kind, "weights", "mixed signs", lambda kit: joined(kit, -40, 60))
    yield Idea(kind, "weights", "positive", lambda kit: joined(kit, 2, 60))
    yield Idea(kind, "weights", "negative", lambda kit: _inhibited(kit, kind))
    yield Idea(kind, "weights", "largest", lambda kit: _largest(kit, kind))
    yield Idea(kind, "weights", "zero", lambda kit: _nothing(kit, kind))
    yield Idea(kind, "weights", "mostly zero", lambda kit: _few(kit, kind))
    yield Idea(kind, "shift", "largest", lambda kit: _shifted(kit, kind, kit.numerics.shift_max))
    yield Idea(kind, "shift", "down, of negative sums", lambda kit: _shifted(kit, kind, -3))
    yield Idea(kind, "shift", "least", lambda kit: _shifted(kit, kind, kit.numerics.shift_min))
    for edge, delay in (("one step", 1), ("two steps", 2), ("12 steps", 12), ("past the end", STEPS + 3)):

        def late(kit: Kit, delay: int = delay) -> Case:
            if delay > kit.numerics.delay_max:
                raise NotExpressibleError
            return joined(kit, -40, 60, delay=delay)

        yield Idea(kind, "delay", edge, late)
    yield Idea(kind, "pairs", "two projections", lambda kit: _twice(kit, kind))


def _inhibited(kit: Kit, kind: Matrix) -> Case:
    weights = -kit.weights(NEURONS, LINES, low=2, high=30)
    return kit.alone(kit.neuron(bias=40 * kit.state), kind=kind, weights=weights)


def _largest(kit: Kit, kind: Matrix) -> Case:
    """The ends of the machine's weights, at a threshold that several of them reach."""
    n = kit.numerics
    high = kit.largest
    low = -(1 << n.weight_bits) if n.weight_rule == "sign-magnitude" else -(1 << (n.weight_bits - 1))
    weights = np.resize(np.array([high, low, high, 2, low, high]), (NEURONS, LINES))
    return kit.alone(kit.neuron(threshold=min(high * 2, n.threshold_max)), kind=kind, weights=weights)


def _nothing(kit: Kit, kind: Matrix) -> Case:
    weights = np.zeros((NEURONS, LINES), np.int64)
    return kit.alone(kit.neuron(bias=23 * kit.state), kind=kind, weights=weights)


def _few(kit: Kit, kind: Matrix) -> Case:
    weights = kit.weights(NEURONS, LINES, low=2, high=90)
    weights[np.indices(weights.shape).sum(axis=0) % 3 > 0] = 0
    return kit.alone(kit.neuron(), kind=kind, weights=weights)


def _shifted(kit: Kit, kind: Matrix, shift: int) -> Case:
    n = kit.numerics
    if shift == 0 or not n.shift_min <= shift <= n.shift_max:
        raise NotExpressibleError
    weights = kit.weights(NEURONS, LINES, low=-90, high=120)
    threshold = max(1, (70 << shift) if shift > 0 else 70 >> -shift)
    neuron = kit.neuron(threshold=min(threshold, n.threshold_max), membrane_decay=kit.keeps)
    return kit.alone(neuron, kind=kind, weights=weights, shift=shift)


def _twice(kit: Kit, kind: Matrix) -> Case:
    first = kit.feed(kind=kind, weights=kit.weights(NEURONS, LINES, low=2, high=60))
    second = kit.feed(kind=kind, weights=-kit.weights(NEURONS, LINES, low=2, high=30, key=1), delay=1)
    return kit.case([kit.neuron()], [first, replace(second, name="again")])


def _convolutions() -> Iterator[Idea]:
    edges: dict[str, dict[str, Any]] = {
        "weights/plain": {},
        "kernel/1 x 1": {"kernel": (1, 1)},
        "kernel/2 x 3": {"kernel": (2, 3)},
        "stride/2": {"stride": (2, 2)},
        "stride/1 x 3": {"stride": (1, 3)},
        "padding/1": {"padding": (1, 1)},
        "padding/0 x 1": {"padding": (0, 1)},
        "padding/with stride": {"padding": (1, 1), "stride": (2, 2)},
        "dilation/2": {"dilation": (2, 2)},
        "groups/two": {"groups": 2},
        "groups/each channel": {"groups": 4},
        "delay/two steps": {"delay": 2},
        "shift/largest": {"shift": None},
    }
    for place, changes in edges.items():
        attribute, edge = place.split("/")
        yield Idea("conv2d", attribute, edge, lambda kit, c=changes: _convolved(kit, (4, 5, 6), **c))
        if "x" not in edge:
            yield Idea("conv1d", attribute, edge, lambda kit, c=changes: _convolved(kit, (4, 9), **c))
    yield Idea("conv2d", "sum overflow", "above", lambda kit: _overflowing(kit))


def _convolved(
    kit: Kit,
    shape: tuple[int, ...],
    kernel: tuple[int, ...] = (3, 3),
    stride: tuple[int, ...] = (1, 1),
    padding: tuple[int, ...] = (0, 0),
    dilation: tuple[int, ...] = (1, 1),
    groups: int = 1,
    delay: int = 0,
    shift: int | None = 0,
) -> Case:
    """Asymmetric kernels over planes of different sizes."""
    axes, n = len(shape) - 1, kit.numerics
    if delay > n.delay_max or (shift is None and not n.conv_shift):
        raise NotExpressibleError
    shift = n.shift_max if shift is None else shift
    window = kernel[:axes], stride[:axes], padding[:axes], dilation[:axes]
    channels = 4
    space = window_output(shape[1:], *window)
    weights = kit.weights(channels, shape[0] // groups, *window[0], low=-30, high=40)
    kind = "conv2d" if axes == 2 else "conv1d"
    join = Projection("in-n", "in", "n", kind, weights, shift, delay, 1, *window[1:], groups)
    threshold = min(40 << shift, n.threshold_max)
    return kit.case([kit.neuron(shape=(channels, *space), threshold=threshold)], [join], [Input("in", shape)])


def _overflowing(kit: Kit) -> Case:
    """Sums of one convolution beyond its own width, within 32 bits."""
    n = kit.numerics
    if n.accumulation == "events" or n.conv_bits > 31:
        raise NotExpressibleError
    bits = 12
    join = Projection("in-n", "in", "n", "conv2d", np.full((1, 1, 2, 2), 250), n.shift_max, message_bits=bits)
    neuron = kit.neuron(shape=(1, 2, 2), threshold=n.threshold_max, membrane_decay=kit.forgets)
    return kit.case([neuron], [join], [Input("in", (1, 3, 3), bits=bits)])


def _pools() -> Iterator[Idea]:
    def pooled(kit: Kit, stride: int = 2, padding: int = 0, weight: int = 30, size: int = 2) -> Case:
        shape, window = (2, 4, 5), ((size, size), (stride, stride), (padding, padding))
        space = window_output(shape[1:], *window, (1, 1))
        join = Projection("in-n", "in", "n", "sum-pool", np.full((size, size), weight), 0, 0, 1, *window[1:])
        return kit.case([kit.neuron(shape=(2, *space))], [join], [Input("in", shape)])

    yield Idea("sum-pool", "weights", "plain", lambda kit: pooled(kit))
    yield Idea("sum-pool", "weights", "ones", lambda kit: _counted(kit))
    yield Idea("sum-pool", "stride", "overlapping", lambda kit: pooled(kit, stride=1))
    yield Idea("sum-pool", "padding", "one", lambda kit: pooled(kit, padding=1))
    yield Idea("sum-pool", "kernel", "3 x 3", lambda kit: pooled(kit, size=3, stride=1, weight=20))


def _counted(kit: Kit) -> Case:
    join = Projection("in-n", "in", "n", "sum-pool", np.ones((2, 2), np.int64), stride=(2, 2))
    return kit.case([kit.neuron(shape=(2, 2, 2), threshold=2)], [join], [Input("in", (2, 4, 4))])


def _networks() -> Iterator[Idea]:
    yield Idea("network", "depth", "three layers", lambda kit: _chain(kit, ("a", "b", "n")))
    yield Idea("network", "depth", "listed backwards", lambda kit: _chain(kit, ("a", "b", "n"), backwards=True))
    yield Idea("network", "shortcut", "past two layers", lambda kit: _shortcut(kit))
    yield Idea("network", "fan-out", "one source, two ends", lambda kit: _fan_out(kit))
    yield Idea("network", "outputs", "an inner population", lambda kit: _chain(kit, ("a", "n"), outputs=("a", "n")))
    yield Idea("network", "drive", "a biased population", lambda kit: _driven(kit))
    for edge, delay in (("one step", 1), ("three steps", 3)):
        yield Idea("network", "loop", edge, lambda kit, d=delay: _loop(kit, d))
    yield Idea("network", "loop", "over two populations", lambda kit: _long_loop(kit))


def _links(kit: Kit, names: Sequence[str]) -> list[Projection]:
    links: list[Projection] = []
    for key, (source, target) in enumerate(zip(("in", *names), names, strict=False)):
        weights = kit.weights(NEURONS, LINES if source == "in" else NEURONS, key=key, high=110)
        links.append(kit.feed(source, target, weights=weights))
    return links


def _chain(kit: Kit, names: Sequence[str], backwards: bool = False, outputs: Sequence[str] = ()) -> Case:
    populations, links = [kit.neuron(name) for name in names], _links(kit, names)
    if backwards:
        populations, links = populations[::-1], links[::-1]
    return kit.case(populations, links, outputs=outputs)


def _shortcut(kit: Kit) -> Case:
    names = ("a", "b", "n")
    past = kit.feed("in", "n", weights=kit.weights(NEURONS, LINES, key=9))
    return kit.case([kit.neuron(name) for name in names], [*_links(kit, names), past])


def _fan_out(kit: Kit) -> Case:
    into = [kit.feed("a", name, (NEURONS, NEURONS), weights=kit.weights(NEURONS, NEURONS, key=k, high=110))
            for k, name in enumerate(("b", "n"))]  # fmt: skip
    return kit.case([kit.neuron(name) for name in ("a", "b", "n")], [*_links(kit, ("a",)), *into])


def _driven(kit: Kit) -> Case:
    drive = kit.neuron("drive", bias=33 * kit.state)
    more = kit.feed("drive", "n", (NEURONS, NEURONS), weights=kit.weights(NEURONS, NEURONS, key=3, high=80))
    return kit.case([drive, kit.neuron()], [kit.feed(), more])


def _loop(kit: Kit, delay: int) -> Case:
    if delay > kit.numerics.delay_max:
        raise NotExpressibleError
    back = kit.feed("n", "n", (NEURONS, NEURONS), weights=kit.weights(NEURONS, NEURONS, key=5), delay=delay)
    return kit.case([kit.neuron()], [kit.feed(), replace(back, name="back")])


def _long_loop(kit: Kit) -> Case:
    if kit.numerics.delay_max < 2:
        raise NotExpressibleError
    back = kit.feed("n", "a", (NEURONS, NEURONS), weights=kit.weights(NEURONS, NEURONS, key=6), delay=2)
    return kit.case([kit.neuron("a"), kit.neuron()], [*_links(kit, ("a", "n")), back])
