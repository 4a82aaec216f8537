"""What holds for every Program that has a meaning: the one list of rules, for what is loaded and for what is built.

A Program that keeps them runs on every runner without an index beyond an array or a number beyond 64 bits. What a
machine can carry is another question, which its target answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from math import prod
from typing import Any, Literal, get_args, get_type_hints

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.host import Head, Host
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import PER_NEURON, Compare, Input, Output, Population, Reset
from neurodeploy.program.population import Kind as PopulationKind
from neurodeploy.program.projection import WEIGHT_AXES, Projection
from neurodeploy.window import outputs_along

Violations = Iterator[Finding]
MOST_BITS, LARGEST, LONGEST_DELAY, MOST_NEURONS = 62, 1 << 62, 1 << 16, 1 << 31
"""Bounds of 64-bit arithmetic, of a delay in steps, and of neurons that 32-bit indices count."""
MOST_SHIFT, SCALES = 127, 1000
"""Of a shift, which may leave nothing; and of the exponent of a scale, within finite floats."""
MOST_DECAY, MOST_SPIKES = 1 << 24, 1 << 40
AXES = {"conv2d": 3, "conv1d": 2, "sum-pool": 3}
"""Axes of the source of each windowed kind."""


def violations(
    numerics: Numerics,
    inputs: Sequence[Input],
    populations: Sequence[Population],
    projections: Sequence[Projection],
    outputs: Sequence[str],
    host: Host,
) -> tuple[Finding, ...]:
    """Everything that keeps a Program from having a meaning; nothing where it has one."""
    sound = list(_numerics(numerics))
    nodes: dict[str, Input | Population] = {node.name: node for node in (*inputs, *populations)}
    rules: list[Violations] = [_names(inputs, populations, projections)]
    rules += [_input(node) for node in inputs]
    rules += [] if sound else [_population(node, numerics) for node in populations]
    rules += [_projection(node, nodes) for node in projections]
    rules += [_outputs(outputs, populations), _host(host, inputs, populations)]
    return (*sound, *(finding for rule in rules for finding in rule))


def refuse(problems: Sequence[Finding], where: str) -> None:
    """Raises InputError that lists all problems; nothing where there is none."""
    if problems:
        listed = "".join(f"\n  - {problem.node}: {problem.message}" for problem in problems[:MOST_LISTED])
        more = f"\n  - and {len(problems) - MOST_LISTED} more" if len(problems) > MOST_LISTED else ""
        count = f"{len(problems)} violation{'s' if len(problems) > 1 else ''}"
        raise InputError(f"is no sound program ({count}){listed}{more}", where, "export the network again")


MOST_LISTED = 50


def _need(holds: bool, node: str, message: str) -> Violations:
    if not holds:
        yield Finding("program", "error", node, message, "export the network again")


def _within(node: str, quantity: str, value: Any, low: int, high: int) -> Violations:
    """Every one of the integers ``value`` lies in ``low .. high``."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" and not (array.dtype.kind == "O" and isinstance(value, int)):
        yield from _need(False, node, f"{quantity} is of type {array.dtype}, not integers")
        return
    least, most = int(array.min(initial=low)), int(array.max(initial=high if array.size == 0 else low))
    outside = most if most > high else least
    yield from _need(low <= least and most <= high, node, f"{quantity} is {outside}, outside {low} .. {high}")


def _word(node: str, quantity: str, value: object, words: object) -> Violations:
    allowed = get_args(words)
    yield from _need(value in allowed, node, f"{quantity} is {value!r}, not one of {', '.join(map(str, allowed))}")


def _names(inputs: Sequence[Input], populations: Sequence[Population], projections: Sequence[Projection]) -> Violations:
    for kind, group in (("node", (*inputs, *populations)), ("projection", projections)):
        for name, count in Counter(node.name for node in group).items():
            yield from _need(count == 1, name, f"{count} {kind}s have this name")
    yield from _need(bool(inputs or populations), "program", "it has no node")
    neurons = sum(node.size for node in (*inputs, *populations))
    yield from _need(
        neurons < MOST_NEURONS, "program", f"it has {neurons} neurons, at most {MOST_NEURONS - 1} have indices"
    )


