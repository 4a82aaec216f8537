"""Xylo's design rules: what its layout and its arithmetic cannot hold, each a small function that returns findings.

Limits: those of Xylo Audio 2 (SYNS61201). Channels, neurons and spikes: Rockpool 3.1.0, its documentation and
``devices/xylo/syns61201/xylo_mapper.py``. Memory: its map in ``xa2_devkit_utils.py`` keeps a list of targets with a
weight each for every hidden neuron (RFORAM, RWTRAM: 32,000 entries for all), and tables of all input and output weights
(IWTRAM: 16 x 1000, OWTRAM). The length of one list is bounded by 64, says the documentation ("Max. fanout"), which also
has the 32 of the average. Nothing is kept by target: a fan-in is bounded by no memory, mapper or simulator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.capabilities import Capabilities
from neurodeploy.finding import Finding
from neurodeploy.numerics import XYLO_V2
from neurodeploy.program import Program
from neurodeploy.program.pipelined import idle, pipelined_latencies
from neurodeploy.target import Rule

from .layout import INPUT, OUTPUT, RECURRENT, Layout

IntArray = NDArray[np.int64]
MOST_SPIKES = XYLO_V2.spikes_max or 31
MATRICES = frozenset({"dense", "sparse"})
CAPABILITIES = Capabilities(
    populations=frozenset({"cuba-lif"}),
    projections=MATRICES,
    resets=frozenset({"subtract"}),
    compares=frozenset({">="}),
    max_spikes_per_step=MOST_SPIKES,
    spikes_per_step=MOST_SPIKES,
    delay_max=1,
    clamps=False,
    fire_once=False,
    stateless=False,
)
LIMITS = {INPUT: 16, RECURRENT: 1000, OUTPUT: 8}
FAN_OUT, SYNAPSES = 64, 32_000
FAN_IN = 16
"""From the documentation's picture of a neuron: a synapse "may receive events from up to 16 pre-synaptic neurons"."""
WORDS = {INPUT: "input channels", RECURRENT: "hidden neurons", OUTPUT: "output neurons"}


def violation(slug: str, node: str, message: str, remedy: str) -> Finding:
    """An error."""
    return Finding(slug, "error", node, message, remedy)


def numerics_rule(program: Program) -> list[Finding]:
    """The program must be quantized for xylo-v2, as it is here."""
    if program.numerics == XYLO_V2:
        return []
    return [violation("numerics", "program", f"numerics are {program.numerics.name}", "quantize for xylo-v2")]


def size_rule(program: Program) -> list[Finding]:
    """Channels and neurons that the chip has."""
    remedies = {
        INPUT: "use fewer input lines, or sum neighboring ones before the network",
        RECURRENT: "use narrower hidden layers",
        OUTPUT: "use a readout of fewer neurons",
    }
    return [
        violation("size", "program", f"{count} {WORDS[kind]}, the limit is {LIMITS[kind]}", remedies[kind])
        for kind, count in Layout(program).sizes.items()
        if count > LIMITS[kind]
    ]


def _counts(program: Program, layout: Layout, name: str, axis: int) -> IntArray:
    """Synapses among hidden neurons that leave (axis 0) or enter (axis 1) every neuron of a population.

    Windows, which the chip does not have, are not counted.
    """
    inner = [q for q in program.projections if q.kind in MATRICES and layout.kind(q) == RECURRENT]
    mine = [q.weights for q in inner if (q.source, q.target)[axis] == name]
    return sum((np.count_nonzero(weights, axis=axis) for weights in mine), np.zeros(1, np.int64))


def fan_out_rule(program: Program) -> list[Finding]:
    """Synapses of one hidden neuron with others, and of all: each has a weight other than 0."""
    layout, found, total = Layout(program), list[Finding](), 0
    for p in layout.hidden:
        counts = _counts(program, layout, p.name, 0)
        most, total = int(counts.max()), total + int(counts.sum())
        if most > FAN_OUT:
            message = f"a neuron has {most} synapses to hidden neurons, the limit is {FAN_OUT}"
            remedy = f"leave at most {FAN_OUT} weights of each neuron other than 0 (prune, or use narrower layers)"
            found.append(violation("fan-out", p.name, message, remedy))
    if total > SYNAPSES:
        message = f"{total:,} synapses between hidden neurons, the limit is {SYNAPSES:,}"
        remedy = (
            f"leave at most {SYNAPSES:,} weights between hidden neurons other than 0 (prune, or use narrower layers)"
        )
        found.append(violation("synapses", "program", message, remedy))
    return found


