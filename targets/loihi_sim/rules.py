"""Design rules: what Lava's fixed-point models leave unchecked, each rule a small function that returns findings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np

from neurodeploy.analysis.ranges import largest_input, sent_in_fact
from neurodeploy.capabilities import Capabilities
from neurodeploy.errors import CapabilityError
from neurodeploy.finding import Finding
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Population, Program, Projection
from neurodeploy.program.latency import extra_steps, latencies
from neurodeploy.target import Rule, capability_findings

from .layout import is_convolution, spaces, wanted_spaces
from .neurons import bias_exponent
from .synapses import sign_mode

CAPABILITIES = Capabilities(synapse_steps=1)
STATE_LIMIT = 1 << (LOIHI2.membrane_bits - 1)


def violation(slug: str, node: str, message: str, remedy: str) -> Finding:
    """An error."""
    return Finding(slug, "error", node, message, remedy)


def spiking(program: Program) -> Iterator[Population]:
    """Populations with a membrane."""
    return (p for p in program.populations if p.kind != "relay")


def numerics_rule(program: Program) -> list[Finding]:
    """The program must be quantized for loihi2."""
    if program.numerics == LOIHI2:
        return []
    message = f"numerics are {program.numerics.name}, the limit is loihi2"
    if program.numerics.name == LOIHI2.name:
        message = "numerics are loihi2 of another version, whose rules or widths differ from this one's"
    return [violation("numerics", "program", message, "quantize the network for loihi2")]


def scalar_rule(program: Program) -> list[Finding]:
    """One pair of decays per population."""
    fields = ("current_decay", "membrane_decay")
    return [
        violation(
            "per-neuron",
            p.name,
            f"{field} has {np.unique(getattr(p, field)).size} values, the limit is 1 per population",
            "split the population or use one value",
        )
        for p in spiking(program)
        for field in fields
        if np.unique(getattr(p, field)).size > 1
    ]


def outside(
    node: str, quantity: str, values: object, low: int, high: int, remedy: str, slug: str = "range"
) -> list[Finding]:
    """A violation when any of ``values`` leaves ``low..high``."""
    array = np.asarray(values, dtype=np.int64)
    wrong = array[(array < low) | (array > high)]
    if not wrong.size:
        return []
    return [violation(slug, node, f"{quantity} is {int(wrong.flat[0])}, the limit is {low}..{high}", remedy)]


def threshold_rule(program: Program) -> list[Finding]:
    """Thresholds and the values membranes are set to fit 17 bits of accumulator units."""
    findings: list[Finding] = []
    for p in spiking(program):
        top = LOIHI2.threshold_max
        findings += outside(p.name, "threshold", p.threshold, 0, top, "choose a smaller scale")
        for field in ("reset_value", "floor", "ceiling"):
            value = getattr(p, field)
            findings += outside(p.name, field, [] if value is None else value, -top, top, "choose a smaller scale")
    return findings


def decay_rule(program: Program) -> list[Finding]:
    """Decays are 12-bit fractions; 4096 leaves no memory."""
    return [
        finding
        for p in spiking(program)
        for field in ("current_decay", "membrane_decay")
        for finding in outside(p.name, field, getattr(p, field), 0, LOIHI2.decay_one, "use 0..4096")
    ]


def state_rule(program: Program) -> list[Finding]:
    """Initial states are 24-bit, and so are a relay's bias and message."""
    findings: list[Finding] = []
    for p in program.populations:
        for field in ("initial_membrane", "initial_current"):
            value = getattr(p, field)
            findings += outside(p.name, field, value, 1 - STATE_LIMIT, STATE_LIMIT - 1, "choose a smaller scale")
        if p.kind == "relay":
            findings += outside(p.name, "relay bias", p.bias, -STATE_LIMIT, STATE_LIMIT - 1, "choose a smaller scale")
            findings += outside(p.name, "relay shift", p.shift, -24, 31, "use another scale")
    return findings


def bias_rule(program: Program) -> list[Finding]:
    """A bias is a signed 13-bit mantissa times 2**0..2**7."""
    findings: list[Finding] = []
    for p in spiking(program):
        bias = np.asarray(p.bias, dtype=np.int64)
        wrong = bias[bias_exponent(bias) > LOIHI2.bias_exponent_max]
        if wrong.size:
            message = f"bias {int(wrong.flat[0])} is no -4096..4095 times 2**0..2**7"
            findings.append(violation("bias", p.name, message, "round the bias or choose another scale"))
    return findings


def count_rule(program: Program) -> list[Finding]:
    """Several spikes per step travel in a message of 24 bits."""
    return [
        f
        for p in spiking(program)
        for f in outside(p.name, "spikes per step", p.max_spikes_per_step, 1, STATE_LIMIT - 1, "allow fewer")
    ]


def weight_rule(program: Program) -> list[Finding]:
    """Weights stand on the 8-bit grid of their sign mode; Lava clips or truncates others (and not in Conv)."""
    return list(chain.from_iterable(weight_findings(projection) for projection in program.projections))


def weight_findings(projection: Projection) -> list[Finding]:
    """Violations of one projection's grid."""
    weights = projection.weights
    mode = sign_mode(weights)
    top = 1 << LOIHI2.weight_bits
    low, high = {"EXCITATORY": (0, top - 1), "INHIBITORY": (1 - top, 0), "MIXED": (-top, top - 2)}[mode]
    findings = outside(projection.name, f"{mode.lower()} weight", weights, low, high, "quantize to 8 bits", "weight")
    odd = weights[weights % 2 != 0] if mode == "MIXED" else weights[:0]
    if odd.size:
        message = f"weight {int(odd.flat[0])} is odd, weights of mixed signs have only even values"
        findings.append(violation("weight", projection.name, message, "quantize to 8 bits with a sign"))
    return findings


