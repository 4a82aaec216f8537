"""The weights of a path on the grid of a machine, at a given accumulator scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from neurodeploy.analysis.ranges import Sent, Shape, message_range, received_sum
from neurodeploy.errors import CannotRepresentError
from neurodeploy.passes.draft import Draft, Rounded
from neurodeploy.passes.grid import bits_kept, round_weights
from neurodeploy.passes.machine import IntArray, Machine
from neurodeploy.passes.messages import FEWEST_WEIGHT_BITS
from neurodeploy.passes.neurons import Array
from neurodeploy.passes.paths import Synapse
from neurodeploy.program.population import Output
from neurodeploy.program.projection import Projection

GOOD_WEIGHT_BITS = 6
"""Bits that a remedy leaves the weights, where they have more."""


def weight_ceiling(path: Synapse, source: Output, machine: Machine) -> int:
    """The largest accumulator scale at which the path's weights fit their grid with the largest shift."""
    return _weight_scale(path, machine) + source.scale + machine.largest_shift(path)


def round_path(
    path: Synapse, scale: int, source: Output, machine: Machine, unit: Array | None = None
) -> tuple[Rounded, ...]:
    """The integers of a path: one projection, or an upper and a lower part.

    Args:
        path: the float operator.
        scale: k of the accumulator scale ``2**k`` of the population that it enters.
        source: the messages that arrive.
        machine: whose grids hold.
        unit: that of the population, ``shape`` or one number, by which the error is divided.

    The shift of the weights brings them to a scale that their grid alone does not reach; a negative one brings whole
    numbers that stand between two points of their grid onto it. Raises CannotRepresentError for a delay that is longer
    than the machine's, and for weights without a level.
    """
    _check_delay(path, machine)
    fit = scale - source.scale - _weight_scale(path, machine)
    least, most = machine.least_shift(path), machine.largest_shift(path)
    shift = max(least, min(fit, most)) if np.any(path.weights) else 0
    shift = _exact_shift(path, scale - source.scale, fit, machine) or shift
    weight_scale = scale - source.scale - shift
    grid = machine.grid(path, max(0, shift - fit) if shift <= 0 else 0)
    integers = round_weights(path.weights, weight_scale, grid)
    errors = np.abs(integers * 2.0**-weight_scale - path.weights)
    if unit is not None:
        errors = errors / _by_row(unit, errors)
    kept, error = bits_kept(integers, grid), float(errors.max(initial=0))
    return tuple(
        Rounded(path, _projection(path, part, part_shift, source), kept, error, lower=number > 0)
        for number, (part, part_shift) in enumerate(machine.parts(path, integers, shift))
    )


def _exact_shift(path: Synapse, scale: int, fit: int, machine: Machine) -> int:
    """The negative shift at which whole weights at ``2**scale`` stand on the grid, where only one does; else 0."""
    windowed, whole = path.kind not in ("dense", "sparse"), path.weights * 2.0**scale
    if windowed or fit >= 0 or machine.low_bits(path) or not np.any(whole) or np.any(whole != np.rint(whole)):
        return 0
    for shift in range(0, max(fit, machine.numerics.shift_min) - 1, -1):
        grid = machine.grid(path, shift - fit)
        if np.all(round_weights(path.weights, scale - shift, grid) == whole * 2.0**-shift):
            return shift
    return 0


def rounded_paths(draft: Draft, paths: Iterable[Synapse], scale: int, unit: Array | None = None) -> tuple[Rounded, ...]:
    """The integers of several paths into one population at its accumulator scale ``2**scale``."""
    return tuple(
        rounded
        for path in paths
        for rounded in round_path(path, scale, draft.outputs[path.source], draft.machine, unit)
    )


def _projection(path: Synapse, weights: IntArray, shift: int, source: Output) -> Projection:
    return Projection(
        name=path.nodes[-1] if path.nodes else f"{path.source}->{path.target}",
        source=path.source,
        target=path.target,
        kind=path.kind,
        weights=weights,
        shift=shift,
        delay=path.delay,
        message_bits=source.width if source.kind != "binary" else 1,
        stride=path.stride,
        padding=path.padding,
        dilation=path.dilation,
        groups=path.groups,
    )


