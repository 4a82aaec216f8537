"""A program's integers: its weights, its kernels, and how much of an accumulator they can fill."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import accumulator_range
from neurodeploy.errors import InputError, choices
from neurodeploy.plot.canvas import ACTUAL, BOTH, EXPECTED, empty, panels, plain
from neurodeploy.plot.frames import tiles
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.table import dimensions
from neurodeploy.trace import Trace

KERNELS = 16
"""Kernels in one picture."""


def weights(program: Program) -> Any:
    """How often every integer occurs among the weights of each projection, over the range the machine has for them.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for a program without projections. UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.weights(bundle.program)
    """
    projections = program.projections
    if not projections:
        raise InputError("the program has no projection", "nd.plot.weights", "give one with weights")
    rows = -(-len(projections) // 2)
    figure = empty("weights", 9 if len(projections) > 1 else 5, 0.3 + 2.1 * rows)
    widest = 2**program.numerics.weight_bits
    words: list[str] = []
    for axes, projection in zip(panels(figure, len(projections), 2), projections, strict=True):
        values, counts = np.unique(projection.weights, return_counts=True)
        plain(axes).bar(values, counts, width=max(1.0, np.ptp(values) / 120), color=EXPECTED)
        half = max(widest // 2, int(np.abs(values).max())) * 1.05
        axes.set(xlim=(-half, half), ylabel="weights", xlabel="integer weight")
        axes.set_title(f"{projection.name}: {projection.weights.size:,} weights, {len(values)} levels", fontsize=10)
        words.append(f"{projection.name} has {len(values)} levels from {values.min()} to {values.max()}")
    figure.alt = f"Histograms of integer weights, a panel for a projection: {'; '.join(words)}"
    return figure


def kernels(program: Program, projection: str) -> Any:
    """The kernels of a convolution as the machine holds them, the first sixteen, each of its first input channel.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for a projection that is not there or has no kernels.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.kernels(bundle.program, "conv1")
    """
    named = {p.name: p for p in program.projections if p.weights.ndim == 4}
    if projection not in named:
        remedy = choices(projection, named, "convolutions are") if named else "it has no convolution"
        raise InputError(f"there are no kernels of {projection!r}", "nd.plot.kernels", remedy)
    planes = named[projection].weights[:KERNELS, 0]
    names = [f"channel {channel}" for channel in range(len(planes))]
    title = f"{projection}: kernels of the first input channel"
    figure = tiles("kernels", planes, names, title, "integer weight")
    figure.alt = (
        f"{title}, {len(planes)} of them, {dimensions(planes.shape[1:])}, from {planes.min()} to {planes.max()}"
    )
    return figure


def room(program: Program, trace: Trace | None = None) -> Any:
    """What can arrive at every neuron in one step, as a part of the accumulator: at worst, and in a run.

    Args:
        program: whose worst cases hold for every input that its quantizers give.
        trace: a run of it with states. What arrived is read from currents, of populations whose currents keep nothing.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for a program whose numerics have no bound.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.room(program, nd.run(bundle, stimulus, on="program", states=True))
    """
    bound = program.numerics.accumulator_bound
    if not bound:
        raise InputError("its accumulators have no bound", "nd.plot.room", "quantize for numerics such as loihi2")
    count = len(program.populations)
    figure = empty("room", min(12.0, 1.2 + 2.7 * count), 3.4 * -(-count // 4) + 0.2)
    axes = panels(figure, count, 4, sharey=True)
    words = [_draw_room(place, program, p, bound, trace) for place, p in zip(axes, program.populations, strict=True)]
    axes[0].set_ylabel("arriving in one step / bound")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="small")
    figure.alt = f"Largest input of every neuron as a part of the accumulator: {'; '.join(words)}"
    return figure


def _draw_room(axes: Any, program: Program, population: Population, bound: int, trace: Trace | None) -> str:
    low, high = (
        np.broadcast_to(end, population.shape).ravel() / bound for end in accumulator_range(program, population.name)
    )
    look = {"edges": np.arange(population.size + 1) - 0.5, "fill": True, "linewidth": 0}
    axes.stairs(high, baseline=low, color=EXPECTED, alpha=0.35, label="possible at worst", **look)
    most = max(-low.min(), high.max())
    words = f"{population.name} at worst {100 * most:.0f} %"
    arrived = None if trace is None else _arrived(program, population, trace)
    if arrived is not None:
        part = arrived.reshape(-1, population.size) / bound
        axes.stairs(part.max(axis=0), baseline=part.min(axis=0), color=ACTUAL, label="in this run", **look)
        words += f", in the run {100 * np.abs(part).max():.0f} %"
    for side in (-1, 1):
        axes.axhline(side, color=BOTH, linestyle="--", linewidth=1, label="bound" if side > 0 else None)
    axes.set(xlim=(-0.5, population.size - 0.5), ylim=(-1.1, 1.1), xlabel="neuron")
    axes.set_title(words.replace(" at worst", ":\nat worst"), fontsize=9)
    return words


def _arrived(program: Program, population: Population, trace: Trace) -> NDArray[Any] | None:
    """What arrived in every step, where the current is nothing but that; None elsewhere."""
    current = trace[population.name].u
    if current is None or np.any(np.asarray(population.current_decay) != program.numerics.decay_one):
        return None
    return current >> program.numerics.state_shift
