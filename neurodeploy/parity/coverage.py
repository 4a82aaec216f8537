"""What the stimulus exercised: agreement counts only where something happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import apply_weights
from neurodeploy.counting.kernels import Kernels
from neurodeploy.parity.block import Place
from neurodeploy.parity.branching import Branching
from neurodeploy.parity.known import Known
from neurodeploy.parity.sent import Sent
from neurodeploy.program.population import PER_NEURON, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.trace import Trace

Mask = NDArray[np.bool_]
Counts = dict[str, int]


def coverage(program: Program, trace: Trace, silent: Mapping[str, Mask] | None = None) -> dict[str, dict[str, float]]:
    """The coverage of a whole run, from a trace of the program with states. Its terms are those of ``Coverage``.

    ``silent``: by population, neurons that are proved never to send anything.
    """
    exercised = Coverage(program, trace.steps)
    exercised.add(trace)
    return exercised.fractions(silent)


class Coverage:
    """Adds up what the blocks of a run of ``steps`` steps exercised.

    Per population:

    - ``neurons_fired``: share of neurons that sent something at least once; ``activity``: share of cells (neurons times
      steps times samples) that did;
    - ``synapses_active``: share of its synapses (non-zero weights) over which a message arrived at least once;
    - ``channels_fired``, ``weights_active``: the same of what is stored once for all places in space: a channel fired
      if one of its neurons did, and the weight of a window met a message if it did in one place. Where neurons of a
      channel differ in a constant or have synapses of their own, every neuron counts; of several projections the one of
      which least was met;
    - of spiking populations, shares of cells: ``fired``; ``quiet``: it kept a charge and sent nothing; ``just_below``:
      its membrane lay below the threshold by no more than one unit of the accumulator; ``at_threshold``: on it;
      ``reset``: a spike changed the membrane; ``saturated``; ``clamped`` at floor or ceiling;
    - of relays, shares of cells: ``clipped_low``, ``clipped_high``: what they sent is the end of their range;
    - ``delayed``: where projections with a delay enter, the share of them that delivered something.
    - ``proved_silent``, ``proved_unreached``: where there are any, the share of neurons that are proved never to send
      anything, and of synapses from such neurons. They do not count in the shares above, nor do weights and
      channels that have no others.
    """

    def __init__(self, program: Program, steps: int, library: Kernels | None = None) -> None:
        """``library``: kernels that count faster."""
        self._program, self._steps = program, steps
        self._sent = {node.name: np.zeros(node.shape, np.bool_) for node in (*program.inputs, *program.populations)}
        delayed = [p for p in program.projections if p.delay]
        self._arrived = {p.name: np.zeros(program.node(p.source).shape, np.bool_) for p in delayed}
        self._counts: dict[str, Counts] = {population.name: {} for population in program.populations}
        self._cells = dict.fromkeys(self._counts, 0)
        spiking = [population for population in program.populations if population.kind == "cuba-lif"]
        self._branches = {population.name: Branching(program.numerics, population, library) for population in spiking}

    def add(self, trace: Trace, place: Place | None = None, known: Known | None = None) -> None:
        """Count a block of the program's run, with states; the blocks of a sample come in the order of their steps.

        ``known``: what is known of the block.
        """
        start, facts = Place() if place is None else place, Known() if known is None else known
        sent = {name: facts.sent(trace[name].output) for name in self._sent}
        for name, ever in self._sent.items():
            if sent[name].cells:
                ever |= sent[name].neurons > 0
        for projection in self._program.projections:
            if projection.delay and sent[projection.source].cells:
                steps = max(self._steps - projection.delay - start.step, 0)
                arrived = Sent(trace[projection.source].output[:, :steps])
                self._arrived[projection.name] |= arrived.neurons > 0
        for population in self._program.populations:
            self._count(population, trace, sent[population.name].cells, start.step == 0)

    def _count(self, population: Population, trace: Trace, activity: int, begins: bool) -> None:
        name, entry = population.name, trace[population.name]
        counts = {"activity": activity}
        if population.kind == "relay":
            low, high = population.output.low, population.output.high
            counts |= {"clipped_low": _count(entry.output == low), "clipped_high": _count(entry.output == high)}
        elif population.kind == "cuba-lif":
            counts |= self._branches[name].add(entry, begins)
        self._cells[name] += entry.output.size
        earlier = self._counts[name]
        self._counts[name] = {key: earlier.get(key, 0) + count for key, count in counts.items()}

    def fractions(self, silent: Mapping[str, Mask] | None = None) -> dict[str, dict[str, float]]:
        """The shares, by population. ``silent``: by population, neurons that are proved never to send anything."""
        proved = silent or {}
        able = {name: sent | ~proved.get(name, np.zeros_like(sent)) for name, sent in self._sent.items()}
        return {population.name: self._fractions(population, able) for population in self._program.populations}

    def _fractions(self, population: Population, able: Mapping[str, Mask]) -> dict[str, float]:
        """The shares of a population. ``able``: by population and input, what may send something."""
        name, cells = population.name, max(self._cells[population.name], 1)
        shares = {key: count / cells for key, count in self._counts[name].items()}
        fractions = {
            "neurons_fired": _share(_count(self._sent[name]), _count(able[name])),
            "activity": shares.pop("activity", 0.0),
            "synapses_active": self._synapses(population, able),
            "channels_fired": self._channels(population, able[name]),
            "weights_active": self._weights(population, able),
        }
        delayed = [self._arrived[p.name].any() for p in self._program.into(name) if p.delay]
        fractions |= shares | ({"delayed": float(np.mean(delayed))} if delayed else {})
        proved = {"proved_silent": 1 - float(able[name].mean()), "proved_unreached": self._unreached(population, able)}
        return fractions | {key: share for key, share in proved.items() if share}

    def _ever(self, projection: Projection) -> Mask:
        """Which elements of its source sent something that arrived."""
        return self._arrived[projection.name] if projection.delay else self._sent[projection.source]

    def _channels(self, population: Population, able: Mask) -> float:
        sent = self._sent[population.name]
        if _by_channel(population, self._program.into(population.name)):
            sent, able = (mask.reshape(len(mask), -1).any(axis=1) for mask in (sent, able))
        return _share(_count(sent), _count(able))

    def _told(self, source: str) -> bool:
        """Whether a population was inserted that tells what a membrane holds; what it sends may well be nothing."""
        population = self._program.by_name.get(source)
        return population is not None and population.inserted and population.kind == "cuba-lif"

    def _weights(self, population: Population, able: Mapping[str, Mask]) -> float:
        asked = [p for p in self._program.into(population.name) if p.weights.any() and not self._told(p.source)]
        shares = [_share(_met(p, self._ever(p)), _met(p, able[p.source])) for p in asked]
        return min(shares, default=1.0)

    def _synapses(self, population: Population, able: Mapping[str, Mask]) -> float:
        """The share of synapses from neurons that may send something; 0 where there is none."""
        active, possible, into = 0.0, 0.0, self._program.into(population.name)
        for projection in into:
            active += _reached(projection, population.shape, self._ever(projection))
            possible += _reached(projection, population.shape, able[projection.source])
        return _share(active, possible) if any(projection.weights.any() for projection in into) else 1.0

    def _unreached(self, population: Population, able: Mapping[str, Mask]) -> float:
        """The share of synapses from neurons that cannot send anything."""
        unable, present, into = 0.0, 0.0, self._program.into(population.name)
        if all(able[projection.source].all() for projection in into):
            return 0.0
        for projection in into:
            unable += _reached(projection, population.shape, ~able[projection.source])
            present += _reached(projection, population.shape, np.ones_like(able[projection.source]))
        return _share(unable, present)


def _by_channel(population: Population, projections: Sequence[Projection]) -> bool:
    """Whether all neurons of a channel are alike but for where they look."""
    constants = [getattr(population, key) for key in PER_NEURON]
    alike = all(
        (rows == rows[:, :1]).all()
        for rows in (np.broadcast_to(c, population.shape).reshape(population.shape[0], -1) for c in constants)
    )
    return alike and len(population.shape) > 1 and all(p.kind not in ("dense", "sparse") for p in projections)


def _met(projection: Projection, sent: Mask) -> int:
    """How many of its weights meet a message somewhere, where those elements send."""
    weights = projection.weights
    if projection.kind in ("dense", "sparse"):
        met = np.broadcast_to(sent.reshape(-1), weights.shape)
        return _count(met & (weights != 0))
    groups = len(sent) if projection.kind == "sum-pool" else projection.groups
    windows = weights if projection.kind != "sum-pool" else np.broadcast_to(weights, (groups, 1, *weights.shape))
    space = windows.shape[2:]
    padded = np.pad(sent, [(0, 0), *((p, p) for p in projection.padding[: len(space)])])
    met = np.zeros((len(sent), *space), np.bool_)
    for tap in np.ndindex(*space):
        met[:, *tap] = padded[:, *_places(projection, padded.shape[1:], space, tap)].reshape(len(sent), -1).any(axis=1)
    read = met.reshape(groups, 1, -1, *space)
    stored = (windows != 0).reshape(groups, -1, *windows.shape[1:])
    return _count(read & stored)


def _places(
    projection: Projection, size: tuple[int, ...], window: tuple[int, ...], tap: tuple[int, ...]
) -> tuple[slice, ...]:
    """The elements that a window's ``tap`` reads in all its places, along each axis of a padded map."""
    axes = zip(size, window, tap, projection.stride, projection.dilation, strict=False)
    return tuple(
        slice(place * dilation, length - (width - 1 - place) * dilation, stride)
        for length, width, place, stride, dilation in axes
    )


def _reached(projection: Projection, shape: tuple[int, ...], sent: Mask) -> float:
    connected = (projection.weights != 0).astype(np.float64)
    return float(apply_weights(projection.kind, connected, sent.astype(np.float64), shape, projection).sum())


def _share(reached: float, possible: float) -> float:
    """How much of what is possible; 0 where nothing is."""
    return float(reached / possible) if possible else 0.0


def _count(cells: Mask) -> int:
    return int(np.count_nonzero(cells))
