"""Networks that a target cannot carry, and what the remedies make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import nir
import numpy as np
from neurodeploy.targets.c import TARGET as C
from neurodeploy.targets.cortex_m import TARGET as CORTEX_M
from neurodeploy.targets.xylo_sim import TARGET as XYLO

from neurodeploy.capabilities import Capabilities
from neurodeploy.contract import Terms
from neurodeploy.errors import CapabilityError
from neurodeploy.flow.exporting import lower, lower_program, quantize
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Program
from neurodeploy.target import Target, check_capabilities
from tests.passes.networks import dense, recurrent_network
from tests.remedies.case import Case

SHIFT = -1e-3 / np.log(0.75)
TERMS = Terms(method="exponential", reset="subtract", fires_at=">=")


def onto(target: Target, network: Callable[[], Network], **options: str) -> Callable[[], object]:
    """What exports the network there, with options as the command line has them."""
    return lambda: lower(network(), target, {key.replace("_", "-"): value for key, value in options.items()})


def limited(**can: Any) -> Target:
    """The target ``c`` with fewer capabilities, as an extension may state them."""
    return replace(C, name="limited", capabilities=Capabilities(**can))


def train(can: Mapping[str, Any], refused: Callable[[], Network], says: str, followed: Callable[[], Network]) -> Case:
    return Case(onto(limited(**can), refused), says, onto(limited(**can), followed))


def elsewhere(can: Mapping[str, Any], network: Callable[[], Network]) -> Case:
    """What another target carries."""
    return Case(onto(limited(**can), network), "use another target", onto(C, network))


def readout() -> Network:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), np.eye(2))
    build.output("output", build.neuron("li", at, nir.LI, {"tau": 5e-3, "r": 1.0, "v_leak": 0.0}))
    return build.build()


def convolution() -> Network:
    build = NetworkBuilder()
    at = build.conv("conv", build.input("input", (1, 3, 3)), np.ones((1, 1, 2, 2)))
    build.output("output", build.integrate("n", at, 1.0))
    return build.build()


def lif(tau: Any, bias: Any = None) -> Network:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), np.eye(2), bias)
    build.output("output", build.lif("n", at, tau, 1.0))
    return build.build()


def chain(*sizes: int, density: float = 1.0, bias: float = 0.0, start: float = 0.0) -> Network:
    """Layers of Xylo's neurons."""
    rng, build = np.random.default_rng(sizes), NetworkBuilder(TERMS)
    source = build.input("input", (sizes[0],))
    for number, (count, size) in enumerate(pairwise(sizes)):
        weights = rng.normal(0.2, 0.5, (size, count)) * (rng.random((size, count)) < density)
        weighted = build.linear(f"fc{number}", source, weights, np.full(size, bias))
        terms = {"initial_state": start} if start else {}
        source = build.cuba_lif(f"lif{number}", weighted, SHIFT, SHIFT, 1.0, **terms)
    build.output("output", source)
    return build.build()


def skipping(skips: bool) -> Network:
    build = NetworkBuilder(TERMS)
    first = build.cuba_lif("a", build.linear("fa", build.input("input", (4,)), np.eye(4)), SHIFT, SHIFT, 1.0)
    second = build.cuba_lif("b", build.linear("fb", first, np.eye(4)), SHIFT, SHIFT, 1.0)
    both = [build.linear("fc", second, np.eye(4)), *([build.linear("fd", first, np.eye(4))] if skips else [])]
    build.output("output", build.cuba_lif("c", both, SHIFT, SHIFT, 1.0))
    return build.build()


def changed(change: Callable[[Program], Program]) -> Callable[[], object]:
    """What lowers integers of a recurrent network for Xylo, with a change."""

    def run() -> object:
        build = NetworkBuilder(TERMS)
        at = build.linear("fc", build.input("input", (4,)), np.eye(4))
        at = build.cuba_lif("n", at, SHIFT, SHIFT, 1.0)
        build.connect(build.linear("rec", at, np.eye(4) / 4), at)
        build.output("output", build.cuba_lif("out", build.linear("to", at, np.eye(4)), SHIFT, SHIFT, 1.0))
        return lower_program(change(quantize(build.build(), XYLO.numerics).program), XYLO)

    return run


def reverse(program: Program) -> Program:
    return replace(program, projections=program.projections[::-1])


def twice(program: Program) -> Program:
    """The first layer's weights in two parts, as wider ones are split."""
    first = program.projections[0]
    return replace(program, projections=(first, replace(first, name="low"), *program.projections[1:]))


