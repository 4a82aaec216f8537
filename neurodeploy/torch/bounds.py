"""Whether every integer of a program stays exact in float64: below ``2**53``, whatever arrives."""

from __future__ import annotations

from math import prod

import numpy as np

from neurodeploy.errors import RefusedError
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

LARGEST_SHIFT = 62
EXACT = 53
"""Every integer of magnitude up to ``2**53`` is a float64."""


def check_exact(program: Program) -> None:
    """Raises RefusedError for rules that are not computed here, and where an integer may not be a float64."""
    n = program.numerics
    if (n.accumulation, n.decay_rule, n.integration) != ("sum", "product", "sum") or n.wide_overflow == "wrap-once":
        raise RefusedError(
            f"trains no network in the integers of {n.name}, which adds, decays or overflows in its own way",
            "numerics",
            "choose loihi2 or int32",
        )
    _need(2.0 ** (n.wide_bits + max(n.decay_bits, n.state_shift) + 1), f"numerics {n.name}")
    for projection in program.projections:
        _need(largest_sum(program, projection), f"projection {projection.name}")
    for population in program.populations:
        _need(_largest_constant(population, n), f"node {population.name}")


def largest_sum(program: Program, projection: Projection) -> float:
    """The largest magnitude of a shifted sum when every weight has the machine's largest magnitude."""
    node = program.node(projection.source)
    largest = max(abs(node.output.low), node.output.high)
    if isinstance(node, Population):
        kinds = {"li": 1 << program.numerics.membrane_bits, "cuba-lif": node.max_spikes_per_step}
        largest = kinds.get(node.kind, largest)
    weight = max(int(np.abs(projection.weights).max(initial=0)), 1 << program.numerics.weight_bits)
    fan_in = prod(projection.weights.shape) if projection.kind == "sum-pool" else prod(projection.weights.shape[1:])
    message = 1 if projection.message_bits == 1 else largest
    return float(weight) * message * fan_in * 2.0 ** max(projection.shift, 0)


def _largest_constant(population: Population, n: Numerics) -> float:
    decays = np.concatenate([np.ravel(population.current_decay), np.ravel(population.membrane_decay)])
    if population.kind != "relay" and (decays.min() < 0 or decays.max() > n.decay_one):
        raise RefusedError("decays by less than nothing or more than all", f"node {population.name}", "mend the decay")
    if population.kind == "relay" and population.shift > LARGEST_SHIFT:
        raise RefusedError(f"shifts by {population.shift} bits", f"node {population.name}", "mend the shift")
    states = (population.bias, population.initial_membrane, population.initial_current)
    accumulated = (population.threshold, population.reset_value, population.floor or 0, population.ceiling or 0)
    state = max(float(np.abs(np.asarray(value, np.float64)).max()) for value in states)
    most = max(float(np.abs(np.asarray(value, np.float64)).max()) for value in accumulated)
    spikes = float(max(population.max_spikes_per_step, 1))
    return max(state * n.decay_one, most * spikes * 2.0**n.state_shift, 2.0 ** (n.wide_bits - population.shift))


def _need(largest: float, where: str) -> None:
    if largest >= 2.0**EXACT:
        raise RefusedError(
            f"its integers may reach {largest:.3g}, and float64 tensors are exact below 2**{EXACT}",
            where,
            "choose numerics of narrower widths, or fewer inputs",
        )
