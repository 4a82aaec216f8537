"""What the pipeline knows of a program while it is being made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from neurodeploy.finding import Finding
from neurodeploy.network.network import Network
from neurodeploy.numerics import Numerics
from neurodeploy.passes.accuracy import BitChoice, Calibrated, LayerReport, NeuronReport
from neurodeploy.passes.machine import Machine
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.paths import Synapse
from neurodeploy.passes.values import Values
from neurodeploy.program.population import FloatArray, Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection


@dataclass(frozen=True, eq=False)
class Rounded:
    """A path as integers: the projection, the bits its weights keep, and the largest error of a weight.

    A path may have two parts, whose weights then add up: ``lower`` is the one with the smaller exponent.
    """

    path: Synapse
    projection: Projection
    weight_bits: int
    largest_error: float
    lower: bool = False

    @property
    def exact(self) -> bool:
        """Whether no weight was rounded, and no sum is."""
        floored = 1 << max(-self.projection.shift, 0)
        return self.largest_error == 0 and not np.any(self.projection.weights % floored)


@dataclass(frozen=True, eq=False)
class Draft:
    """State between two stages. Every stage returns a new draft with what it found; empty fields are still to come.

    - ``sources``: for every node that the pipeline added to ``network``, the nodes of the source it stands for.
    - ``paths``: all paths between populations as float operators, in the order of the populations they enter.
    - ``neurons``: real-valued parameters of each population.
    - ``values``: range of what each node can send, in the network's own units.
    - ``ceilings``: by population, the largest k of a scale ``2**k`` at which everything but graded messages fits.
    - ``reached``: by population, the largest membranes that its scale leaves room for, in the network's own units,
      per neuron; without them a scale is chosen for the input of one step.
    - ``roomy``: populations whose scales leave room for every membrane that any stimulus makes.
    - ``inputs``: inputs with their quantizers. ``outputs``: what each node sends, as integers.
    - ``scales``: by population, k of its accumulator scale ``2**k`` (integers per unit of the network).
    - ``rounded``: integers of all paths. ``populations``: integers of all neurons.
    - ``adapted``: what a machine does otherwise than the contract says.
    - ``bit_choice``: the bits per layer that a budget led to.
    - ``worst_cases``: by population, the largest magnitude that can arrive in one step, in accumulator units.
    """

    network: Network
    machine: Machine
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    paths: tuple[Synapse, ...] = ()
    neurons: Mapping[str, Neuron] = field(default_factory=dict[str, Neuron])
    values: Mapping[str, Values] = field(default_factory=dict[str, Values])
    ceilings: Mapping[str, int] = field(default_factory=dict[str, int])
    reached: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    roomy: frozenset[str] = frozenset()
    inputs: Mapping[str, Input] = field(default_factory=dict[str, Input])
    outputs: Mapping[str, Output] = field(default_factory=dict[str, Output])
    scales: Mapping[str, int] = field(default_factory=dict[str, int])
    rounded: tuple[Rounded, ...] = ()
    populations: tuple[Population, ...] = ()
    adapted: tuple[Finding, ...] = ()
    bit_choice: BitChoice | None = None
    calibrated: tuple[Calibrated, ...] = ()
    worst_cases: Mapping[str, int] = field(default_factory=dict[str, int])
    program: Program | None = None
    layers: tuple[LayerReport, ...] = ()
    reports: tuple[NeuronReport, ...] = ()

    @property
    def numerics(self) -> Numerics:
        """The machine's arithmetic."""
        return self.machine.numerics

    def entering(self, population: str) -> tuple[Synapse, ...]:
        """Paths into a population."""
        return tuple(path for path in self.paths if path.target == population)

    def source_nodes(self, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """The nodes of the source network that these nodes come from, each once."""
        return tuple(dict.fromkeys(source for node in nodes for source in self.sources.get(node, (node,))))


def layer_report(draft: Draft, rounded: Rounded, name: str) -> LayerReport:
    """What rounding did to the projection that is called ``name``."""
    projection = rounded.projection
    return LayerReport(
        name,
        projection.source,
        projection.target,
        rounded.weight_bits,
        projection.message_bits,
        draft.scales[projection.target],
        projection.shift,
        rounded.exact,
        rounded.largest_error,
        draft.worst_cases[projection.target],
    )