def sent_messages(draft: Draft, sources: Iterable[str]) -> dict[str, Sent]:
    """Shape and range of the messages of each of ``sources``."""
    network = draft.network
    return {
        name: message_range(network.shapes[name], draft.outputs[name], network.contract.of(name).max_spikes_per_step)
        for name in set(sources)
    }


def worst_case(rounded: Sequence[Rounded], sent: Mapping[str, Sent], shape: Shape) -> int:
    """The largest magnitude that can arrive over these paths in one step, in accumulator units."""
    low, high = received_sum([layer.projection for layer in rounded], sent, shape)
    return int(max(-low.min(initial=0), high.max(initial=0)))


def check_bits(draft: Draft, rounded: Sequence[Rounded], scale: int, worst: int) -> None:
    """Raises CannotRepresentError where a path into one population keeps too few bits of its weights.

    Fewer than four are refused, unless that many were asked for or the weights stay exact.
    """
    for layer in rounded:
        fewest = fewest_bits(draft, layer)
        if layer.weight_bits < fewest:
            sent = [draft.outputs[other_layer.projection.source] for other_layer in rounded]
            raise CannotRepresentError(
                f"only {layer.weight_bits} weight bits are left beside {layer.projection.message_bits} message bits "
                f"(accumulator scale 2^{scale}, worst-case input {worst})",
                f"projection {layer.projection.name} into {layer.projection.target}",
                _remedy(layer, sent, draft, scale),
                value=float(layer.weight_bits),
                limit=float(fewest),
            )


def fewest_bits(draft: Draft, layer: Rounded) -> int:
    """The bits that the weights of a path must keep: four, unless fewer were asked for or they are exact."""
    return 0 if layer.exact else min(FEWEST_WEIGHT_BITS, draft.machine.bits(layer.path))


def _weight_scale(path: Synapse, machine: Machine) -> int:
    """The largest scale at which the weights fit their grid without a shift."""
    return machine.grid(path).fitting_scale(path.weights)


def _by_row(unit: Array, weights: Array) -> Array:
    """The unit of each weight's row, broadcastable to the ``weights``; the kernel of a pooling has no rows."""
    if np.all(unit == unit.flat[0]):
        return unit.flat[:1]
    rows = unit.reshape(len(weights), -1)[:, 0]
    return rows.reshape(-1, *[1] * (weights.ndim - 1))


def _check_delay(path: Synapse, machine: Machine) -> None:
    most = machine.numerics.delay_max
    if path.delay > most:
        raise CannotRepresentError(
            f"a delay of {path.delay} steps; {machine.numerics.name} has at most {most}",
            f"projection {path.source}->{path.target}",
            "shorten it (recurrent_delay, or the Delay node)",
            value=float(path.delay),
            limit=float(most),
        )


def _remedy(layer: Rounded, sent: Sequence[Output], draft: Draft, scale: int) -> str:
    """What gives the weights enough bits: narrower messages, as an option; or the few bits that are left."""
    machine, ways = draft.machine, ["use smaller or fewer inputs"]
    widest = max((output.width for output in sent if output.kind != "binary"), default=1)
    counts = any(output.kind == "count" and output.width == widest for output in sent)
    source = next(o for o in sent if o.width == layer.projection.message_bits)
    grid = machine.grid(layer.path)
    missing = _weight_scale(layer.path, machine) - (scale - source.scale - layer.projection.shift)
    narrower = widest - missing + max(0, machine.weight_bits - GOOD_WEIGHT_BITS)
    if counts and narrower >= 1:
        most = (1 << narrower) - 1
        ways.append(f"fewer spikes per step (-O spikes-per-step={most}; in sinabs spike_fn=MaxSpike({most}))")
    elif not counts and narrower >= 2:
        ways.append(f"narrower messages (-O message-bits={narrower})")
    holds_threshold = not np.any(draft.neurons[layer.projection.target].rounds_to_zero(scale))
    if layer.weight_bits >= (2 if grid.signed else 1) and holds_threshold:
        ways.append(f"accept it with -O weight-bits={layer.weight_bits}")
    return f"{', '.join(ways[:-1])}, or {ways[-1]}" if len(ways) > 1 else f"{ways[0]}, or other numerics"
