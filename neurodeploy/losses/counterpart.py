"""A population of integers beside what the network has in its place, both in the units of the integers.

Rules:

1. The float side comes of the stages ``resets``, ``paths`` and ``neurons`` alone: no scale, unit or rounding that was
   chosen later is part of it. Whether those stages kept the network's meaning is asked elsewhere (``bound``).
2. Weights that enter from one source over the same form (kind, window, delay) add up, on both sides: so a projection
   that was split into several is compared as their sum.
3. Accumulator units throughout: a number of the network times ``2**scale * unit`` of its population, a weight besides
   divided by ``2**scale`` of the messages that it meets. States are finer by ``2**state_shift``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.network.network import Network
from neurodeploy.passes.draft import Draft, Machine
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.paths import Synapse
from neurodeploy.passes.pipeline import Neurons, Paths, Resets
from neurodeploy.passes.stage import run_stages
from neurodeploy.program.population import Input, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.synapse import convolve_sent

Array = NDArray[np.float64]
Form = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Wiring:
    """All synapses of one form from one source into a population.

    - ``integers``, ``real``: sums of weights per unit of a message, in accumulator units, as the program and as the
      network have them; None where one of them has no synapses of this form.
    - ``scale``: an integer message stands for ``message / 2**scale``.
    - ``projections``: those that add up to ``integers``; ``paths``: how many of the network add up to ``real``.
    """

    source: Input | Population
    form: Any
    scale: int
    projections: tuple[Projection, ...]
    paths: int
    integers: Array | None
    real: Array | None

    @property
    def delay(self) -> int:
        """Steps from sending to arrival."""
        return int(self.form.delay)

    def applied(self, weights: Array, messages: Array, shape: tuple[int, ...]) -> Array:
        """Sums of ``weights`` times messages ``(B, *source shape)``: ``(K, B, *shape)``.

        ``weights``: K sets of them, each laid out as the wiring's, on a first axis.
        """
        batch, sets, form = len(messages), len(weights), self.form
        if form.kind in ("dense", "sparse"):
            rows = weights.reshape(-1, weights.shape[2])
            sums = (messages.reshape(batch, -1) @ rows.T).reshape(batch, sets, *shape)
            return np.moveaxis(sums, 1, 0)
        if form.kind != "sum-pool" and form.groups == 1:
            kernels = weights.reshape(-1, *weights.shape[2:])
            sums = convolve_sent(messages, kernels, form.stride, form.padding, form.dilation, 1)
            return np.moveaxis(sums.reshape(batch, sets, *shape), 1, 0)
        groups = messages.shape[1] if form.kind == "sum-pool" else form.groups
        if form.kind == "sum-pool":
            weights = np.broadcast_to(weights[:, None, None], (sets, groups, 1, *weights.shape[1:]))
        sums = [convolve_sent(messages, part, form.stride, form.padding, form.dilation, groups) for part in weights]
        return np.stack(sums).reshape(sets, batch, *shape)


@dataclass(frozen=True, eq=False)
class Counterpart:
    """A population, its float neuron with every number in accumulator units, and what enters it."""

    population: Population
    neuron: Neuron
    wirings: tuple[Wiring, ...]

    @property
    def name(self) -> str:
        """The name of the population."""
        return self.population.name


def counterparts(network: Network, program: Program) -> dict[str, Counterpart]:
    """The counterpart of every population of ``program``, which was made from ``network``.

    A neuron may spike as often in a step as that of the program, which may be fewer times than the network allows.
    Raises RefusedError for a network that has no form in integers.
    """
    most = max((population.max_spikes_per_step for population in program.populations), default=1)
    draft = run_stages((Resets(), Paths(), Neurons(spikes_per_step=most)), Draft(network, Machine.of(program.numerics)))
    return {
        population.name: _counterpart(program, population, draft.neurons[population.name], draft.paths)
        for population in program.populations
        if population.name in draft.neurons
    }


def _counterpart(program: Program, population: Population, neuron: Neuron, paths: Sequence[Synapse]) -> Counterpart:
    most = min(population.max_spikes_per_step, neuron.terms.max_spikes_per_step)
    neuron = replace(neuron, terms=replace(neuron.terms, max_spikes_per_step=most))
    unit = np.broadcast_to(2.0**population.scale * np.asarray(population.unit), population.shape)
    entering = [path.scaled(unit, population.shape) for path in paths if path.target == population.name]
    projections = program.into(population.name)
    forms = dict.fromkeys((*map(_form, entering), *map(_form, projections)))
    wirings = [_wiring(program, form, entering, projections) for form in forms]
    return Counterpart(population, neuron.counted_in(unit), tuple(wirings))


def _form(synapses: Synapse | Projection) -> Form:
    """What two sets of synapses must share to be the same but for their weights."""
    window = () if synapses.kind in ("dense", "sparse") else _window(synapses)
    return (synapses.source, synapses.kind, synapses.delay, synapses.weights.shape, window)


def _window(synapses: Synapse | Projection) -> Form:
    axes = 1 if synapses.kind == "conv1d" else 2
    window = (synapses.stride[:axes], synapses.padding[:axes], synapses.dilation[:axes])
    return (*window, synapses.groups if synapses.kind != "sum-pool" else 1)


def _wiring(program: Program, form: Form, paths: Sequence[Synapse], projections: Sequence[Projection]) -> Wiring:
    source = program.node(form[0])
    scale = source.output.scale
    ours = tuple(projection for projection in projections if _form(projection) == form)
    theirs = [path for path in paths if _form(path) == form]
    real = [np.asarray(path.weights * 2.0**-scale, np.float64) for path in theirs]
    example = ours[0] if ours else theirs[0]
    return Wiring(source, example, scale, ours, len(theirs), added(ours) if ours else None, _sum(real))


def added(projections: Sequence[Projection]) -> Array:
    """The weights that projections of one form have together, in accumulator units."""
    return np.sum([np.asarray(part.weights * 2.0**part.shift, np.float64) for part in projections], axis=0)


def _sum(parts: Sequence[Array]) -> Array | None:
    return sum(parts[1:], start=parts[0].astype(np.float64)) if parts else None


def place_of(index: Sequence[int], wiring: Wiring) -> str:
    """Where in a wiring's weights a synapse stands, in words."""
    numbers = [int(number) for number in index]
    if wiring.form.kind in ("dense", "sparse"):
        return f"neuron {numbers[0]} from {numbers[1]}"
    if wiring.form.kind == "sum-pool":
        return f"window {tuple(numbers)}"
    return f"channel {numbers[0]} from {numbers[1]}, window {tuple(numbers[2:])}"
