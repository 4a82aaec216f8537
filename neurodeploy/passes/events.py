"""What a machine that adds event by event does to every neuron, whatever its contract says; nothing of it is silent.

Such machines (Xylo) subtract the threshold in the step of the spike, as often as the membrane holds it, and compare
with ``>=``; they decay by shifts, and a current decays together with what it receives. Rules:

1. A reset that the contract has one step late is taken at once; the share of it that would not have decayed is lost.
   A reset to zero becomes the subtraction of the threshold, which leaves what the membrane had beyond it.
2. Neurons of the last layer send at most one spike, all others as many as the machine's messages hold. A sum that is
   sent on is refused: its messages are no spikes.
3. A decay is the nearest shift. A current that would leave nothing by the next step keeps at least a half.
4. Weights carry ``(1 - keep') / (keep' (1 - keep))`` for a current that keeps ``keep'`` instead of ``keep``: a spike
   then delivers the same charge in all, and the very same current where ``keep`` is a shift's.
5. A constant input is the bias that its current settles at, from the first step on.
6. Projections arrive in the machine's order: inputs before neurons, neurons in the order of their populations.
7. A population that acts late starts in the state that its bias leaves (``program.pipelined``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import RefusedError
from neurodeploy.finding import Finding
from neurodeploy.network.network import Network, is_junction
from neurodeploy.network.shapes import SPIKING
from neurodeploy.numerics import Numerics
from neurodeploy.passes.grid import kept_by, nearest_shift
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.paths import Synapse
from neurodeploy.passes.resets import is_late
from neurodeploy.program.pipelined import pipelined_latencies, start_of
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.neuron import coefficients, threshold_of

Array = NDArray[np.float64]
TELLING = 0.05
"""Relative error of a time constant from which it is a warning."""


def by_events(numerics: Numerics) -> bool:
    """Whether a machine is such a one."""
    return numerics.accumulation == "events"


def resets_at_once(network: Network) -> tuple[Network, tuple[Finding, ...]]:
    """Rule 1; resets to other values, and none at all, are refused later."""
    contract, told = network.contract, list[Finding]()
    for name in network.populations:
        node, terms = network.nodes[name], contract.of(name)
        if not isinstance(node, SPIKING) or isinstance(node, nir.Threshold) or terms.reset_timing == "every-step":
            continue
        if terms.reset == "zero":
            contract = contract.override(name, reset="subtract", reset_timing="same-step")
            problem = "is reset to zero by its contract; here its threshold is subtracted, and what is beyond it stays"
            remedy = "train with a reset by subtraction, or accept what check tells"
            told.append(Finding("reset-by-subtraction", "warning", name, problem, remedy))
        elif terms.reset == "subtract" and is_late(network, name):
            contract = contract.override(name, reset_timing="same-step")
            lost = (1.0 - coefficients(node, contract.of(name)).membrane) * threshold_of(node)
            if np.any(lost) or terms.reset_timing != "next-step":
                problem = f"reaches into the next step by its contract, and not here: {np.max(lost):.3g} of it decays"
                remedy = "train with a reset in the step of the spike, or accept what check tells"
                told.append(_told("late-reset", name, f"its reset {problem}", remedy))
    return replace(network, contract=contract), tuple(told)


def as_the_machine(
    network: Network, paths: Sequence[Synapse], numerics: Numerics, most: int | None
) -> tuple[Network, tuple[Finding, ...]]:
    """Rule 2, and the comparison. ``most``: the spikes per step that were asked for, if any. Raises RefusedError."""
    contract, told = network.contract, list[Finding]()
    feeding = {path.source for path in paths}
    fed = {path.target for path in paths if path.source in network.input_names}
    for name in network.populations:
        if is_junction(network.nodes[name]):
            problem = f"sends on a sum of values, and neurons of {numerics.name} send spikes alone"
            raise RefusedError(problem, f"node {name}", "put neurons that spike in its place")
        if not isinstance(network.nodes[name], SPIKING):
            continue
        terms = contract.of(name)
        last = name not in feeding and name not in fed
        spikes = 1 if last else most or numerics.spikes_max or 1
        if spikes != terms.max_spikes_per_step:
            contract = contract.override(name, max_spikes_per_step=spikes)
            if (terms.max_spikes_per_step == 1) != (spikes == 1):
                problem = f"sends up to {spikes} spikes in a step, by its contract {terms.max_spikes_per_step}"
                told.append(_told("spikes-per-step", name, problem, "check tells what it costs"))
        if terms.fires_at == ">":
            contract = contract.override(name, fires_at=">=")
            problem = "fires where its membrane equals the threshold, by its contract only above it"
            told.append(_told("comparison", name, problem, "check tells what it costs"))
    return replace(network, contract=contract), tuple(told)


def with_gain(neuron: Neuron, numerics: Numerics) -> tuple[Neuron, tuple[Finding, ...]]:
    """Rules 3 to 5: the neuron with the gain of its current, and what its decays and constant input lose."""
    told = list[Finding]()
    if neuron.kind == "relay":
        return neuron, ()
    kept = kept_by(nearest_shift(neuron.keep_current, numerics, least=1))
    for quantity, asked, found in (
        ("current", neuron.keep_current, kept),
        ("membrane", neuron.keep_membrane, kept_by(nearest_shift(neuron.keep_membrane, numerics))),
    ):
        told += _decay(neuron.name, quantity, np.asarray(asked, np.float64), found)
    lasting = np.where(neuron.keep_current < 1, 1 - neuron.keep_current, 1 - kept)
    gain = neuron.gain * (1 - kept) / (kept * lasting)
    if np.any(neuron.initial_current):
        problem = "receives a constant through its current, which has its settled value from the first step on here"
        told.append(_told("bias", neuron.name, problem, "train without a bias, or let the first steps pass"))
    return replace(neuron, gain=gain, initial_current=np.zeros(neuron.shape)), tuple(told)


def _decay(name: str, quantity: str, asked: Array, found: Array) -> list[Finding]:
    """What the nearest shift does to the neuron for which it does most."""
    asked, found = np.ravel(asked), np.ravel(np.broadcast_to(found, np.shape(asked)))
    off = np.abs(_lifetime(found) / _lifetime(asked) - 1)
    worst = int(np.argmax(off))
    if off[worst] < 1e-6:
        return []
    before, after = float(asked[worst]), float(found[worst])
    times = f"lasts {_lifetime(after):.3g} steps, not {_lifetime(before):.3g}" if before < 1 else "is lost at last"
    problem = f"its {quantity} keeps {after:.4g} per step, the nearest that a shift gives to {before:.4g}: it {times}"
    severity = "warning" if off[worst] > TELLING else "info"
    return [
        Finding("decay-shift", severity, name, problem, "train with decays of 1 - 2**-d, or accept what check tells")
    ]


def _lifetime(keep: Any) -> Any:
    """For how many steps a state lasts: the sum of what is left of it."""
    return 1.0 / np.maximum(1.0 - np.asarray(keep, np.float64), 2.0**-20)


def _told(slug: str, node: str, problem: str, remedy: str) -> Finding:
    return Finding(slug, "info", node, problem, remedy)


def arranged(program: Program) -> Program:
    """Rules 6 and 7."""
    place = {name: number for number, name in enumerate((*program.input_by_name, *program.by_name))}

    def order(p: Projection) -> tuple[int, int]:
        return place[p.target], place[p.source]

    program = replace(program, projections=tuple(sorted(program.projections, key=order)))
    latency, _ = pipelined_latencies(program)
    started = tuple(
        replace(p, initial_membrane=start_of(p, latency, program.numerics)) if latency[p.name] > 0 else p
        for p in program.populations
    )
    return replace(program, populations=started)
