"""Changes of quantization, really tried on the stimulus of a check: what each brings back, layer by layer.

Tried are: calibrated rounding, units of rows, room for membranes that a width cut, wider weights in the layer whose
weights cost most and in all of them, and other numerics that the targets have; where none of them keeps the budget,
calibrated rounding of wider weights. What is refused says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import NeurodeployError
from neurodeploy.flow.exporting import quantize
from neurodeploy.flow.labels import task_of
from neurodeploy.losses.losses import Loss
from neurodeploy.losses.remedy import SAME, Kind, Remedy
from neurodeploy.losses.variants import covers
from neurodeploy.network.network import Network
from neurodeploy.numerics import Numerics
from neurodeploy.passes.machine import widest_weights
from neurodeploy.passes.options import EVERY_LAYER
from neurodeploy.passes.pipeline import pipeline_options
from neurodeploy.passes.units import LAYER, POWER, ROW
from neurodeploy.program.program import Program
from neurodeploy.rasters import jaccard
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace

WIDEST = 16
"""Most bits of a weight that are tried."""
FEWEST_TO_SPLIT = 4
"""Samples from which on half of them are held out when calibration is tried."""


@dataclass(frozen=True, eq=False)
class Tried:
    """A check whose quantization lost spikes, and what can be changed about it.

    - ``expected``, ``actual``: runs of the float network and of the program on ``stimulus``.
    - ``numerics``, ``options``: with which the program was made. ``calibrated``: whether a stimulus was given.
    - ``choices``: other numerics that its targets have.
    - ``losses``: what its quantization cost every population.
    """

    network: Network
    program: Program
    stimulus: Stimulus
    expected: Trace
    actual: Trace
    options: Mapping[str, str]
    choices: tuple[Numerics, ...] = ()
    calibrated: bool = False
    losses: Mapping[str, Loss] = field(default_factory=dict[str, Loss])

    @property
    def numerics(self) -> Numerics:
        """The machine's arithmetic."""
        return self.program.numerics


def remedies(check: Tried, samples: int, budget: float) -> tuple[Remedy, ...]:
    """What every change brings on the first ``samples`` samples, at most."""
    first = np.arange(min(samples, check.stimulus.batch))
    done = [_try(check, change, first) for change in _changes(check)]
    if all(remedy.refused or remedy.worst < budget for remedy in done):
        done += [_try(check, change, first) for change in _both(check, done)]
    return tuple(done)


@dataclass(frozen=True)
class _Change:
    kind: Kind
    options: Mapping[str, str]
    calibrate: bool = False
    numerics: Numerics | None = None

    @property
    def how(self) -> str:
        parts = [f"-O {key}={value}" for key, value in self.options.items()]
        parts += ["--calibrate STIMULUS"] if self.calibrate else []
        return " ".join(parts)


def _changes(check: Tried) -> Iterator[_Change]:
    if not check.calibrated:
        yield _Change("calibrate", {}, calibrate=True)
    if check.options.get("unit") in (POWER, LAYER) and not check.calibrated:
        yield _Change("finer units", {"unit": ROW})
    room = _room(check)
    if room is not None:
        yield _Change("room for membranes", {"weight-exponent": str(room)}, check.calibrated)
    widest = _widest(check)
    if widest is not None:
        layer = _one_layer(check, widest)
        if layer is not None:
            yield _Change("wider weights in one layer", {"weight-bits": layer}, calibrate=check.calibrated)
        yield _Change("wider weights", {"weight-bits": str(widest)}, calibrate=check.calibrated)
    for numerics in check.choices:
        if numerics != check.numerics and covers(numerics):
            full = {"weight-bits": str(numerics.weight_bits)} if "weight-bits" in check.options else {}
            yield _Change("other numerics", {"numerics": numerics.name, **full}, check.calibrated, numerics)


def _both(check: Tried, done: list[Remedy]) -> Iterator[_Change]:
    """Calibrated rounding of wider weights, where both can be had."""
    possible = {remedy.kind for remedy in done if not remedy.refused}
    widest = _widest(check)
    if widest is not None and {"calibrate", "wider weights"} <= possible:
        yield _Change("calibrate wider weights", {"weight-bits": str(widest)}, calibrate=True)