def fan_in_rule(program: Program) -> list[Finding]:
    """No limit, but a number in a picture, which is told."""
    layout, found = Layout(program), list[Finding]()
    for p in layout.hidden:
        most = int(_counts(program, layout, p.name, 1).max())
        if most > FAN_IN:
            message = (
                f"a neuron hears {most} hidden neurons; Rockpool's documentation draws {FAN_IN} at a synapse, but its "
                "mapper, the memory and xylosim bound it nowhere"
            )
            found.append(Finding("fan-in", "info", p.name, message, "ask SynSense before the network goes to a chip"))
    return found


def spikes_rule(program: Program) -> list[Finding]:
    """Hidden neurons send up to 31 spikes in a step; nothing keeps them from it."""
    return [
        violation(
            "spikes",
            p.name,
            f"sends at most {p.max_spikes_per_step} in a step, a hidden neuron sends up to {MOST_SPIKES}",
            f"allow {MOST_SPIKES} (leave out -O spikes-per-step); output neurons send 1, behind a hidden layer",
        )
        for p in Layout(program).hidden
        if p.max_spikes_per_step != MOST_SPIKES
    ]


def shift_rule(program: Program) -> list[Finding]:
    """The weights of each of the three kinds have one shift."""
    layout, found = Layout(program), list[Finding]()
    for kind in (INPUT, RECURRENT, OUTPUT):
        members = [p for p in program.projections if layout.kind(p) == kind and np.any(p.weights)]
        shifts = sorted({p.shift for p in members})
        if len(shifts) > 1:
            message = f"weights to {WORDS[kind]} have shifts {', '.join(map(str, shifts))}, the chip has one"
            message = message.replace("to input channels", "from input channels")
            found.append(violation("shift", members[0].name, message, "use -O weight-exponent=0"))
    return found


def wiring_rule(program: Program) -> list[Finding]:
    """One synapse from a neuron to another, in the chip's order; spikes of neurons arrive a step later."""
    found: list[Finding] = []
    place = {name: number for number, name in enumerate((*program.input_by_name, *program.by_name))}
    for p in program.populations:
        entering = [place[projection.source] for projection in program.into(p.name)]
        if len(set(entering)) < len(entering):
            message = "receives two projections from one source, the chip has one weight for each pair"
            found.append(violation("wiring", p.name, message, "use weights of 8 bits or fewer"))
        elif entering != sorted(entering):
            message = "its projections are not in the chip's order: inputs, then hidden neurons by number"
            found.append(violation("wiring", p.name, message, "put its projections in that order"))
    _, wrong = pipelined_latencies(program)
    for projection in wrong:
        message = "its spikes come in another step than others: paths of different length meet, or an input waits"
        remedy = "make all paths equally long (no skip connections), with no delays but the one of a loop"
        found.append(violation("alignment", projection.name, message, remedy))
    return found


def start_rule(program: Program) -> list[Finding]:
    """States start at 0, and run on their bias until the first input arrives."""
    latency, wrong = pipelined_latencies(program)
    if wrong:
        return []
    found: list[Finding] = []
    feeding = {projection.source for projection in program.projections}
    for p in program.populations:
        start, fires = idle(p, latency[p.name], program.numerics)
        if fires and p.name in feeding:
            message = "its bias alone makes it fire before the first input has come through the layers before it"
            found.append(violation("start", p.name, message, "train with a smaller bias"))
        elif np.any(p.initial_current) or np.any(start != p.initial_membrane):
            message = f"starts in a state of its own; on the chip it starts at 0, {latency[p.name]} steps before"
            found.append(violation("start", p.name, message, "train with states that start at 0"))
    return found


def readout_rule(program: Program) -> list[Finding]:
    """Only output neurons have pins; hidden ones are read over the debug interface."""
    hidden = {p.name for p in Layout(program).hidden}
    message = "the network ends in hidden neurons, which the chip shows over its debug interface alone"
    return [
        Finding("readout", "info", name, message, "add a readout layer of up to 8 neurons")
        for name in program.outputs
        if name in hidden
    ]


RULES: tuple[Rule, ...] = (
    numerics_rule,
    size_rule,
    fan_out_rule,
    fan_in_rule,
    spikes_rule,
    shift_rule,
    wiring_rule,
    start_rule,
    readout_rule,
)