def _shape(name: str, shape: Sequence[int]) -> Violations:
    sound = all(size >= 1 for size in shape)
    yield from _need(sound, name, f"its shape is {tuple(shape)}, not sizes from 1")


def _numerics(n: Numerics) -> Violations:
    where = f"numerics {n.name}"
    widths = ("current_bits", "membrane_bits", "wide_bits", "conv_bits", "threshold_bits")
    bounds = dict.fromkeys((*widths, "message_bits", "weight_bits", "bias_mantissa_bits"), (1, MOST_BITS))
    bounds |= {"state_shift": (0, 31), "decay_bits": (1, 31), "shift_min": (-MOST_BITS, 0), "shift_max": (0, MOST_BITS)}
    bounds |= {"bias_exponent_max": (0, MOST_BITS), "delay_max": (0, LONGEST_DELAY)}
    for name, (low, high) in bounds.items():
        yield from _within(where, name, getattr(n, name), low, high)
    hints = get_type_hints(Numerics)
    for field in fields(n):
        if get_args(hints[field.name]) and isinstance(get_args(hints[field.name])[0], str):
            yield from _word(where, field.name, getattr(n, field.name), hints[field.name])


def _output(name: str, output: Output) -> Violations:
    yield from _word(name, "the kind of its output", output.kind, Literal["binary", "count", "graded"])
    yield from _within(name, "the width of its output", output.width, 1, MOST_BITS)
    yield from _within(name, "the scale of its output", output.scale, -SCALES, SCALES)
    yield from _need(output.ends is None, name, "its output has ends, which only an input has")


def _input(node: Input) -> Violations:
    yield from _shape(node.name, node.shape)
    yield from _within(node.name, "bits", node.bits, 1, MOST_BITS)
    yield from _within(node.name, "scale", node.scale, -SCALES, SCALES)
    yield from _word(node.name, "rounding", node.rounding, Literal["half-even"])
    if node.ends is not None and 1 <= node.bits <= MOST_BITS:
        full, (low, high) = replace(node, ends=None).output, node.ends
        held = full.low <= low <= 0 <= high <= full.high
        yield from _need(held, node.name, f"ends {low} and {high} are not around 0 within {full.low} .. {full.high}")


def _population(p: Population, n: Numerics) -> Violations:
    yield from _shape(p.name, p.shape)
    yield from _word(p.name, "kind", p.kind, PopulationKind)
    yield from _word(p.name, "compare", p.compare, Compare)
    yield from _word(p.name, "reset", p.reset, Reset)
    yield from _output(p.name, p.output)
    for quantity in PER_NEURON:
        shape = np.shape(getattr(p, quantity))
        yield from _need(shape in ((), p.shape), p.name, f"{quantity} has shape {shape}, not {p.shape}")
    decays = (-MOST_DECAY, MOST_DECAY) if n.decay_rule == "product" else (0, 63)
    yield from _within(p.name, "current_decay", p.current_decay, *decays)
    yield from _within(p.name, "membrane_decay", p.membrane_decay, *decays)
    compared = LARGEST >> n.state_shift
    for quantity in ("threshold", "reset_value", *(key for key in ("floor", "ceiling") if getattr(p, key) is not None)):
        yield from _within(p.name, quantity, getattr(p, quantity), -compared, compared)
    for quantity in ("bias", "initial_membrane", "initial_current"):
        yield from _within(p.name, quantity, getattr(p, quantity), -LARGEST, LARGEST)
    yield from _within(p.name, "max_spikes_per_step", p.max_spikes_per_step, 0, MOST_SPIKES)
    yield from _within(p.name, "shift", p.shift, -MOST_SHIFT, MOST_SHIFT)
    yield from _within(p.name, "scale", p.scale, -SCALES, SCALES)
    unit = np.asarray(p.unit)
    positive = unit.dtype.kind in "iuf" and bool((np.isfinite(unit) & (unit > 0)).all())
    yield from _need(
        positive and unit.shape in ((), p.shape), p.name, "unit is not one positive number, or one per neuron"
    )