def whole(network: Callable[[], Network]) -> Callable[[], object]:
    """What exports to Xylo with nothing left to say."""

    def run() -> object:
        program = quantize(network(), XYLO.numerics).program
        findings = check_capabilities(XYLO, program)
        if findings:
            raise CapabilityError("has findings", findings=findings)
        return lower_program(program, XYLO)

    return run


def stateless(channels: int) -> Network:
    """Many neurons without memory behind a kernel of one weight per channel."""
    build = NetworkBuilder()
    at = build.conv("conv", build.input("input", (1, 64, 64)), np.ones((channels, 1, 1, 1)))
    build.output("output", build.threshold("n", at, 0.5))
    return build.build()


def gated(gate: str, graded: bool) -> Network:
    """A gate of spikes, or of a value."""
    build = NetworkBuilder()
    first = build.input("a", (2,), InputRange(0.0, 1.0, 0.25, declared=True) if graded else None)
    pair = (first, build.input("b", (2,)))
    at = build.add("sum", pair) if gate == "ADD" else build.both("both", *pair)
    build.output("output", build.integrate("n", build.linear("fc", at, np.eye(2)), 1.0))
    return build.build()


def summing(weight: Any, bias: Any = None) -> Network:
    """A sum that is sent on to neurons."""
    build = NetworkBuilder(TERMS)
    at = build.add("sum", [build.linear("fc", build.input("input", (4,)), weight, bias)])
    build.output("output", build.cuba_lif("n", build.linear("to", at, np.eye(len(weight))), SHIFT, SHIFT, 1.0))
    return build.build()


def integers(network: Network, numerics: Any) -> Program:
    return quantize(network, numerics).program


def room(memory: str, size: str, says: str, followed: Callable[[], object]) -> Case:
    return Case(onto(C, lambda: chain(16, 60, 8), **{memory: size}), says, followed)


