"""What networks make of the rules on integers: they come to a rule and follow its remedy, or a stage before keeps it.

Every hand-made program of ``integers`` has its network here, under the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
from neurodeploy.targets.loihi_sim import TARGET as LOIHI
from neurodeploy.targets.xylo_sim import TARGET as XYLO

from neurodeploy.contract import Terms
from neurodeploy.errors import CapabilityError
from neurodeploy.flow.exporting import lower, lower_program
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.numerics import INT32
from neurodeploy.target import Target
from tests.passes.networks import dense, random_network, recurrent_network
from tests.remedies.carried import SHIFT, TERMS, chain, integers, onto, summing
from tests.remedies.case import Case

Make = Callable[[], Network]
GRID = Terms(state_grid=1 / 64)
"""States of integers already, whose scale is not chosen for what arrives."""


@dataclass(frozen=True)
class Kept:
    """An export at the edge of a rule that no network breaks.

    ``says``: words of the remedy with which an earlier stage refuses it; none where its integers keep the rule.
    """

    export: Callable[[], Any]
    says: str = ""


def quietly(network: Make, **options: str) -> Callable[[], object]:
    """What exports to Lava with nothing left to say."""

    def run() -> object:
        findings = lower(network(), LOIHI, {key.replace("_", "-"): value for key, value in options.items()}).findings
        if findings:
            raise CapabilityError("has findings", findings=findings)
        return findings

    return run


def valued(bits: int) -> InputRange:
    return InputRange(0.0, 2.0**bits - 1, 1.0, declared=True)


def waiting(bits: int) -> Network:
    """Values that a delay holds back."""
    build = NetworkBuilder(GRID)
    at = build.delay("late", build.input("input", (2,), valued(bits)), 2 * build.dt)
    build.output("output", build.integrate("n", build.linear("fc", at, np.eye(2)), 100.0, input_gain="unit"))
    return build.build()


def kernel(bits: int, weight: float) -> Network:
    """Values into a convolution."""
    build = NetworkBuilder(GRID)
    at = build.conv("conv", build.input("input", (1, 3, 3), valued(bits)), np.full((1, 1, 3, 3), weight))
    build.output("output", build.integrate("n", at, 100.0, input_gain="unit"))
    return build.build()


def loop(delay: int) -> Network:
    """Two populations that feed each other."""
    build = NetworkBuilder()
    at = build.linear("w", build.input("input", (2,)), np.eye(2))
    first = build.integrate("n", at, 1.0, recurrent_delay=delay)
    second = build.integrate("m", build.linear("f", first, np.eye(2)), 1.0)
    build.connect(build.linear("r", second, np.eye(2)), first)
    build.output("output", second)
    return build.build()


def two_layouts() -> Network:
    """A population that two kinds of convolution feed."""
    build = NetworkBuilder()
    plane = build.conv("a", build.input("image", (1, 2, 3)), np.full((2, 1, 1, 1), 2.0))
    kernel = nir.Conv1d(3, np.full((4, 1, 1), 2.0), 1, 0, 1, 1, np.zeros(4))
    line = build.place("b", build.input("line", (1, 3)), kernel)
    build.output("output", build.integrate("n", [build.flatten("fa", plane), build.flatten("fb", line)], 4.0))
    return build.build()


def read_membrane() -> Network:
    """A membrane that feeds neurons."""
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), np.eye(2))
    at = build.neuron("li", at, nir.LI, {"tau": 5e-3, "r": 1.0, "v_leak": 0.0})
    build.output("output", build.integrate("n", build.linear("to", at, np.eye(2)), 1.0))
    return build.build()


def biased(bias: float) -> Network:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), np.eye(2), np.full(2, bias))
    build.output("output", build.lif("n", at, 5e-3, 1.0))
    return build.build()


def apart(*tau: float) -> Network:
    """Neurons with decays of their own."""
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), np.eye(2))
    build.output("output", build.lif("n", at, np.array(tau), 1.0))
    return build.build()


def misfit() -> Network:
    build = NetworkBuilder()
    build.output("output", build.integrate("n", build.linear("fc", build.input("input", (6,)), np.ones((5, 4))), 1.0))
    return build.build()


def lava(network: Make, says: str = "", **options: str) -> Kept:
    return Kept(onto(LOIHI, network, **options), says)


ON_LOIHI: dict[str, Case] = {
    "integers of other numerics": Case(
        lambda: lower_program(integers(chain(4, 5, 3), INT32), LOIHI),
        "quantize the network for loihi2",
        lambda: lower_program(integers(chain(4, 5, 3), LOIHI.numerics), LOIHI),
    ),
    "spikes beyond a message": Case(
        onto(LOIHI, lambda: dense([[1.0]], max_spikes_per_step=1 << 23, reset="none")),
        "allow fewer",
        onto(LOIHI, lambda: dense([[1.0]], max_spikes_per_step=1 << 16, reset="none")),
    ),
    "a message that waits": Case(
        onto(LOIHI, lambda: waiting(24), message_bits="24"),
        "use a narrower message",
        onto(LOIHI, lambda: waiting(8)),
    ),
    "a sum that Lava leaves undefined": Case(
        onto(LOIHI, lambda: kernel(20, 255.0), message_bits="20"),
        "use narrower messages",
        onto(LOIHI, lambda: kernel(8, 255.0)),
    ),
    "a sum that wraps": Case(
        quietly(lambda: kernel(16, 255.0), message_bits="16"),
        "use smaller weights",
        quietly(lambda: kernel(8, 1.0), message_bits="16"),
    ),
    "a current that wraps": Case(
        quietly(lambda: kernel(1, 255.0 * 128)), "use a smaller scale", quietly(lambda: kernel(1, 255.0))
    ),
    "a loop shorter than its synapses": Case(
        onto(LOIHI, lambda: loop(1)), "a delay of one step per synapse", onto(LOIHI, lambda: loop(2))
    ),
}
KEPT_FOR_LOIHI: dict[str, Kept] = {
    "decays of every neuron": lava(lambda: apart(2e-3, 4e-3), "use one value per layer"),
    "decays of every neuron, in two populations": lava(lambda: apart(2e-3, 4e-3), "use one value per layer"),
    "a threshold beyond the machine": lava(lambda: dense([[1e9]], threshold=1e9)),
    "a floor beyond the machine": lava(lambda: dense([[1.0]], v_min=-131071.75, state_grid=1 / 64)),
    "a decay beyond the machine": lava(lambda: apart(5e-4, 5e-4), "choose dt <= tau"),
    "an initial state beyond the machine": lava(lambda: dense([[1e3]], threshold=1e3, initial_state=1e5)),
    "a relay's bias beyond the machine": lava(lambda: summing(np.eye(4), np.full(4, 50.0))),
    "a relay's shift beyond the machine": lava(lambda: summing(np.zeros((4, 4)))),
    "a bias between its steps": lava(lambda: biased(0.12345678)),
    "a bias between its steps, smaller": lava(lambda: biased(12.345678)),
    "weights beyond 8 bits": lava(lambda: dense([[1e6]], state_grid=1 / 64), "use smaller weights"),
    "odd weights of both signs": lava(lambda: dense([[21.0, -9.0, 0.3]])),
    "an exponent beyond the machine": lava(lambda: dense([[1e9, -1e-9]], threshold=1e9)),
    "a delay beyond the machine": lava(lambda: recurrent_network(delay=63), "shorten it (recurrent_delay"),
    "a message beyond the machine": lava(lambda: kernel(8, 1.0), "write e.g. message-bits=24", message_bits="25"),
    "a message that is cut": lava(lambda: kernel(5, 1.0)),
    "values that become spikes": lava(read_membrane, "let it feed an Output only"),
    "weights of another shape": lava(misfit, "make the shapes of neighboring layers agree"),
    "a population in two layouts": lava(two_layouts),
}


def onto_xylo(
    values: InputRange | None = None,
    weight: float = 1.0,
    bias: float = 0.0,
    delay: int = 0,
    tau: float = SHIFT,
    threshold: float = 1.0,
    **terms: Any,
) -> Network:
    """Two layers of Xylo's neurons, the first with these numbers."""
    rng, build = np.random.default_rng(0), NetworkBuilder(TERMS)
    at = build.input("input", (4,), values)
    at = build.delay("late", at, delay * build.dt) if delay else at
    at = build.linear("fc", at, rng.normal(0.2, 0.5, (5, 4)) * weight, np.full(5, bias))
    at = build.cuba_lif("n", at, SHIFT, tau, threshold, **terms)
    build.output("output", build.cuba_lif("out", build.linear("to", at, np.ones((3, 5))), SHIFT, SHIFT, 1.0))
    return build.build()