def _room(check: Tried) -> int | None:
    """The exponent of weights at which membranes that were cut fit; None where none was, or no exponent is so small."""
    exponents: list[int] = []
    for name, loss in check.losses.items():
        if loss.costs.get("saturation", 0.0) > SAME:
            shifts = [projection.shift for projection in check.program.into(name)]
            exponents.append(max(shifts, default=0) - ceil(log2(max(loss.reach, 1.0))) - 1)
    return min(exponents) if exponents and min(exponents) >= 0 else None


def _widest(check: Tried) -> int | None:
    """More bits of a weight than are used, as many as quantization takes; None where it takes no more."""
    widest = min(widest_weights(check.numerics), WIDEST)
    return widest if widest > min(_used(check).values()) else None


def _used(check: Tried) -> dict[str, int]:
    """Bits of the weights that were used, of every layer and of layers that have their own."""
    option = pipeline_options()["weight-bits"]
    text = check.options.get(option.key)
    used = check.numerics.weight_bits if text is None else option.domain.read(option.key, text, (check.numerics,))
    return {EVERY_LAYER: used} if isinstance(used, int) else dict(used)


def _one_layer(check: Tried, widest: int) -> str | None:
    """The widest weights for the one layer whose weights cost most; None where that is all there is, or none costs."""
    costs = {name: loss.costs.get("weights", 0.0) for name, loss in check.losses.items() if loss.costs}
    population = max(costs, key=lambda name: costs[name], default=None)
    if population is None or costs[population] <= 0 or len(costs) < 2:
        return None
    projections = check.program.into(population)
    nodes = [node for p in projections for node in check.program.provenance.get(p.name, ())]
    layer = next((node for node in nodes if hasattr(check.network.nodes.get(node), "weight")), None)
    if layer is None:
        return None
    bits = {EVERY_LAYER: check.numerics.weight_bits, **_used(check), layer: widest}
    every = bits.pop(EVERY_LAYER)
    return ",".join([str(every), *(f"{name}:{number}" for name, number in bits.items())])


def _try(check: Tried, change: _Change, samples: NDArray[np.intp]) -> Remedy:
    """Make the change and measure it. Where it calibrates, on samples that it did not see, if there are enough."""
    held_out = change.calibrate and len(samples) >= FEWEST_TO_SPLIT
    shown, judged = (samples[::2], samples[1::2]) if held_out else (samples, samples)
    calibrate = _some(check.stimulus, shown) if change.calibrate else None
    options = {**check.options, **change.options}
    if "weight-bits" in change.options:
        options.pop("budget", None)
    try:
        program = quantize(check.network, change.numerics or check.numerics, options, calibrate).program
        after = run_program(program, _some(check.stimulus, judged))
    except NeurodeployError as error:
        place = f"{error.where}: " if error.where else ""
        return Remedy(change.kind, change.how, {}, {}, refused=f"{place}{error.what}")
    expected, before = (_of(trace, judged) for trace in (check.expected, check.actual))
    return Remedy(
        change.kind,
        change.how,
        _jaccards(program, expected, before),
        _jaccards(program, expected, after),
        len(judged),
        held_out,
        _task(check, before, judged),
        _task(check, after, judged),
    )


def _jaccards(program: Program, expected: Trace, actual: Trace) -> dict[str, float]:
    spiking = [population.name for population in program.populations if population.kind == "cuba-lif"]
    return {name: jaccard(expected[name].values, actual[name].values) for name in spiking}


def _task(check: Tried, trace: Trace, samples: NDArray[np.intp]) -> dict[str, object] | None:
    labels = check.stimulus.labels
    judged = task_of(check.network, {"rung": trace}, None if labels is None else labels[samples])
    return None if judged is None else judged["rung"]


def _some(stimulus: Stimulus, samples: NDArray[np.intp]) -> Stimulus:
    """Some samples of a stimulus, as plain inputs."""
    labels = None if stimulus.labels is None else stimulus.labels[samples]
    return Stimulus({name: array[samples] for name, array in stimulus.inputs.items()}, labels, stimulus.origin)


def _of(trace: Trace, samples: NDArray[np.intp]) -> Trace:
    """The outputs of some samples of a trace."""
    plain = {
        name: replace(entry, output=entry.output[samples], v=None, u=None, v_before=None)
        for name, entry in trace.entries.items()
    }
    return Trace(plain)