def shift_rule(program: Program) -> list[Finding]:
    """Dense and sparse weights have an exponent; that of a convolution stands in its kernel and only enlarges."""
    findings: list[Finding] = []
    for p in program.projections:
        low = 0 if is_convolution(p) else LOIHI2.shift_min
        findings += outside(p.name, "weight exponent", p.shift, low, LOIHI2.shift_max, "choose another scale", "shift")
    return findings


def delay_rule(program: Program) -> list[Finding]:
    """Delays are 6-bit, and what waits passes 24-bit synapses."""
    findings: list[Finding] = []
    for p in program.projections:
        findings += outside(p.name, "delay", p.delay, 0, LOIHI2.delay_max, "use a shorter delay", "delay")
    latency = latencies(program)
    waiting = {p.source for p in program.projections if extra_steps(p, latency) > 0}
    for name in sorted(waiting):
        sent = sent_in_fact(program.node(name), LOIHI2)
        limits = (-STATE_LIMIT, STATE_LIMIT - 1)
        quantity, remedy = "a message that waits", "use a narrower message"
        findings += outside(name, quantity, (sent.low, sent.high), *limits, remedy, "message")
    return findings


def message_rule(program: Program) -> list[Finding]:
    """A graded message fits the synapse's width, 24 bits at most; a 1-bit synapse sees only zero or not."""
    findings: list[Finding] = []
    for p in program.projections:
        width = sent_in_fact(program.node(p.source), LOIHI2).width
        if not 1 <= p.message_bits <= LOIHI2.message_bits:
            message = f"message of {p.message_bits} bits, the limit is 1..{LOIHI2.message_bits}"
            findings.append(violation("message", p.name, message, "use a narrower message"))
        elif p.message_bits == 1 and width > 1:
            message = f"{p.source} sends {width}-bit values and the synapse counts each that is not zero as 1"
            findings.append(Finding("binarized", "warning", p.name, message, f"set message_bits={width} to keep them"))
        elif p.message_bits > 1 and width > p.message_bits:
            message = f"{p.source} sends {width}-bit values into a synapse of {p.message_bits} message bits"
            findings.append(violation("message", p.name, message, f"set message_bits={width}"))
    return findings


def shape_rule(program: Program) -> list[Finding]:
    """Weights fit the populations they join, and a population lies in one way for all its convolutions."""
    findings: list[Finding] = []
    for p in program.projections:
        sizes = (program.node(p.target).size, program.node(p.source).size)
        fits = spaces(program, p) is not None if is_convolution(p) else p.weights.shape == sizes
        if not fits:
            shapes = f"{program.node(p.source).shape} -> {program.node(p.target).shape}"
            message = f"{p.kind} weights {p.weights.shape} do not fit {shapes}"
            findings.append(violation("shape", p.name, message, "correct the shapes"))
    for name, stated in wanted_spaces(program).items():
        if len(stated) > 1:
            ways = " and ".join(str(space) for space in sorted(stated))
            message = f"convolutions take it for {ways} at once"
            findings.append(violation("layout", name, message, "put a relay between them"))
    return findings


def overflow_rule(program: Program) -> list[Finding]:
    """Sums that could wrap: the numerics define what happens then, so these are warnings."""
    findings: list[Finding] = []
    if shape_rule(program):
        return findings
    for p in filter(is_convolution, program.projections):
        reach = max(abs(bound) for bound in largest_input(program, p.target, (p,)))
        if reach >= 1 << 31:
            message = f"the worst-case sum {reach} leaves 32 bits, where Lava's Conv is undefined"
            findings.append(violation("conv-sum", p.name, message, "use narrower messages"))
        elif reach >= STATE_LIMIT:
            message = f"the worst-case sum {reach} wraps at 24 bits (limit {STATE_LIMIT})"
            findings.append(Finding("conv-wrap", "warning", p.name, message, "use smaller weights"))
    for p in spiking(program):
        reach = max(abs(bound) for bound in largest_input(program, p.name))
        if reach >= LOIHI2.accumulator_bound:
            message = f"the worst-case input {reach} wraps the current (limit {LOIHI2.accumulator_bound})"
            findings.append(Finding("current-wrap", "warning", p.name, message, "use a smaller scale"))
    return findings


RULES: tuple[Rule, ...] = (
    numerics_rule,
    shape_rule,
    scalar_rule,
    threshold_rule,
    decay_rule,
    state_rule,
    bias_rule,
    count_rule,
    weight_rule,
    shift_rule,
    message_rule,
    delay_rule,
    overflow_rule,
)


def checked(program: Program) -> tuple[Finding, ...]:
    """Warnings of all rules. Raises CapabilityError with every violation at once."""
    broken = chain.from_iterable(rule(program) for rule in RULES)
    findings = (*capability_findings(CAPABILITIES, program), *broken)
    errors = tuple(finding for finding in findings if finding.severity == "error")
    if errors:
        message = f"cannot carry this network ({len(errors)} violations)"
        raise CapabilityError(message, "target loihi-sim", findings=errors)
    return findings