def _projection(p: Projection, nodes: dict[str, Input | Population]) -> Violations:
    where = f"projection {p.name}"
    yield from _within(where, "shift", p.shift, -MOST_SHIFT, MOST_SHIFT)
    yield from _within(where, "delay", p.delay, 0, LONGEST_DELAY)
    yield from _within(where, "message_bits", p.message_bits, 1, MOST_BITS)
    yield from _word(where, "order", p.order, Literal["sum"])
    yield from _need(0 not in p.weights.shape, where, f"its weights have shape {p.weights.shape}")
    source, target = nodes.get(p.source), nodes.get(p.target)
    if source is None or not isinstance(target, Population):
        yield from _need(False, where, f"joins {p.source!r} to {p.target!r}, which is not in the program")
        return
    yield from _within(where, "weight", p.weights, -LARGEST, LARGEST)
    if p.kind in ("dense", "sparse"):
        expected = target.size, source.size
        fits = p.weights.shape == expected
        yield from _need(fits, where, f"its weights have shape {p.weights.shape}, not {expected}")
        return
    yield from _window(where, p, source.shape, target.size)


def _window(where: str, p: Projection, source: tuple[int, ...], target_size: int) -> Violations:
    axes = 1 if p.kind == "conv1d" else 2
    attributes = {"stride": p.stride, "padding": p.padding, "dilation": p.dilation}
    sound = len(source) == AXES[p.kind] and p.weights.ndim == WEIGHT_AXES[p.kind] and 0 not in p.weights.shape
    yield from _need(len(source) == AXES[p.kind], where, f"its source has shape {source}, not {AXES[p.kind]} axes")
    for name, values in attributes.items():
        least = 0 if name == "padding" else 1
        fits = len(values) == axes and all(least <= value < MOST_NEURONS for value in values)
        yield from _need(fits, where, f"its {name} is {values}, not {axes} numbers from {least}")
        sound = sound and fits
    if not sound:
        return
    kernel = p.weights.shape[-axes:]
    windows = zip(source[1:], kernel, p.stride, p.padding, p.dilation, strict=True)
    places = tuple(outputs_along(*axis) for axis in windows)
    channels = source[0]
    if p.kind != "sum-pool":
        channels = p.weights.shape[0]
        grouped = p.groups >= 1 and source[0] == p.weights.shape[1] * p.groups and channels % p.groups == 0
        shapes = f"{p.weights.shape} in {p.groups} groups"
        yield from _need(grouped, where, f"its kernels {shapes} do not fit {source[0]} channels")
    fits = min(places) >= 1 and channels * prod(places) == target_size
    yield from _need(fits, where, f"its windows leave {(channels, *places)} of {source}, its target has {target_size}")


def _outputs(outputs: Sequence[str], populations: Sequence[Population]) -> Violations:
    known = {node.name for node in populations}
    for name in outputs:
        yield from _need(name in known, name, "is named as an output, but is no population")


def _host(host: Host, inputs: Sequence[Input], populations: Sequence[Population]) -> Violations:
    sizes = {node.name: node.size for node in inputs}
    if host.pre is not None:
        fits = 1 <= host.pre.features <= sizes.get(host.pre.node, 0)
        yield from _need(
            fits, host.pre.node, f"its encoder takes {host.pre.features} signals, more than it has channels"
        )
    if host.post is not None:
        yield from _head(host.post, {node.name: node.shape for node in populations})


def _head(head: Head, shapes: dict[str, tuple[int, ...]]) -> Violations:
    yield from _need(head.node in shapes, head.node, f"the head {head.kind} reads it, but it is no population")
    for name, weights in head.weights.items():
        sound = weights.dtype.kind == "f" and bool(np.isfinite(weights).all())
        yield from _need(sound, head.node, f"the weights {name} of its head are no finite numbers")