NEEDS_SUBTRACTION = {"resets": frozenset({"subtract"})}
BY_TARGET: dict[str, Case] = {
    "a population that a target lacks": elsewhere({"populations": frozenset({"cuba-lif"})}, readout),
    "a projection that a target lacks": elsewhere({"projections": frozenset({"dense"})}, convolution),
    "a reset that a target lacks": train(
        NEEDS_SUBTRACTION,
        lambda: dense([[1.0]], reset="zero"),
        "train with another reset",
        lambda: dense([[1.0]], reset="subtract"),
    ),
    "a comparison that a target lacks": train(
        {"compares": frozenset({">="})},
        lambda: dense([[1.0]], fires_at=">"),
        "set fires_at",
        lambda: dense([[1.0]], fires_at=">="),
    ),
    "more spikes than a target sends": train(
        {"max_spikes_per_step": 1},
        lambda: dense([[1.0]], max_spikes_per_step=3),
        "set max_spikes_per_step",
        lambda: dense([[1.0]], max_spikes_per_step=1),
    ),
    "a bias on a target without": train(
        {"biases": False}, lambda: lif(5e-3, np.full(2, 0.25)), "train without", lambda: lif(5e-3)
    ),
    "a delay beyond a target": train(
        {"delay_max": 1},
        lambda: recurrent_network(delay=3),
        "use a shorter delay",
        lambda: recurrent_network(delay=1),
    ),
    "a loop on a target without": train(
        {"recurrence": False}, recurrent_network, "train without feedback", lambda: lif(5e-3)
    ),
    "graded values on a target without": train(
        {"graded_messages": False},
        lambda: dense([[1.0]], values=InputRange(0.0, 1.0, 0.25, declared=True)),
        "use spikes",
        lambda: dense([[1.0]]),
    ),
    "integers of another target": Case(
        lambda: lower_program(integers(chain(4, 5, 3), LOIHI2), XYLO),
        "quantize for this target from the source",
        onto(XYLO, lambda: chain(4, 5, 3)),
    ),
    "little flash": room("flash", "2k", "give more with -O flash", onto(C, lambda: chain(16, 60, 8), flash="1M")),
    "little flash, a smaller network": room(
        "flash", "2k", "shrink the network", onto(C, lambda: dense([[1.0]]), flash="2k")
    ),
    "little RAM": room("ram", "512", "give more with -O ram", onto(C, lambda: chain(16, 60, 8), ram="1M")),
    "little RAM, a smaller network": room(
        "ram", "512", "shrink the network", onto(C, lambda: dense([[1.0]]), ram="512")
    ),
    "more neurons than a board records": Case(
        onto(CORTEX_M, lambda: stateless(178)), "use the target c", onto(C, lambda: stateless(178))
    ),
    "more neurons than a board records, fewer": Case(
        onto(CORTEX_M, lambda: stateless(178)), "or shrink the network", onto(CORTEX_M, lambda: stateless(20))
    ),
}
ON_XYLO: dict[str, Case] = {
    "more lines than channels": Case(
        onto(XYLO, lambda: chain(20, 5, 3)), "use fewer input lines", onto(XYLO, lambda: chain(16, 5, 3))
    ),
    "more hidden neurons than there are": Case(
        onto(XYLO, lambda: chain(2, 1001, 4, density=0.1)),
        "use narrower hidden layers",
        onto(XYLO, lambda: chain(2, 1000, 4, density=0.1)),
    ),
    "more output neurons than there are": Case(
        onto(XYLO, lambda: chain(4, 5, 9)), "use a readout of fewer neurons", onto(XYLO, lambda: chain(4, 5, 8))
    ),
    "more synapses than a neuron has": Case(
        onto(XYLO, lambda: chain(4, 5, 70, 3)), "prune", onto(XYLO, lambda: chain(4, 5, 70, 3, density=0.5))
    ),
    "more synapses than a neuron has, narrower": Case(
        onto(XYLO, lambda: chain(4, 5, 70, 3)), "or use narrower layers", onto(XYLO, lambda: chain(4, 5, 64, 3))
    ),
    "more synapses than all neurons have": Case(
        onto(XYLO, lambda: chain(2, *[58] * 11, 2)), "prune", onto(XYLO, lambda: chain(2, *[58] * 11, 2, density=0.5))
    ),
    "more synapses than all neurons have, narrower": Case(
        onto(XYLO, lambda: chain(2, *[58] * 11, 2)),
        "or use narrower layers",
        onto(XYLO, lambda: chain(2, *[40] * 11, 2)),
    ),
    "fewer spikes than neurons send": Case(
        onto(XYLO, lambda: chain(4, 5, 3), spikes_per_step="7"),
        "leave out -O spikes-per-step",
        onto(XYLO, lambda: chain(4, 5, 3)),
    ),
    "weights of several shifts": Case(
        onto(XYLO, lambda: chain(4, 5, 5, 5, 3), weight_exponent="2"),
        "use -O weight-exponent=0",
        onto(XYLO, lambda: chain(4, 5, 5, 5, 3), weight_exponent="0"),
    ),
    "weights in two parts": Case(
        changed(twice), "use weights of 8 bits or fewer", onto(XYLO, lambda: chain(4, 5, 3), weight_bits="8")
    ),
    "projections in another order": Case(
        changed(reverse), "put its projections in that order", changed(lambda program: reverse(reverse(program)))
    ),
    "paths of different length": Case(
        onto(XYLO, lambda: skipping(True)), "make all paths equally long", onto(XYLO, lambda: skipping(False))
    ),
    "spikes before any input": Case(
        onto(XYLO, lambda: chain(4, 5, 5, 3, bias=2.0)),
        "train with a smaller bias",
        onto(XYLO, lambda: chain(4, 5, 5, 3, bias=0.05)),
    ),
    "a state at the start": Case(
        onto(XYLO, lambda: chain(4, 5, 3, start=0.5)),
        "train with states that start at 0",
        onto(XYLO, lambda: chain(4, 5, 3)),
    ),
    "integers of other numerics on Xylo": Case(
        lambda: lower_program(integers(chain(4, 5, 3), LOIHI2), XYLO),
        "quantize for xylo-v2",
        lambda: lower_program(integers(chain(4, 5, 3), XYLO.numerics), XYLO),
    ),
    "a gate of values": Case(
        onto(C, lambda: gated("AND", graded=True)), "use ADD", onto(C, lambda: gated("ADD", graded=True))
    ),
    "a gate of values, of spikes": Case(
        onto(C, lambda: gated("AND", graded=True)),
        "or make the operand spike",
        onto(C, lambda: gated("AND", graded=False)),
    ),
    "a sum between neurons": Case(
        onto(XYLO, lambda: summing(np.eye(4))),
        "put neurons that spike in its place",
        onto(XYLO, lambda: chain(4, 4, 4)),
    ),
    "an end in hidden neurons": Case(whole(lambda: chain(4, 5)), "add a readout layer", whole(lambda: chain(4, 5, 3))),
}
CARRIED: dict[str, Case] = {**BY_TARGET, **ON_XYLO}
