"""Neurons that cannot fire whatever the input, and neurons that fire in every step, each with its inequality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodeploy.analysis.interval import constant
from neurodeploy.analysis.reach import Reached
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population


@dataclass(frozen=True)
class Firing:
    """How many neurons of a population never fire and how many always do, with the inequality of one of each.

    The inequality is in state units: what a step keeps of the membrane, the largest (smallest) current and the bias,
    against the threshold. It is '' where there is no such neuron.
    """

    never: int
    always: int
    neurons: int
    never_because: str = ""
    always_because: str = ""

    def lines(self, node: str) -> list[str]:
        """A line about each kind, where there is one."""
        kinds = (("never fire", self.never, self.never_because), ("always fire", self.always, self.always_because))
        return [f"{node}: {count} of {self.neurons} neurons {how}: {why}" for how, count, why in kinds if count]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "never": self.never,
            "never_because": self.never_because,
            "always": self.always,
            "always_because": self.always_because,
        }


def firing(population: Population, reached: Reached, n: Numerics) -> Firing:
    """Which neurons of a spiking population never or always fire, from what they can reach."""
    never, always = reached.sent[1] == 0, reached.sent[0] > 0
    return Firing(
        int(np.count_nonzero(never)),
        int(np.count_nonzero(always)),
        population.size,
        _because(population, reached, n, int(never.argmax()), 1) if never.any() else "",
        _because(population, reached, n, int(always.argmax()), 0) if always.any() else "",
    )


def _because(population: Population, reached: Reached, n: Numerics, flat: int, end: int) -> str:
    """The inequality of one neuron: at the upper end of its membrane (1) or at the lower one (0)."""
    assert reached.kept is not None and reached.current is not None and reached.before is not None
    place = np.unravel_index(flat, population.shape)
    kept, current, before = (int(interval[end][place]) for interval in (reached.kept, reached.current, reached.before))
    bias = int(constant(population.bias, population.shape)[place])
    threshold = int(constant(population.threshold, population.shape)[place]) << n.state_shift
    extreme, comparison = ("largest", "<=") if end else ("smallest", ">")
    if population.compare == ">=":
        comparison = "<" if end else ">="
    total = kept + current + bias
    limited = "" if total == before else f", limited to {before}"
    terms = [f"{extreme} current {current}"]
    terms += [f"bias {bias}"] if bias else []
    terms += [f"kept membrane {kept}"] if kept else []
    result = f" = {total}{limited}" if len(terms) > 1 or limited else ""
    return f"{' + '.join(terms)}{result} {comparison} threshold {threshold}"
