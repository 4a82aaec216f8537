"""What rounding did to one population: the errors of its constants, and how far its current can go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurodeploy.analysis.ranges import settled_current
from neurodeploy.finding import Finding
from neurodeploy.numerics import Numerics
from neurodeploy.passes.grid import kept_by
from neurodeploy.passes.neurons import Neuron
from neurodeploy.program.population import Population


@dataclass(frozen=True)
class LayerReport:
    """What quantization did to one projection: bits the weights keep, the largest rounding error, whether exact."""

    projection: str
    source: str
    target: str
    weight_bits: int
    message_bits: int
    scale: int
    shift: int
    exact: bool
    largest_error: float
    worst_case_input: int


@dataclass(frozen=True)
class NeuronReport:
    """Largest errors of a population's constants, in the network's own units (factors per step for the decays).

    ``largest_current``: the largest synaptic current, as a share of its width. Above 1 the current can overflow. Only
    one that decays by less than 1/256 per step can: no scale leaves room for what it gathers without end.
    """

    population: str
    scale: int
    threshold_error: float
    bias_error: float
    current_decay_error: float
    membrane_decay_error: float
    largest_current: float

    @property
    def can_overflow(self) -> bool:
        """Whether the worst case of the current leaves its width."""
        return self.largest_current > 1

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``largest_current`` is null where nothing bounds it."""
        bounded = self.largest_current if isfinite(self.largest_current) else None
        return {**asdict(self), "largest_current": bounded, "can_overflow": self.can_overflow}


@dataclass(frozen=True)
class Calibrated:
    """What calibration did to a population, on the stimulus it was given.

    - ``rows``: channels or neurons; ``calibrated_rows``: those that keep more spikes than rounded plainly.
    - ``cells``: samples times steps times neurons. ``differing_plain``, ``differing``: those that differ from the float
      network, rounded plainly and as chosen.
    - ``differing_aside``: those of the samples that nothing was fitted to, a share ``aside`` of all; None where there
      were too few samples to set any aside.
    - ``reason``: why the population is rounded plainly, or None.
    - ``cut``: cells in which the machine cuts a membrane that the float network has. ``room``: whether the scale was
      chosen to leave room for them.
    - ``finer``: of an input or a sum, by how many powers of two its messages are finer than those that hold every value
      of its range; ``clipped``: how many messages of the stimulus that clips.
    """

    population: str
    rows: int
    calibrated_rows: int
    cells: int
    differing_plain: int
    differing: int
    differing_aside: int | None = None
    aside: float = 0.0
    reason: str | None = None
    cut: int = 0
    room: bool = False
    finer: int = 0
    clipped: int = 0

    @property
    def shares(self) -> tuple[float, float] | None:
        """The share of cells that differ where choices were fitted, and aside; None where none stood aside."""
        if self.differing_aside is None:
            return None
        fitted = (self.differing - self.differing_aside) / (self.cells * (1 - self.aside))
        return fitted, self.differing_aside / (self.cells * self.aside)

    @property
    def overfitted(self) -> bool:
        """Whether far more cells differ in samples that nothing was fitted to."""
        return self.shares is not None and self.shares[1] > max(OVERFITTED * self.shares[0], LEAST_OVERFITTED)


OVERFITTED = 1.5
"""How many times as many cells may differ aside before it is told."""
LEAST_OVERFITTED = 1e-3
"""Share of the cells below which nothing is told."""


def calibration_findings(reports: Iterable[Calibrated]) -> tuple[Finding, ...]:
    """A warning for every population whose choices hold only for the samples they were fitted to."""
    return tuple(
        Finding(
            "calibration-overfitted",
            "warning",
            report.population,
            f"{100 * report.shares[0]:.2g} % of its cells differ in samples that it was fitted to, "
            f"{100 * report.shares[1]:.2g} % in others",
            "calibrate with more samples",
        )
        for report in reports
        if report.shares is not None and report.overfitted
    )