def ending(spikes: bool) -> Network:
    """A layer of neurons before a readout."""
    build = NetworkBuilder(TERMS)
    at = build.cuba_lif("n", build.linear("fc", build.input("input", (4,)), np.eye(4)), SHIFT, SHIFT, 1.0)
    at = build.linear("to", at, np.ones((3, 4)))
    li = {"tau": 5e-3, "r": 1.0, "v_leak": 0.0}
    end = build.cuba_lif("out", at, SHIFT, SHIFT, 1.0) if spikes else build.neuron("out", at, nir.LI, li)
    build.output("output", end)
    return build.build()


def convolved() -> Network:
    build = NetworkBuilder(TERMS)
    at = build.conv("conv", build.input("input", (1, 3, 3)), np.ones((1, 1, 2, 2)))
    at = build.flatten("flat", build.cuba_lif("n", at, SHIFT, SHIFT, 1.0))
    build.output("output", build.cuba_lif("out", build.linear("to", at, np.ones((3, 4))), SHIFT, SHIFT, 1.0))
    return build.build()


def on_xylo(refused: Make, says: str, followed: Make = onto_xylo) -> Case:
    return Case(onto(XYLO, refused), says, onto(XYLO, followed))


def xylo(says: str = "", target: Target = XYLO, **numbers: Any) -> Kept:
    options = {key: numbers.pop(key) for key in ("message_bits", "weight_exponent") if key in numbers}
    return Kept(onto(target, lambda: onto_xylo(**numbers), **options), says)


