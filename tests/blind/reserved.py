"""Kinds that are set aside: nobody looks at what a check says of them before the second sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.conformance.draw import Draw
from neurodeploy.program.program import Program
from neurodeploy.reference import integer
from neurodeploy.reference.integer import Step
from tests.blind.cores import sick
from tests.blind.kinds import Planted, a_join, kind, matrix, spiking, stateful, with_neurons
from tests.blind.machine import Machine, neuron
from tests.blind.memories import loaded
from tests.blind.wires import on_input, on_join, on_parts, read_back


@kind("weights are read back to front", reserved=True)
def backwards(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, least=4)
    if join is None:
        return None
    return loaded(g, join, join.weights.ravel()[::-1].reshape(join.weights.shape), "the last word comes first")


@kind("weights lack their offset", reserved=True)
def offset(d: Draw, g: Program) -> Planted | None:
    join, by = a_join(d, g), d.pick((-8, -4, 4, 8))
    return loaded(g, join, join.weights + by, f"every word is {by} too large, zeros too")


@kind("one column of weights is scaled", reserved=True)
def scaled_column(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None:
        return None
    w, column = join.weights.copy(), d.between(0, join.weights.shape[1] - 1)
    w[:, column] *= 2
    return loaded(g, join, w, f"the weights of source {column} are doubled")


@kind("every second tap is missing", reserved=True)
def taps(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, "conv1d", "conv2d")
    if join is None:
        return None
    w = join.weights.copy()
    w[..., 1::2] = 0
    return loaded(g, join, w, "every second column of every kernel reads 0")


@kind("leak goes to a resting value", reserved=True)
def resting_value(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.membrane_decay)))
    if p is None:
        return None
    rest = d.pick((-1, 1)) * d.between(10, 40) << g.numerics.state_shift

    def toward(x, amount, n):
        return rest + integer.decay(x - rest, amount, n)

    return sick(g, p.name, f"membranes decay toward {rest}, not 0", neuron(decay_v=toward))


@kind("half of the input current is lost", reserved=True)
def half_drive(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    if p is None:
        return None
    return sick(
        g, p.name, "what arrives in a step enters the current halved", lambda m, q, s, a: m.update(q, s, a >> 1)
    )


@kind("neurons inhibit one another", reserved=True)
def winner(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.size > 2)
    if p is None:
        return None

    def send(m, q, output):
        if q.name != p.name:
            return output
        flat = output.ravel().copy()
        flat[np.flatnonzero(flat)[1:]] = 0
        return flat.reshape(output.shape)

    words = "an arbiter lets only the first spike of a step out; all that fired are reset"
    return p.name, f"{p.name}: {words}", lambda: Machine(g, send=send)


@kind("negative input is dropped", reserved=True)
def rectified(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    if p is None:
        return None
    words = "a negative sum of a step's input counts as 0"
    return sick(g, p.name, words, lambda m, q, s, a: m.update(q, s, np.maximum(a, 0)))


@kind("spikes leave a step after every third only", reserved=True)
def batched(d: Draw, g: Program) -> Planted | None:
    join, n = a_join(d, g), d.between(2, 3)

    def change(m, right):
        late = m.line(join.source, m.t - join.delay - 1)
        here = right * (m.t % n != 0)
        return np.where(here != 0, here, late * (m.t % n == 1 % n))

    return on_join(g, join, f"messages of every {n}th step arrive together with those of the next", change)


@kind("time runs backwards within a burst", reserved=True)
def reordered(d: Draw, g: Program) -> Planted | None:
    def change(values):
        out = values.copy()
        last = values.shape[1] // 2 * 2
        out[:, 0:last:2], out[:, 1:last:2] = values[:, 1:last:2], values[:, 0:last:2]
        return out

    return on_input(d, g, "events of steps 2k and 2k + 1 change places", change)


@kind("two monitors are exchanged", reserved=True)
def monitors(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.size > 1)
    if p is None:
        return None

    def change(record):
        out = record["output"].copy()
        flat = out.reshape(*out.shape[:2], -1)
        flat[..., [0, 1]] = flat[..., [1, 0]]
        return record | {"output": out}

    return read_back(p.name, "the monitors of neurons 0 and 1 are exchanged", g, change)


@kind("the membrane saturates at the threshold", reserved=True)
def at_threshold(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: np.ndim(p.threshold) == 0 and p.reset == "subtract")
    if p is None:
        return None
    return (
        p.name,
        f"{p.name}: the membrane stops one unit above its threshold",
        with_neurons(g, p, ceiling=int(p.threshold) + 1),
    )


@kind("a tile border is added twice", reserved=True)
def tile(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.kind in ("conv1d", "conv2d") and g.by_name[p.target].shape[-1] > 2]
    if not fit:
        return None
    join = d.pick(fit)
    column = g.by_name[join.target].shape[-1] // 2

    def change(m, right, sent):
        out = right.copy()
        out[..., column] *= 2
        return out

    return on_parts(g, join, f"column {column} of the map is accumulated twice", change)


@kind("a sample is one step short", reserved=True)
def short_sample(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    if p is None:
        return None

    def update(m, q, state, a):
        if q.name == p.name and m.t == 0:
            out = np.zeros_like(a)
            return Step(out, out)
        return m.update(q, state, a)

    return p.name, f"{p.name}: its first step is not carried out", lambda: Machine(g, update=update)


@kind("one neuron leaks faster", reserved=True)
def leaky_one(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(np.asarray(p.membrane_decay) < 3000)))
    if p is None:
        return None
    decays = np.broadcast_to(p.membrane_decay, p.shape).copy()
    cell = d.between(0, p.size - 1)
    decays.flat[cell] = min(4096, int(decays.flat[cell]) + 800)
    words = f"membrane decay of neuron {cell} of {p.name}: {decays.flat[cell]}"
    return p.name, words, with_neurons(g, p, membrane_decay=decays)


@kind("spikes are sent with the wrong count", reserved=True)
def always_two(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.message_bits > 1]
    if not fit:
        return None
    join = d.pick(fit)
    return (
        on_join(g, join, "the sign of values is lost", lambda m, right: np.abs(right))
        if g.node(join.source).output.signed
        else on_join(g, join, "a value arrives one too large", lambda m, right: right + (right != 0))
    )


@kind("reset subtracts a stale threshold", reserved=True)
def stale_threshold(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.reset == "subtract")
    if p is None:
        return None

    def less(q, v, s, n):
        return integer.reset(replace(q, threshold=np.asarray(q.threshold) * 3 // 4), v, s, n)

    return sick(g, p.name, "a spike subtracts three quarters of the threshold", neuron(reset=less))