@dataclass(frozen=True)
class BitChoice:
    """The bits that a budget led to: the share of spikes asked for, the share kept on the stimulus, bits by layer.

    ``kept_aside``: what these bits keep on samples set aside, calibrated on the others; None where there were too few.
    """

    budget: float
    kept: float
    bits: Mapping[str, int]
    kept_aside: float | None = None


def budget_findings(choice: BitChoice | None) -> tuple[Finding, ...]:
    """A warning where a budget is kept on the stimulus, but not on samples that calibration did not see."""
    if choice is None or choice.kept_aside is None or choice.kept_aside >= choice.budget:
        return ()
    message = (
        f"{choice.kept:.3f} of the spikes are kept on the stimulus, and {choice.kept_aside:.3f} on samples set aside "
        f"while the others were calibrated on; the budget is {choice.budget:g}"
    )
    remedy = f"calibrate with more samples, or ask for a larger budget than {choice.budget:g}"
    return (Finding("budget-overfitted", "warning", "network", message, remedy),)


def overflow_findings(reports: Iterable[NeuronReport]) -> tuple[Finding, ...]:
    """A warning for every population whose current can leave its width."""
    return tuple(_overflow(report) for report in reports if report.can_overflow)


def cut_findings(reports: Iterable[Calibrated]) -> tuple[Finding, ...]:
    """A note on every population whose membrane is cut on the calibration stimulus, where room would cost more.

    And on every input and sum whose messages are clipped on it, because a finer scale loses less.
    """
    known = tuple(reports)
    return (
        *(_cut(report) for report in known if report.cut),
        *(_clipped(report) for report in known if report.clipped),
    )


def _clipped(report: Calibrated) -> Finding:
    message = (
        f"its messages are {2**report.finer} times finer than those that hold its whole range, and clip "
        f"{report.clipped} values of the calibration stimulus, which loses less than coarser ones"
    )
    remedy = "calibrate with a stimulus that has the large values of later use"
    return Finding("message-clipped", "info", report.population, message, remedy)


def _cut(report: Calibrated) -> Finding:
    message = (
        f"the network's membrane leaves the machine's width in {report.cut} cells of the calibration stimulus, "
        "and a scale with room for them would change more spikes, or leave too few weight bits"
    )
    remedy = "check tells what it costs; wider weights make room (-O weight-bits=16)"
    return Finding("membrane-cut", "info", report.population, message, remedy)


def _overflow(report: NeuronReport) -> Finding:
    bounded = isfinite(report.largest_current)
    reach = f"can reach {100 * report.largest_current:.0f} % of its width" if bounded else "never decays"
    message = f"its synaptic current {reach}, so long strong input makes it overflow"
    return Finding("current-overflow", "warning", report.population, message, "use a shorter synaptic time constant")


def neuron_report(neuron: Neuron, population: Population, worst_case_input: int, numerics: Numerics) -> NeuronReport:
    """The report of ``neuron`` as the integer ``population``, which receives at most ``worst_case_input`` per step."""
    unit = 2.0**-population.scale / np.asarray(population.unit)
    if population.kind == "relay":
        bias = _largest(neuron.bias - np.asarray(population.bias) * unit)
        return NeuronReport(population.name, population.scale, 0.0, bias, 0.0, 0.0, 0.0)
    reach = settled_current(population, float(worst_case_input), numerics)
    return NeuronReport(
        population.name,
        population.scale,
        _largest(neuron.threshold / neuron.unit - np.asarray(population.threshold) * unit),
        _largest(neuron.bias / neuron.unit - np.asarray(population.bias) * unit / 2.0**numerics.state_shift),
        _largest(neuron.keep_current - _keep(population.current_decay, numerics)),
        _largest(neuron.keep_membrane - _keep(population.membrane_decay, numerics)),
        reach / 2.0 ** (numerics.current_bits - 1),
    )


def _keep(decay: ArrayLike, numerics: Numerics) -> NDArray[np.float64]:
    if numerics.decay_rule == "shift":
        return kept_by(np.asarray(decay))
    return 1.0 - np.asarray(decay, np.float64) / numerics.decay_one


def _largest(error: NDArray[np.float64]) -> float:
    return float(np.abs(error).max(initial=0))
