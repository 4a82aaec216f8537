"""Random programs within a scope, alive and awkward, the same for the same seed.

Sizes are small enough for a slow simulator; every branch of the update is met somewhere in a few hundred seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.case import Case, Family
from neurodeploy.conformance.draw import Draw
from neurodeploy.conformance.dynamics import draw_neuron, draw_readout, draw_relay
from neurodeploy.conformance.liveliness import LOUD, QUIET, Trial, find_threshold
from neurodeploy.conformance.scope import FAMILIES, Scope
from neurodeploy.conformance.stimulus import draw_stimulus
from neurodeploy.conformance.synapses import Push, draw_projection
from neurodeploy.conformance.topology import Link, Wiring, draw_wiring
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference.program_runner import accumulated, run_population, run_program
from neurodeploy.stimulus import Stimulus

IntArray = NDArray[np.int64]
ATTEMPTS = 6
STEPS = 100
STREAMS: dict[Family, int] = {"stock": 1, "held": 2}
SPREAD = 3
"""Key of the stream that spreads thresholds, apart from all others."""


@dataclass
class Draft:
    """A program under construction, with what each finished node sends: ``(samples, steps, *shape)``."""

    seed: int
    scope: Scope
    wiring: Wiring
    once: bool
    sent: dict[str, IntArray]
    populations: dict[str, Population] = field(default_factory=dict[str, Population])
    projections: dict[str, tuple[Projection, ...]] = field(default_factory=dict[str, tuple[Projection, ...]])

    def program(self) -> Program:
        """What stands so far."""
        projections = tuple(projection for group in self.projections.values() for projection in group)
        populations = tuple(self.populations.values())
        feeding = {projection.source for projection in projections if projection.source != projection.target}
        outputs = tuple(population.name for population in populations if population.name not in feeding)
        return Program(self.scope.numerics, tuple(self.wiring.inputs), populations, projections, outputs)


def generate(seed: int, family: Family, samples: int = 1) -> Case:
    """The case of this seed and family, 100 steps long."""
    case = draw_case(Draw(STREAMS[family], seed), FAMILIES[family], seed, samples)
    return replace(case, name=f"{family}-{seed}")


def draw_case(draw: Draw, scope: Scope, seed: int, samples: int = 1, steps: int = STEPS) -> Case:
    """A case within ``scope`` from a stream; ``seed`` keys the streams beside it."""
    wiring = draw_wiring(draw, scope)
    once = scope.fire_once and draw.chance(0.12)
    stimulus = Stimulus({node.name: draw_stimulus(draw, node, samples, steps) for node in wiring.inputs})
    empty = Program(scope.numerics, tuple(wiring.inputs), (), ())
    draft = Draft(seed, scope, wiring, once, quantize_inputs(empty, stimulus))
    for name, shape in wiring.shapes.items():
        if name in wiring.roles:
            draft.sent[name] = np.zeros((samples, steps, *shape), dtype=np.int64)
    for name in wiring.roles:
        add_population(draw, draft, name)
    if any(link.back and link.source != link.target for link in wiring.links):
        settle(draw, draft, stimulus)
    return Case(f"random-{seed}", draft.program(), stimulus, steps)


def add_population(draw: Draw, draft: Draft, name: str) -> None:
    """Draw one population and its synapses until it is lively, bending its drive where it is not."""
    push = Push()
    best: tuple[int, Population, tuple[Projection, ...], IntArray] | None = None
    spread = Draw(SPREAD, draft.seed, len(draft.populations))
    for _ in range(ATTEMPTS):
        projections = draw_projections(draw, draft, name, push)
        population, projections, trial = draw_population(draw, draft, name, projections, push)
        distance = max(QUIET - trial.permille, trial.permille - LOUD, 0)
        if best is None or distance < best[0]:
            best = distance, population, projections, trial.output
        if distance == 0:
            break
        quiet = trial.permille < QUIET
        push = Push(push.gain + (2 if quiet else -2), push.excite or quiet, tame=True)
    if best is not None:
        _, draft.populations[name], draft.projections[name], draft.sent[name] = best
        if spread.chance(0.3):
            spread_threshold(spread, draft, name)


def spread_threshold(draw: Draw, draft: Draft, name: str) -> None:
    """Give every neuron a threshold of its own, around the one that was found, where the machine allows it."""
    neuron, n = draft.populations[name], draft.scope.numerics
    if neuron.kind != "cuba-lif" or not (n.per_neuron_threshold and draft.scope.arrays):
        return
    most = int(neuron.threshold) // 4 + 1
    thresholds = np.clip(neuron.threshold + draw.integers(-most, most, neuron.shape), 1, n.threshold_max)
    draft.populations[name] = replace(neuron, threshold=thresholds)
    loops = tuple(projection for projection in draft.projections[name] if projection.source == name)
    forward = tuple(projection for projection in draft.projections[name] if projection.source != name)
    draft.sent[name] = run_population(draft.populations[name], loops, receive(draft, name, forward), n)[0]


def draw_projections(draw: Draw, draft: Draft, name: str, push: Push) -> tuple[Projection, ...]:
    """Every projection into ``name``."""
    drawn: list[Projection] = []
    links: list[Link] = draft.wiring.into(name)
    for number, link in enumerate(links):
        second = any(earlier.source == link.source for earlier in links[:number])
        source, target = draft.wiring.shapes[link.source], draft.wiring.shapes[name]
        label = f"{link.source}-{name}" + (f"-{number}" if second else "")
        output = sent_by(draft, link.source)
        drawn.append(draw_projection(draw, link, label, second, source, target, output, push, draft.scope))
    return tuple(drawn)


def sent_by(draft: Draft, name: str) -> Output:
    """What a node sends; a population that is not drawn yet counts as binary."""
    inputs = {source.name: source.output for source in draft.wiring.inputs}
    return inputs[name] if name in inputs else draft.populations[name].output if name in draft.populations else Output()


def draw_population(
    draw: Draw, draft: Draft, name: str, projections: tuple[Projection, ...], push: Push
) -> tuple[Population, tuple[Projection, ...], Trial]:
    """A population of the wiring's role for what its projections deliver, and what it then does."""
    n, shape, biased = draft.scope.numerics, draft.wiring.shapes[name], draft.wiring.biased
    forward = tuple(projection for projection in projections if projection.source != name)
    loops = tuple(projection for projection in projections if projection.source == name)
    received = receive(draft, name, forward)
    size = max(1, int(np.abs(received).sum()) // max(1, int(np.count_nonzero(received))))
    if draft.wiring.roles[name] == "relay":
        relay = draw_relay(draw, name, shape, received, biased)
        return relay, projections, observe(relay, loops, received, n)
    size = min(size, n.threshold_max) if forward else 1 << draw.between(2, 12)
    if draft.wiring.roles[name] == "li":
        readout = draw_readout(draw, name, shape, size, biased, n)
        return readout, projections, observe(readout, loops, received, n)
    neuron = draw_neuron(draw, draft.scope, name, shape, size, biased, push.tame)
    if not forward:
        neuron = replace(neuron, bias=np.abs(neuron.bias) if np.any(neuron.bias) else size << n.state_shift)
    neuron = replace(neuron, fire_once=draft.once and draw.chance(0.6))
    if neuron.output.kind == "count" and draw.chance(0.7):
        loops = tuple(replace(loop, message_bits=neuron.output.width) for loop in loops)
    trial = find_threshold(draw, neuron, loops, received, size, n)
    return replace(neuron, threshold=trial.threshold), (*forward, *loops), trial


def observe(population: Population, loops: Sequence[Projection], received: IntArray, n: Numerics) -> Trial:
    """What a population without threshold does; it is lively where it sends something, however often."""
    output, before = run_population(population, loops, received, n)
    permille = int(np.count_nonzero(output)) * 1000 // output.size
    return Trial(0, min(permille, LOUD), 0, output, before)


def receive(draft: Draft, name: str, projections: tuple[Projection, ...]) -> IntArray:
    """What arrives over ``projections`` at every step, given what every node sends by now."""
    probe = Population(name, draft.wiring.shapes[name])
    steps = range(next(iter(draft.sent.values())).shape[1])
    return np.stack([accumulated(draft.scope.numerics, probe, projections, draft.sent, t) for t in steps], axis=1)


def settle(draw: Draw, draft: Draft, stimulus: Stimulus, rounds: int = 3) -> None:
    """Choose thresholds again where a loop over several populations, unknown when they were drawn, upset them."""
    for _ in range(rounds):
        trace = run_program(draft.program(), stimulus)
        draft.sent = {name: trace[name].output for name in draft.sent}
        spiking = [name for name, population in draft.populations.items() if population.kind == "cuba-lif"]
        upset = [name for name in spiking if not lively(draft.sent[name])]
        if not upset:
            return
        for name in upset:
            retune(draw, draft, name)


def retune(draw: Draw, draft: Draft, name: str) -> None:
    """Choose one threshold again, for what now arrives."""
    neuron, projections, n = draft.populations[name], draft.projections[name], draft.scope.numerics
    loops = tuple(projection for projection in projections if projection.source == name)
    received = receive(draft, name, tuple(projection for projection in projections if projection.source != name))
    size = max(1, int(np.abs(received).sum()) // max(1, int(np.count_nonzero(received))))
    trial = find_threshold(draw, neuron, loops, received, min(size, n.threshold_max), n)
    draft.populations[name], draft.sent[name] = replace(neuron, threshold=trial.threshold), trial.output


def lively(output: IntArray) -> bool:
    """Whether the output is neither silent nor always there."""
    return QUIET <= int(np.count_nonzero(output)) * 1000 // output.size <= LOUD
