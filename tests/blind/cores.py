"""Kinds of faults of neurons and their arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurodeploy.conformance.draw import Draw
from neurodeploy.program.program import Program
from neurodeploy.reference import integer
from neurodeploy.reference.integer import Step
from tests.blind.kinds import Planted, kind, spiking, stateful, with_neurons
from tests.blind.machine import Hook, Machine, at, neuron


def sick(g: Program, name: str, words: str, update: Hook) -> Planted:
    """The machine with another update in one population."""
    return name, f"{name}: {words}", lambda: Machine(g, update=at(name, update))


def floored(x, amount, n):
    return (x * (n.decay_one - np.asarray(amount, np.int64))) >> n.decay_bits


def nearest(x, amount, n):
    half = 1 << (n.decay_bits - 1)
    return (x * (n.decay_one - np.asarray(amount, np.int64)) + half) >> n.decay_bits


@kind("membrane decay rounds down")
def membrane_floor(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    words = "the product of the membrane's decay is shifted, rounding toward minus infinity"
    return None if p is None else sick(g, p.name, words, neuron(decay_v=floored))


@kind("current decay rounds down")
def current_floor(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    words = "the product of the current's decay is shifted, rounding toward minus infinity"
    return None if p is None else sick(g, p.name, words, neuron(decay_u=floored))


@kind("decay rounds to nearest")
def decay_nearest(d: Draw, g: Program) -> Planted | None:
    p, term = stateful(d, g), d.pick(("decay_u", "decay_v"))
    if p is None:
        return None
    words = f"the decay of the {'current' if term == 'decay_u' else 'membrane'} rounds to nearest"
    return sick(g, p.name, words, neuron(**{term: nearest}))


@kind("decay takes at least one unit")
def decay_least(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)

    def away(x, amount, n):
        kept = np.sign(x) * ((np.abs(x) * (n.decay_one - np.asarray(amount, np.int64))) >> n.decay_bits)
        return np.where((kept == x) & (np.asarray(amount) > 0), x - np.sign(x), kept)

    words = "the membrane's decay takes at least one unit"
    return None if p is None else sick(g, p.name, words, neuron(decay_v=away))


@kind("membranes decay after integration")
def decay_late(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.membrane_decay)) and bool(np.any(np.asarray(p.membrane_decay) < 4096)))
    if p is None:
        return None

    def nothing(x, amount, n):
        return x

    def update(m, q, state, a):
        result = neuron(decay_v=nothing)(m, q, state, a)
        state.v = integer.decay(state.v, q.membrane_decay, m.numerics)
        return result

    return sick(g, p.name, "the membrane decays at the end of a step, after reset, not at its beginning", update)


@kind("current is added a step late")
def current_late(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    words = "the membrane takes the current of the step before"
    return None if p is None else sick(g, p.name, words, neuron(membrane=lambda v, u, b, u0: v + u0 + b))


@kind("neurons leak only when something arrives")
def event_driven(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.membrane_decay)))
    if p is None:
        return None

    def update(m, q, state, a):
        u, v, fired = state.u.copy(), state.v.copy(), state.fired.copy()
        result = m.update(q, state, a)
        idle = a == 0
        state.u, state.v = np.where(idle, u, state.u), np.where(idle, v, state.v)
        state.fired = np.where(idle, fired, state.fired)
        return Step(np.where(idle, 0, result.output), np.where(idle, v, result.v_before))

    return sick(g, p.name, "a neuron to which nothing is added in a step is not updated in it", update)


@kind("bias is added only with input")
def bias_gated(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.bias)))
    if p is None:
        return None

    def update(m, q, state, a):
        gate = (a != 0).astype(np.int64)
        return neuron(membrane=lambda v, u, b, u0: v + u + b * gate)(m, q, state, a)

    return sick(g, p.name, "the bias is added only in steps in which something arrives", update)


@kind("bias goes into the current")
def bias_current(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.bias)) and bool(np.any(np.asarray(p.current_decay) < 4096)))
    if p is None:
        return None

    def update(m, q, state, a):
        return neuron(current=lambda u, x: u + x + q.bias, membrane=lambda v, u, b, u0: v + u)(m, q, state, a)

    return sick(g, p.name, "the bias is added to the current, where it decays with it", update)


@kind("comparison includes or excludes the threshold")
def compare(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None
    other = ">=" if p.compare == ">" else ">"
    return p.name, f"{p.name}: fires where v {other} threshold", with_neurons(g, p, compare=other)


@kind("a neuron is dead")
def dead(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None
    cell = d.between(0, p.size - 1)

    def update(m, q, state, a):
        result = m.update(q, state, a)
        for array in (result.output, result.v_before, state.v, state.u):
            array.reshape(-1)[cell] = 0
        return result

    return sick(g, p.name, f"neuron {cell} never spikes and its state reads 0", update)


@kind("a neuron is stuck firing")
def stuck(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None
    cell = d.between(0, p.size - 1)

    def send(m, q, output):
        if q.name == p.name:
            output.reshape(-1)[cell] = 1
        return output

    return p.name, f"{p.name}: neuron {cell} spikes in every step, whatever its membrane", lambda: Machine(g, send=send)


@kind("a neuron's driver is open")
def mute(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None
    cell = d.between(0, p.size - 1)

    def send(m, q, output):
        if q.name == p.name:
            output.reshape(-1)[cell] = 0
        return output

    return p.name, f"{p.name}: neuron {cell} never sends, though its membrane is right", lambda: Machine(g, send=send)


@kind("a core of neurons is not clocked")
def unclocked(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.size >= 4)
    if p is None:
        return None
    first = p.size // 2

    def update(m, q, state, a):
        result = m.update(q, state, a)
        for array in (result.output, result.v_before, state.v, state.u):
            array.reshape(-1)[first:] = 0
        return result

    return sick(g, p.name, f"neurons from {first} on never run: states 0, no spikes", update)


@kind("reset to zero instead of by subtraction")
def reset_rule(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None
    rule = d.pick([rule for rule in ("zero", "subtract", "none") if rule != p.reset])
    return p.name, f"reset of {p.name}: {rule} instead of {p.reset}", with_neurons(g, p, reset=rule)


@kind("reset value is wrong")
def reset_value(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.reset in ("zero", "value"))
    if p is None:
        return None
    value = p.reset_value * (p.reset == "value") + d.pick((-1, 1)) * d.between(2, 40)
    words = f"reset of {p.name}: to {value} accumulator units"
    return p.name, words, with_neurons(g, p, reset="value", reset_value=value)


@kind("reset also clears the current")
def reset_current(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: bool(np.any(np.asarray(p.current_decay) < 4096)))
    if p is None:
        return None

    def update(m, q, state, a):
        result = m.update(q, state, a)
        state.u = np.where(result.output > 0, 0, state.u)
        return result

    return sick(g, p.name, "a spike clears the current too", update)


@kind("reset comes a step late")
def reset_late(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.reset in ("zero", "subtract"))
    if p is None:
        return None

    def update(m, q, state, a):
        last = m.memory.get("late") if m.t else None
        if last is not None:
            state.v = integer.reset(q, state.v, last, m.numerics)
        result = neuron(reset=lambda q, v, s, n: v)(m, q, state, a)
        m.memory["late"] = result.output
        return result

    return sick(g, p.name, "the reset acts at the beginning of the next step, before decay", update)


@kind("neurons are refractory")
def refractory(d: Draw, g: Program) -> Planted | None:
    p, steps = spiking(d, g), d.between(1, 3)
    if p is None:
        return None

    def update(m, q, state, a):
        wait = m.memory["wait"] if m.t else np.zeros_like(a)

        def spikes(q, v, n):
            return np.where(wait > 0, 0, integer.count_spikes(q, v, n))

        result = neuron(spikes=spikes)(m, q, state, a)
        m.memory["wait"] = np.where(result.output > 0, steps, np.maximum(wait - 1, 0))
        return result

    return sick(g, p.name, f"for {steps} steps after a spike a neuron does not fire; it goes on to integrate", update)


@kind("neurons rest while refractory")
def resting(d: Draw, g: Program) -> Planted | None:
    p, steps = spiking(d, g), d.between(1, 2)
    if p is None:
        return None

    def update(m, q, state, a):
        wait = m.memory["rest"] if m.t else np.zeros_like(a)
        v = state.v.copy()
        result = m.update(q, state, a)
        out = np.where(wait > 0, 0, result.output)
        state.v = np.where(wait > 0, v, state.v)
        m.memory["rest"] = np.where(out > 0, steps, np.maximum(wait - 1, 0))
        return Step(out, np.where(wait > 0, v, result.v_before))

    return sick(g, p.name, f"for {steps} steps after a spike the membrane keeps still and nothing fires", update)


@kind("the comparison sees the membrane of the step before")
def compare_late(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None

    def update(m, q, state, a):
        before = state.v.copy()
        return neuron(spikes=lambda q, v, n: integer.count_spikes(q, before, n))(m, q, state, a)

    return sick(g, p.name, "the comparison reads the membrane before this step's integration", update)


@kind("membranes cannot be negative")
def not_negative(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: p.floor != 0)
    return None if p is None else (p.name, f"{p.name}: the membrane stops at 0", with_neurons(g, p, floor=0))


@kind("the floor of membranes is missing")
def no_floor(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: p.floor is not None)
    return None if p is None else (p.name, f"{p.name}: no floor", with_neurons(g, p, floor=None))


@kind("the ceiling of membranes is missing")
def no_ceiling(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: p.ceiling is not None)
    return None if p is None else (p.name, f"{p.name}: no ceiling", with_neurons(g, p, ceiling=None))


@kind("negative membranes count as large")
def sign_ignored(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    words = "the comparison is unsigned: a negative membrane fires"
    sick_spikes: Callable = lambda q, v, n: np.where(v < 0, 1, integer.count_spikes(q, v, n))  # noqa: E731
    return None if p is None else sick(g, p.name, words, neuron(spikes=sick_spikes))


def width(d: Draw, g: Program, rule: str) -> tuple[str, int, Hook] | None:
    p = stateful(d, g)
    if p is None:
        return None
    top = int(np.max(np.abs(np.asarray(p.threshold)))) if p.kind == "cuba-lif" else 200
    bits = (top << g.numerics.state_shift).bit_length() + 1 + d.between(0, 1)

    def clamp(q, v, n):
        return integer.clamp(q, integer.overflow(v, bits, rule), n)

    return p.name, bits, neuron(clamp=clamp)


@kind("membranes wrap in a narrow register")
def membrane_wraps(d: Draw, g: Program) -> Planted | None:
    sized = width(d, g, "wrap")
    return None if sized is None else sick(g, sized[0], f"the membrane wraps at {sized[1]} bits", sized[2])


@kind("membranes saturate in a narrow register")
def membrane_narrow(d: Draw, g: Program) -> Planted | None:
    sized = width(d, g, "saturate")
    return None if sized is None else sick(g, sized[0], f"the membrane saturates at {sized[1]} bits", sized[2])


def sum_width(d: Draw, g: Program, rule: str) -> Planted | None:
    p, bits = stateful(d, g), d.between(7, 9)
    if p is None:
        return None

    def update(m, q, state, a):
        return m.update(q, state, integer.overflow(a, bits, rule))

    return sick(g, p.name, f"the sum of a step's input: {rule} at {bits} bits", update)


@kind("accumulators saturate early")
def sum_narrow(d: Draw, g: Program) -> Planted | None:
    return sum_width(d, g, "saturate")


@kind("accumulators wrap early")
def sum_wraps(d: Draw, g: Program) -> Planted | None:
    return sum_width(d, g, "wrap")


@kind("current register saturates early")
def current_narrow(d: Draw, g: Program) -> Planted | None:
    p, bits = stateful(d, g), 8 + g.numerics.state_shift
    if p is None:
        return None

    def update(m, q, state, a):
        result = m.update(q, state, a)
        state.u = integer.saturate(state.u, bits)
        return result

    return sick(g, p.name, f"what is kept of the current from step to step saturates at {bits} bits", update)


@kind("only one spike in a step")
def single(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.max_spikes_per_step > 1)
    return (
        None
        if p is None
        else (p.name, f"{p.name}: one spike a step at most", with_neurons(g, p, max_spikes_per_step=1))
    )


@kind("several spikes, one subtraction")
def one_subtraction(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.max_spikes_per_step > 1 and p.reset == "subtract")
    words = "however many spikes, the threshold is subtracted once"
    less: Callable = lambda q, v, s, n: integer.reset(q, v, np.minimum(s, 1), n)  # noqa: E731
    return None if p is None else sick(g, p.name, words, neuron(reset=less))


@kind("neurons fire again")
def again(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.fire_once)
    return None if p is None else (p.name, f"{p.name}: fires more than once", with_neurons(g, p, fire_once=False))


@kind("neurons fire once")
def once(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: not p.fire_once)
    return None if p is None else (p.name, f"{p.name}: fires once in a sample", with_neurons(g, p, fire_once=True))


@kind("relays round down")
def relay_floor(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.populations if p.kind == "relay" and p.shift > 0]
    if not fit:
        return None
    p = d.pick(fit)

    def update(m, q, state, a):
        total = integer.overflow(a + q.bias, m.numerics.wide_bits, m.numerics.wide_overflow)
        return Step(np.clip(total >> q.shift, q.output.low, q.output.high), total)

    return sick(g, p.name, "the relay's shift rounds down", update)


@kind("relays wrap")
def relay_wraps(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.populations if p.kind == "relay"]
    if not fit:
        return None
    p = d.pick(fit)
    bits = d.between(4, 6)

    def update(m, q, state, a):
        result = m.update(q, state, a)
        return Step(integer.wrap(result.output, bits), result.v_before)

    return sick(g, p.name, f"the relay's output wraps at {bits} bits", update)


@kind("a membrane is upset by a particle")
def particle(d: Draw, g: Program) -> Planted | None:
    p, t, sample = stateful(d, g), d.between(5, 25), d.between(0, 1)
    if p is None:
        return None
    cell = d.between(0, p.size - 1)
    top = int(np.max(np.abs(np.asarray(p.threshold)))) if p.kind == "cuba-lif" else 200
    bit = (top << g.numerics.state_shift).bit_length()

    def update(m, q, state, a):
        if m.t == t and m.sample == sample:
            state.v.reshape(-1)[cell] ^= 1 << bit
        return m.update(q, state, a)

    words = f"before step {t} of sample {sample} bit {bit} of the membrane of neuron {cell} flips"
    return sick(g, p.name, words, update)


@kind("membranes are noisy")
def noisy(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    if p is None:
        return None
    most = 4 << g.numerics.state_shift
    seed = d.between(0, 999)

    def update(m, q, state, a):
        rng = np.random.default_rng((seed, m.sample, m.t))
        state.v = state.v + rng.integers(-most, most + 1, state.v.shape)
        return m.update(q, state, a)

    return sick(g, p.name, f"noise of up to {most} on every membrane in every step", update)


@kind("thresholds adapt")
def adaptive(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None
    more = max(1, int(np.max(p.threshold)) // 8) << g.numerics.state_shift

    def update(m, q, state, a):
        extra = m.memory["extra"] if m.t else np.zeros_like(a)
        result = neuron(spikes=lambda q, v, n: integer.count_spikes(q, v - extra, n))(m, q, state, a)
        m.memory["extra"] = extra + more * (result.output > 0)
        return result

    return sick(g, p.name, "homeostasis is on: every spike of a neuron raises its threshold by an eighth", update)


@kind("input goes straight into the membrane")
def no_current(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(np.asarray(p.current_decay) < 4096)))
    words = "the current has no memory: input enters the membrane and is gone"
    return None if p is None else (p.name, f"{p.name}: {words}", with_neurons(g, p, current_decay=g.numerics.decay_one))