OF_EVENTS: dict[str, Case] = {
    "a signed input of events": on_xylo(
        lambda: onto_xylo(InputRange(-1.0, 1.0, 1.0, declared=True)), "send positive and negative apart"
    ),
    "a membrane where only spikes go": on_xylo(
        lambda: ending(spikes=False), "use spiking neurons: cuba-lif", lambda: ending(spikes=True)
    ),
    "a reset that events do not have": on_xylo(lambda: onto_xylo(reset="none"), "reset by subtraction"),
    "a neuron that fires once": on_xylo(lambda: onto_xylo(fire_once=True), "use plain neurons"),
}
KEPT_FOR_EVENTS: dict[str, Kept] = {
    "an input of many events": xylo(values=valued(5)),
    "a comparison that events do not have": xylo(fires_at=">"),
    "graded messages of events": Kept(onto(XYLO, lambda: summing(np.eye(4))), "put neurons that spike in its place"),
    "several spikes in a binary message": xylo(max_spikes_per_step=31),
    "more spikes than the machine sends": xylo(max_spikes_per_step=64),
    "a threshold beyond the events' machine": xylo(weight=1e6, threshold=1e6),
    "a bias beyond the events' machine": xylo(weight=1e6, threshold=1e6, bias=1e6),
    "a decay beyond the events' machine": xylo(tau=10.0, threshold=0.01),
    "an initial current beyond the events' machine": xylo(weight=1e6, threshold=1e6, bias=1e5),
    "a convolution where only matrices go": Kept(onto(XYLO, convolved)),
    "weights beyond the events' machine": xylo(weight=1e6, threshold=1e6),
    "a shift beyond the events' machine": xylo("write e.g. weight-exponent=8", weight_exponent="9"),
    "a delay beyond the events' machine": xylo("shorten it (recurrent_delay", delay=2),
    "spikes that a message cuts": xylo(values=valued(4)),
    "messages beyond the events' machine": xylo("write e.g. message-bits=5", message_bits="6"),
}
REACHED: dict[str, Case] = {f"{name}, of a network": case for name, case in {**ON_LOIHI, **OF_EVENTS}.items()}
KEPT: dict[str, Kept] = {**KEPT_FOR_LOIHI, **KEPT_FOR_EVENTS}


def extreme(seed: int) -> Network:
    """A random network, in which some numbers are a billion times larger or smaller than usual, or all 0."""
    rng, network = np.random.default_rng(seed), random_network(seed)
    for node in network.nodes.values():
        for field in ("weight", "bias", "v_threshold", "threshold"):
            values = getattr(node, field, None)
            if isinstance(values, np.ndarray):
                power = rng.choice([0.0, 1.0, 10.0 ** rng.integers(-9, 10)], p=[0.1, 0.6, 0.3])
                setattr(node, field, values * power)
    return network
