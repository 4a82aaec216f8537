"""Programs that a machine cannot carry, as their integers show it, and what the remedies make of them.

They are made by hand. What networks make of the same rules is in ``reached``, name by name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from neurodeploy.targets.loihi_sim import TARGET as LOIHI
from neurodeploy.targets.loihi_sim.rules import RULES

from neurodeploy.errors import CapabilityError
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.program.latency import latencies
from neurodeploy.target import Target, capability_findings
from tests.remedies.case import Case

LINES, IMAGE = Input("input", (6,)), Input("input", (1, 2, 3))
NEURON = Population("n", (5,), threshold=40)
FEED = Projection("w", "input", "n", "dense", np.full((5, 6), 2))
KERNEL = Projection("k", "input", "n", "conv2d", np.full((5, 1, 2, 3), 2))
WIDE = Input("input", (6,), bits=5, signed=True)
WIDE_IMAGE = Input("input", (1, 2, 3), bits=20, signed=True)
SUM = Population("s", (6,), "relay", output=Output("graded", 8, signed=True))
INTO, OUT = Projection("a", "input", "s", "dense", np.eye(6, dtype=np.int64) * 2), replace(FEED, source="s")


def program(neuron: Any = NEURON, feed: Any = FEED, source: Input = LINES, numerics: Any = LOIHI2) -> Program:
    """One layer."""
    return Program(numerics, (source,), (neuron,), (feed,))


def summed(relay: Population, **feed: Any) -> Program:
    """A sum before a neuron."""
    return Program(LOIHI2, (LINES,), (relay, NEURON), (INTO, replace(OUT, **feed)))


def carried(net: Program, target: Target = LOIHI) -> None:
    """Raises CapabilityError with everything that the design rules say, warnings too."""
    findings = [
        *capability_findings(target.capabilities, net),
        *(finding for rule in RULES for finding in rule(net)),
    ]
    if findings:
        raise CapabilityError("has findings", findings=tuple(findings))
    target.lower(net, {})


def case(refused: Program, says: str, followed: Program) -> Case:
    return Case(lambda: carried(refused), says, lambda: carried(followed))


def neuron(says: str, bad: dict[str, Any], good: dict[str, Any], of: Population = NEURON) -> Case:
    return case(program(replace(of, **bad)), says, program(replace(of, **good)))


def feed(says: str, bad: dict[str, Any], good: dict[str, Any], source: Input = LINES, of: Projection = FEED) -> Case:
    return case(program(feed=replace(of, **bad), source=source), says, program(feed=replace(of, **good), source=source))


def loop(delay: int) -> Program:
    pair = (NEURON, replace(NEURON, name="m"))
    square = np.full((5, 5), 2)
    links = (FEED, Projection("f", "n", "m", "dense", square), Projection("r", "m", "n", "dense", square, delay=delay))
    return Program(LOIHI2, (LINES,), pair, links)


def waiting(bits: int) -> Program:
    """A message of many bits that waits a step, so that both of its paths arrive at once."""
    source = Input("input", (6,), bits=bits, signed=True)
    square = np.eye(6, dtype=np.int64) * 2
    wide = replace(SUM, output=Output("graded", min(bits, 24), signed=True))
    links = (
        replace(INTO, message_bits=24, weights=square),
        replace(OUT, weights=FEED.weights, message_bits=24),
        replace(FEED, name="x", message_bits=24),
    )
    return Program(LOIHI2, (source,), (wide, NEURON), links)


def laid_out(between: bool) -> Program:
    """A population that two kinds of convolution lay out, one of them behind a sum where it stands ``between``."""
    image = Population("n", (2, 2, 3), threshold=4)
    line = Projection("b", "line", "n", "conv1d", np.full((4, 1, 1), 2))
    flat = Population("r", (4, 3), "relay", output=Output("graded", 8, signed=True))
    through = Projection("c", "r", "n", "dense", np.eye(12, dtype=np.int64) * 2, message_bits=8)
    plane = Projection("a", "input", "n", "conv2d", np.full((2, 1, 1, 1), 2))
    links = (plane, replace(line, target="r"), through) if between else (plane, line)
    populations = (flat, image) if between else (image,)
    return Program(LOIHI2, (Input("input", (1, 2, 3)), Input("line", (1, 3))), populations, links)


SPIKING = Population("n", (5,), threshold=40, membrane_decay=5, current_decay=5, reset="subtract", compare=">=")


def events(source: Input = LINES, feed: dict[str, Any] | None = None, **fields: Any) -> Any:
    """What makes a program of events."""
    return lambda: program(replace(SPIKING, **fields), replace(FEED, **(feed or {})), source, XYLO_V2)


ON_LOIHI: dict[str, Case] = {
    "integers of other numerics": case(program(numerics=INT32), "quantize the network for loihi2", program()),
    "decays of every neuron": neuron(
        "or use one value", {"membrane_decay": np.arange(5)}, {"membrane_decay": np.full(5, 3)}
    ),
    "decays of every neuron, in two populations": case(
        program(replace(NEURON, shape=(2,), membrane_decay=np.array([1, 2])), replace(FEED, weights=FEED.weights[:2])),
        "split the population",
        Program(
            LOIHI2,
            (LINES,),
            tuple(replace(NEURON, name=f"n{decay}", shape=(1,), membrane_decay=decay) for decay in (1, 2)),
            tuple(replace(FEED, name=f"w{d}", target=f"n{d}", weights=FEED.weights[:1]) for d in (1, 2)),
        ),
    ),
    "a threshold beyond the machine": neuron("choose a smaller scale", {"threshold": 1 << 17}, {"threshold": 1 << 16}),
    "a floor beyond the machine": neuron("choose a smaller scale", {"floor": -(1 << 17)}, {"floor": -(1 << 16)}),
    "a decay beyond the machine": neuron("use 0..4096", {"current_decay": 4097}, {"current_decay": 4096}),
    "an initial state beyond the machine": neuron(
        "choose a smaller scale", {"initial_membrane": 1 << 23}, {"initial_membrane": 1 << 22}
    ),
    "a relay's bias beyond the machine": case(
        summed(replace(SUM, bias=1 << 23), message_bits=8),
        "choose a smaller scale",
        summed(replace(SUM, bias=1 << 22), message_bits=8),
    ),
    "a relay's shift beyond the machine": case(
        summed(replace(SUM, shift=-25), message_bits=8), "use another scale", summed(SUM, message_bits=8)
    ),
    "a bias between its steps": neuron("round the bias", {"bias": 4097}, {"bias": 4098}),
    "a bias between its steps, smaller": neuron("choose another scale", {"bias": 4097}, {"bias": 2048}),
    "spikes beyond a message": neuron("allow fewer", {"max_spikes_per_step": 1 << 23}, {"max_spikes_per_step": 1}),
    "weights beyond 8 bits": feed("quantize to 8 bits", {"weights": np.full((5, 6), 256)}, {"weights": FEED.weights}),
    "odd weights of both signs": feed(
        "quantize to 8 bits with a sign",
        {"weights": np.eye(5, 6, dtype=int) * 4 - 1},
        {"weights": np.eye(5, 6, dtype=int) * 4 - 2},
    ),
    "an exponent beyond the machine": feed("choose another scale", {"shift": 8}, {"shift": 1}),
    "a delay beyond the machine": feed("use a shorter delay", {"delay": 63}, {"delay": 62}),
    "a message beyond the machine": feed("use a narrower message", {"message_bits": 25}, {"message_bits": 24}),
    "a message that is cut": feed("set message_bits=5", {"message_bits": 4}, {"message_bits": 5}, WIDE),
    "a message that waits": case(waiting(25), "use a narrower message", waiting(4)),
    "values that become spikes": feed("set message_bits=5", {}, {"message_bits": 5}, WIDE),
    "weights of another shape": feed("correct the shapes", {"weights": np.full((4, 6), 2)}, {}),
    "a population in two layouts": case(laid_out(False), "put a relay between them", laid_out(True)),
    "a sum that Lava leaves undefined": case(
        program(feed=replace(KERNEL, weights=KERNEL.weights * 50, shift=7, message_bits=20), source=WIDE_IMAGE),
        "use narrower messages",
        program(feed=replace(KERNEL, weights=KERNEL.weights * 50, shift=7), source=IMAGE),
    ),
    "a sum that wraps": feed(
        "use smaller weights",
        {"weights": KERNEL.weights * 100, "shift": 4, "message_bits": 20},
        {"weights": np.sign(KERNEL.weights) * 2, "message_bits": 20},
        replace(WIDE_IMAGE, bits=12),
        KERNEL,
    ),
    "a current that wraps": feed(
        "use a smaller scale", {"weights": np.full((5, 6), 255), "shift": 7}, {"weights": np.full((5, 6), 255)}
    ),
    "a loop shorter than its synapses": Case(
        lambda: latencies(loop(1)), "a delay of one step per synapse", lambda: carried(loop(2))
    ),
}
OF_EVENTS: dict[str, Case] = {
    "a signed input of events": Case(
        events(Input("input", (6,), bits=4, signed=True)),
        "send positive and negative apart",
        events(Input("input", (12,)), {"weights": np.full((5, 12), 2)}),
    ),
    "an input of many events": Case(
        events(Input("input", (6,), bits=5), {"message_bits": 5}),
        "send fewer spikes",
        events(Input("input", (6,), bits=4), {"message_bits": 4}),
    ),
    "a membrane where only spikes go": Case(events(kind="li", reset="none"), "use spiking neurons: cuba-lif", events()),
    "a comparison that events do not have": Case(events(compare=">"), "compare by >=", events(compare=">=")),
    "a reset that events do not have": Case(events(reset="zero"), "reset by subtraction", events(reset="subtract")),
    "a neuron that fires once": Case(events(fire_once=True), "use plain neurons", events(fire_once=False)),
    "graded messages of events": Case(events(output=Output("graded", 8)), "send spikes", events()),
    "several spikes in a binary message": Case(
        events(max_spikes_per_step=31, output=Output()),
        "declare its output a count",
        events(max_spikes_per_step=31, output=Output("count", 5)),
    ),
    "more spikes than the machine sends": Case(
        events(max_spikes_per_step=32, output=Output("count", 6)),
        "keep max_spikes_per_step within 1..31",
        events(max_spikes_per_step=31, output=Output("count", 5)),
    ),
    "a threshold beyond the events' machine": Case(
        events(threshold=1 << 16),
        f"keep threshold within 1..{XYLO_V2.threshold_max}",
        events(threshold=XYLO_V2.threshold_max),
    ),
    "a bias beyond the events' machine": Case(
        events(bias=1 << 15), "keep bias within -32768..32767", events(bias=32767)
    ),
    "a decay beyond the events' machine": Case(
        events(membrane_decay=XYLO_V2.decay_one), "keep membrane_decay within", events(membrane_decay=15)
    ),
    "an initial current beyond the events' machine": Case(
        events(initial_current=1 << 15), "keep initial_current within", events(initial_current=32767)
    ),
    "a convolution where only matrices go": Case(
        lambda: program(SPIKING, KERNEL, IMAGE, XYLO_V2), "use dense or sparse weights", events()
    ),
    "weights beyond the events' machine": Case(
        events(feed={"weights": np.full((5, 6), 128)}),
        "keep weight within -128..127",
        events(feed={"weights": np.full((5, 6), 127)}),
    ),
    "a shift beyond the events' machine": Case(
        events(feed={"shift": XYLO_V2.shift_max + 1}), "keep shift within", events(feed={"shift": XYLO_V2.shift_max})
    ),
    "a delay beyond the events' machine": Case(
        events(feed={"delay": XYLO_V2.delay_max + 1}), "keep delay within", events(feed={"delay": XYLO_V2.delay_max})
    ),
    "spikes that a message cuts": Case(
        events(Input("input", (6,), bits=4)),
        "widen message_bits",
        events(Input("input", (6,), bits=4), {"message_bits": 4}),
    ),
    "messages beyond the events' machine": Case(
        events(feed={"message_bits": XYLO_V2.message_bits + 1}),
        "keep message_bits within 1..",
        events(feed={"message_bits": XYLO_V2.message_bits}),
    ),
}
INTEGERS: dict[str, Case] = {**ON_LOIHI, **OF_EVENTS}
