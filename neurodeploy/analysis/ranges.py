"""Static worst case of what arrives at a population, whatever its sources send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.integers import INT64
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.synapse import convolve
from neurodeploy.window import window_output

Array = NDArray[Any]
Shape = tuple[int, ...]
Interval = tuple[Array, Array]
Sent = tuple[Shape, int, int]
Range = tuple[int, int]


def apply_weights(kind: str, weights: Array, x: Array, target_shape: tuple[int, ...], projection: Any) -> Array:
    """``weights`` applied to messages ``x`` of the source's shape, on any dtype; result of the target's shape.

    ``projection`` is anything with the window attributes of a Projection.
    """
    if kind in ("dense", "sparse"):
        return (weights @ x.reshape(-1)).reshape(target_shape)
    groups = projection.groups
    if kind == "sum-pool":
        groups = x.shape[0]
        weights = np.broadcast_to(weights, (groups, 1, *weights.shape))
    planes = _planes(weights, x)
    if planes is not None:
        out = _over_planes(weights, planes, x.shape[1:], projection, groups)
    else:
        out = convolve(x[None], weights, projection.stride, projection.padding, projection.dilation, groups)
    return out.reshape(target_shape)


def _planes(weights: Array, x: Array) -> Array | None:
    """What every channel sends, where its whole plane sends the same and all numbers are whole."""
    first = x.reshape(len(x), -1)[:, :1]
    alike = bool((x.reshape(len(x), -1) == first).all())
    whole = all(np.issubdtype(a.dtype, np.integer) or bool((np.rint(a) == a).all()) for a in (weights, first))
    return first[:, 0] if alike and whole else None


def _over_planes(weights: Array, planes: Array, space: Shape, projection: Any, groups: int) -> Array:
    """A convolution of planes that send the same everywhere: outputs differ only by the taps that lie outside.

    Sums of whole numbers do not depend on their order, as long as float64 or int64 holds them.
    """
    by_group = weights.reshape(groups, -1, *weights.shape[1:])
    each = planes.reshape(groups, 1, -1, *(1 for _ in space))
    out = (by_group * each).sum(axis=2).reshape(len(weights), *weights.shape[2:])
    size = window_output(space, weights.shape[2:], projection.stride, projection.padding, projection.dilation)
    axes = zip(space, size, weights.shape[2:], projection.stride, projection.padding, projection.dilation, strict=True)
    for height, count, kernel, stride, padding, dilation in axes:
        met = np.arange(count)[:, None] * stride - padding + np.arange(kernel) * dilation
        out = np.tensordot(out, ((met >= 0) & (met < height)).astype(out.dtype), axes=(1, 1))
    return out


def weighted_range(
    kind: str, weights: Array, sent: Interval, target_shape: tuple[int, ...], projection: Any
) -> Interval:
    """Least and greatest weighted sum when every message lies in its interval or is 0."""
    return product_range(kind, weights, (np.minimum(sent[0], 0), np.maximum(sent[1], 0)), target_shape, projection)


def product_range(kind: str, weights: Array, sent: Interval, target_shape: Shape, projection: Any) -> Interval:
    """Least and greatest weighted sum when every message lies in its interval."""
    low, high = sent
    positive, negative = np.maximum(weights, 0), np.minimum(weights, 0)

    def apply(w: Array, x: Array) -> Array:
        return apply_weights(kind, w, x, target_shape, projection) if x.any() and w.any() else np.zeros(target_shape)

    return apply(positive, low) + apply(negative, high), apply(positive, high) + apply(negative, low)


def received_sum(projections: Sequence[Projection], sent: Mapping[str, Sent], target_shape: Shape) -> Interval:
    """Worst case of what arrives over ``projections``, per neuron, in accumulator units, before any wrap.

    ``sent``: shape, smallest and largest message of every source.
    """
    least, most = np.zeros(target_shape), np.zeros(target_shape)
    for projection in projections:
        shape, low, high = sent[projection.source]
        low, high = (0, 1) if projection.message_bits == 1 else (low, high)
        messages = np.full(shape, low, np.float64), np.full(shape, high, np.float64)
        weights = projection.weights.astype(np.float64)
        bounds = weighted_range(projection.kind, weights, messages, target_shape, projection)
        least = least + np.floor(bounds[0] * 2.0**projection.shift)
        most = most + np.floor(bounds[1] * 2.0**projection.shift)
    return least, most


def message_range(shape: Shape, output: Output, max_spikes_per_step: int = 1) -> Sent:
    """Smallest and largest value a source sends: a count ends at its most spikes, a graded value at its width."""
    return shape, output.low, max_spikes_per_step if output.kind == "count" else output.high


def sent_in_fact(node: Input | Population, numerics: Numerics) -> Output:
    """What a node can send in fact: its declared output, a membrane that is read out, or a count of its spikes."""
    if isinstance(node, Input) or node.kind == "relay":
        return node.output
    if node.kind == "li":
        return Output("graded", numerics.membrane_bits, signed=True)
    return Output("count", max(1, node.max_spikes_per_step.bit_length()))


def accumulator_range(program: Program, name: str, projections: Sequence[Projection] | None = None) -> Interval:
    """Worst case of the accumulated input of population ``name``, per neuron, in accumulator units.

    ``projections``: those whose messages count; without them, all that enter it.
    """
    entering = program.into(name) if projections is None else projections
    sent: dict[str, Sent] = {}
    for projection in entering:
        node = program.node(projection.source)
        most = node.max_spikes_per_step if isinstance(node, Population) else 1
        sent[projection.source] = message_range(node.shape, sent_in_fact(node, program.numerics), most)
    return received_sum(entering, sent, program.by_name[name].shape)


def largest_input(program: Program, name: str, projections: Sequence[Projection] | None = None) -> tuple[int, int]:
    """Least and greatest accumulated input that any neuron of population ``name`` can receive in one step."""
    low, high = accumulator_range(program, name, projections)
    return int(low.min(initial=0)), int(high.max(initial=0))


def settled_current(population: Population, worst_case_input: float, numerics: Numerics) -> float:
    """The largest magnitude its current reaches, in state units, when every step brings ``worst_case_input``.

    A current that loses the share d per step settles at the input divided by d; one that loses nothing grows forever.
    Where every event adds to the current by itself, the current overflows within its width.
    """
    start = float(np.abs(population.initial_current).max(initial=0))
    step = worst_case_input * 2.0**numerics.state_shift
    lost = float(np.min(population.current_decay)) / numerics.decay_one
    if numerics.decay_rule == "shift":
        lost = 2.0 ** -float(np.max(population.current_decay))
    if numerics.accumulation == "events":
        return min(max(start, step / lost), 2.0 ** (numerics.current_bits - 1))
    if step == 0 or population.every_step:
        return max(start, step)
    return max(start, step / lost) if lost > 0 else float("inf")


def sum_range(projection: Projection, low: int, high: int) -> Range | None:
    """Exact least and greatest sum of one projection before any shift, when messages lie in ``low .. high``.

    Silence (0) always counts as possible. At the border of a window fewer weights act, which the range includes: the
    window is not run.
    None where it does not fit 64 bits.
    """
    low, high = (0, 1) if projection.message_bits == 1 else (min(low, 0), max(high, 0))
    weights = projection.weights
    if projection.kind == "sum-pool":
        weights = weights.reshape(1, -1)
    weights = weights.reshape(weights.shape[0], -1)
    largest = max(-int(weights.min(initial=0)), int(weights.max(initial=0)))
    if largest * weights.shape[1] >= 1 << 62:
        return None
    positive = np.maximum(weights, 0).sum(axis=1)
    negative = np.minimum(weights, 0).sum(axis=1)
    rows = [(int(p), int(n)) for p, n in zip(positive, negative, strict=True)]
    least = min((p * low + n * high for p, n in rows), default=0)
    most = max((p * high + n * low for p, n in rows), default=0)
    return (least, most) if INT64.low <= least and most <= INT64.high else None
