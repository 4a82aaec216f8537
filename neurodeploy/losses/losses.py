"""What quantization costs a network, population by population: the values that a report shows, and how they are found.

``measure`` looks at the float network's trace once, some steps at a time, and keeps no more than those: its memory does
not grow with the number of steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import NeurodeployError
from neurodeploy.host import Head
from neurodeploy.losses.bound import Bound, Cell, Record
from neurodeploy.losses.costs import Costs
from neurodeploy.losses.counterpart import Counterpart, counterparts
from neurodeploy.losses.feed import Feed, Messages, by_steps
from neurodeploy.losses.limits import Beyond, beyond_limits, limits_of
from neurodeploy.losses.remedy import Remedy
from neurodeploy.losses.terms import TERMS, Term
from neurodeploy.losses.variants import covers
from neurodeploy.losses.whole import Everywhere, restored_everywhere
from neurodeploy.network.network import Network
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """What quantization did to one population.

    - ``share``: the largest error of a membrane in one step, as a share of what rounding can make; ``cells`` were
      looked at, of which ``saturated`` ones are left out, because the machine's width cut them: the network's largest
      membrane or current ``reach`` is so many times that width.
    - ``beyond``: constants and rules further away than rounding brings them; ``cells_beyond`` and ``first``: cells in
      which the membrane is, or a decision that its distance from the threshold does not excuse.
    - ``isolated``: Jaccard of a spiking population that is fed the float network's own messages; ``costs``: by term,
      what comes back of it when the term has its float value. Empty where causes were not asked for.
    - ``calibrated``: its weights, bias and threshold were chosen, so nothing bounds them.
    """

    cells: int
    saturated: int
    share: float
    beyond: tuple[Beyond, ...] = ()
    cells_beyond: int = 0
    first: Cell | None = None
    isolated: float | None = None
    costs: Mapping[Term, float] = field(default_factory=dict[Term, float])
    calibrated: bool = False
    reach: float = 0.0

    @property
    def rounding(self) -> bool:
        """Whether rounding can have made all of it."""
        return not self.beyond and not self.cells_beyond

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            **vars(self),
            "beyond": [part.to_json() for part in self.beyond],
            "first": None if self.first is None else self.first.to_json(),
            "costs": dict(self.costs),
            "rounding": self.rounding,
        }


MOST_CELLS = 1 << 24
"""Neurons times steps times samples that are looked at; at least one sample is."""
TOGETHER = 1 << 17
"""Neurons of one population, or of what it reads, times steps times samples that are computed at once."""
FEWEST_SAMPLES = 100
"""Samples of a task that are looked at, where there are as many, though it takes longer than the rung itself."""


@dataclass(frozen=True)
class Losses:
    """What quantization did to a network.

    ``populations``: the loss of each, seen on the first ``samples`` samples. ``remedies``: changes that were tried, to
    bring the Jaccard of every layer to ``budget``. ``everywhere``: each term restored in every layer at once, where a
    task tells what that is worth, on ``task_samples`` samples; ``none`` is the program as it is.
    """

    populations: Mapping[str, Loss]
    samples: int
    remedies: tuple[Remedy, ...] = ()
    budget: float = 1.0
    everywhere: Mapping[str, Everywhere] = field(default_factory=dict[str, Everywhere])
    task_samples: int = 0

    @property
    def strangers(self) -> dict[str, Loss]:
        """Populations that differ by more than rounding can make."""
        return {name: loss for name, loss in self.populations.items() if not loss.rounding}

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "samples": self.samples,
            "populations": {name: loss.to_json() for name, loss in self.populations.items()},
            "remedies": [remedy.to_json() for remedy in self.remedies],
            "task_samples": self.task_samples,
            "everywhere": {term: restored.to_json() for term, restored in self.everywhere.items()},
        }


def measure(
    network: Network,
    program: Program,
    trace: Trace,
    calibrated: Collection[str] = (),
    causes: bool = True,
    asked: Sequence[slice] | None = None,
) -> Losses:
    """The loss of every population of ``program``; of none where the numerics are none that networks are quantized to.

    Args:
        network: the float network that the program was made from.
        program: the integers.
        trace: the network's own run with states.
        calibrated: populations whose weights, biases and thresholds were chosen on a stimulus.
        causes: also run every spiking population again with one term restored at a time.
        asked: the steps that are looked at, in their order; all by default.

    Raises NeurodeployError where the trace has no states.
    """
    if not covers(program.numerics):
        return Losses({}, 0)
    parts = counterparts(network, program)
    samples = _samples(program, trace)
    messages = Messages(trace, samples)
    limits = {name: limits_of(part, program.numerics, name in calibrated) for name, part in parts.items()}
    bounds = {name: Bound(program, part, limits[name]) for name, part in parts.items()}
    costs = {name: Costs(program, part) for name, part in parts.items() if causes and _spikes(part)}
    feeds = {
        name: Feed(program, part, limits[name], costs[name].choices if name in costs else set())
        for name, part in parts.items()
    }
    for name, bound in bounds.items():
        for steps, looked_at in _slices(bound, parts[name], samples, asked or [slice(0, trace.steps)]):
            record = _record(trace, parts[name], messages, samples, steps)
            if not looked_at:
                bound.pass_over(feeds[name].real(messages, steps, samples), record)
                continue
            arrival = feeds[name].take(messages, steps, samples)
            bound.take(arrival, record, steps.start)
            if name in costs:
                costs[name].take(arrival, record.output)
    losses: dict[str, Loss] = {}
    for name, bound in bounds.items():
        beyond = beyond_limits(parts[name], program.numerics, limits[name])
        losses[name] = _loss(bound, beyond, costs.get(name), name in calibrated)
    return Losses(losses, samples)


def with_task(
    losses: Losses, network: Network, program: Program, trace: Trace, head: Head, labels: NDArray[Any]
) -> Losses:
    """The losses with what each term costs the whole network and its task.

    ``trace``, ``labels``: of all samples; as many of the first are looked at as ``MOST_CELLS`` allows.
    """
    costing = {term for loss in losses.populations.values() for term, cost in loss.costs.items() if cost}
    terms: list[Term] = [term for term in TERMS if term in costing]
    if not terms:
        return losses
    samples = max(losses.samples // (len(terms) + 1), min(losses.samples, FEWEST_SAMPLES))
    entries = {name: replace(entry, output=entry.output[:samples]) for name, entry in trace.entries.items()}
    parts = counterparts(network, program)
    everywhere = restored_everywhere(program, parts, Trace(entries), terms, head, labels[:samples])
    return replace(losses, everywhere=everywhere, task_samples=samples)


def _samples(program: Program, trace: Trace) -> int:
    """How many samples are looked at."""
    cells = trace.steps * sum(population.size for population in program.populations)
    return min(trace.batch, max(MOST_CELLS // max(cells, 1), 1))


def _slices(bound: Bound, part: Counterpart, samples: int, asked: Sequence[slice]) -> Iterator[tuple[slice, bool]]:
    """The steps of a population that are taken together, and whether they are looked at or passed over."""
    widest = max([part.population.size, *(wiring.source.size for wiring in part.wirings)])
    some, before = max(1, TOGETHER // max(widest * samples, 1)), 0
    for steps in asked:
        begin = before if bound.carries else max(before, steps.start - 1)
        passed = slice(steps.start if part.population.kind == "relay" else begin, steps.start)
        for part_of, looked_at in ((passed, False), (steps, True)):
            for first in range(part_of.start, part_of.stop, some):
                yield slice(first, min(first + some, part_of.stop)), looked_at
        before = steps.stop


def _spikes(part: Counterpart) -> bool:
    return part.population.kind == "cuba-lif"


def _record(trace: Trace, part: Counterpart, messages: Messages, samples: int, steps: slice) -> Record:
    """What the network's node did in some steps."""
    entry, output = trace[part.name], messages.sent(part.name, steps)
    if part.population.kind == "relay":
        return Record(output, None)
    if entry.v_before is None:
        raise NeurodeployError("has no membranes", f"node {part.name}", "run the network with states")
    return Record(output, by_steps(entry.v_before, samples, steps))


def _loss(bound: Bound, beyond: tuple[Beyond, ...], costs: Costs | None, calibrated: bool) -> Loss:
    checked = bound.checked
    if checked.strange and checked.first_strange is not None:
        first = checked.first_strange
        beyond = (*beyond, _strange(bound.name, first, checked.strange))
    shared: dict[str, Any] = {} if costs is None else {"isolated": costs.isolated, "costs": _of(costs)}
    return Loss(
        checked.cells,
        checked.saturated,
        checked.share,
        beyond,
        checked.beyond,
        checked.first,
        calibrated=calibrated,
        reach=checked.reach,
        **shared,
    )


def _of(costs: Costs) -> dict[Term, float]:
    return {term: restored - costs.isolated for term, restored in costs.restored.items()}


def _strange(node: str, first: Cell, count: int) -> Beyond:
    place = f"step {first.step}, neuron {first.neuron}"
    return Beyond(
        node, "equations", place, f"membrane {first.actual:.6g}", f"{first.expected:.6g}", "before any rounding", count
    )
