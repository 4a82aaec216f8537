"""Kinds of faults of memories and of what loads them: weights, tables of connections, registers of neurons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.conformance.draw import Draw
from neurodeploy.program.program import Program
from tests.blind.kinds import (
    Planted,
    a_join,
    kind,
    matrix,
    spiking,
    stateful,
    window,
    with_join,
    with_neurons,
)
from tests.blind.machine import Machine


def loaded(program: Program, join, weights: np.ndarray, words: str) -> Planted | None:
    """The projection with other weights, where they are others."""
    if join is None or np.array_equal(weights, join.weights):
        return None
    return join.target, f"weights of {join.name} ({join.kind}): {words}", with_join(program, join, weights=weights)


@kind("a weight bit is stuck at 0")
def stuck_low(d: Draw, g: Program) -> Planted | None:
    join, bit = a_join(d, g), d.between(2, 6)
    w = join.weights
    return loaded(g, join, np.sign(w) * (np.abs(w) & ~(1 << bit)), f"bit {bit} of every magnitude reads 0")


@kind("a weight bit is stuck at 1")
def stuck_high(d: Draw, g: Program) -> Planted | None:
    join, bit = a_join(d, g), d.between(3, 6)
    w = join.weights
    return loaded(g, join, np.sign(w) * (np.abs(w) | (1 << bit)), f"bit {bit} of every nonzero magnitude reads 1")


@kind("one weight is upset")
def upset(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    w, cell = join.weights.copy(), d.between(0, join.weights.size - 1)
    bit = d.between(4, 7)
    w.flat[cell] ^= 1 << bit
    return loaded(g, join, w, f"bit {bit} of the word {cell} is flipped")


@kind("one weight has the other sign")
def sign_of_one(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    cells = np.flatnonzero(join.weights)
    if not cells.size:
        return None
    w, cell = join.weights.copy(), d.pick(list(cells))
    w.flat[cell] *= -1
    return loaded(g, join, w, f"word {cell} is negated")


@kind("the load starts one word late")
def late_load(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, least=4)
    if join is None:
        return None
    w = np.roll(join.weights.ravel(), 1).reshape(join.weights.shape)
    w.flat[0] = 0
    return loaded(g, join, w, "every word stands one address further; the first reads 0")


@kind("a matrix is loaded column by column")
def transposed(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None:
        return None
    w = join.weights.T.reshape(join.weights.shape)
    return loaded(g, join, w, "the flat order of the transposed matrix fills the rows")


@kind("the end of the weights is not loaded")
def cut_load(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, least=8)
    if join is None:
        return None
    w, last = join.weights.copy(), join.weights.size * d.between(5, 7) // 8
    w.flat[last:] = 0
    return loaded(g, join, w, f"words from {last} on read 0")


@kind("the end of the memory holds the network before")
def stale(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, least=8)
    if join is None:
        return None
    w, last = join.weights.copy(), join.weights.size * d.between(4, 7) // 8
    w.flat[last:] = d.integers(-100, 100, (w.size - last,))
    return loaded(g, join, w, f"words from {last} on hold other numbers")


@kind("signs of weights are lost")
def unsigned(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    return loaded(g, join, np.abs(join.weights), "every weight is loaded as its magnitude")


@kind("a synapse core takes excitatory weights only")
def excitatory(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    return loaded(g, join, np.maximum(join.weights, 0), "negative weights read 0")


@kind("weights saturate one bit too early")
def narrow(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    most = int(np.abs(join.weights).max())
    bits = max(1, most.bit_length() - 1)
    top = (1 << bits) - 1
    return loaded(g, join, np.clip(join.weights, -top, top), f"weights are clipped to +-{top}")


@kind("low bits of weights are dropped")
def coarse(d: Draw, g: Program) -> Planted | None:
    join, bits = a_join(d, g), d.between(3, 5)
    return loaded(g, join, (join.weights >> bits) << bits, f"the low {bits} bits read 0 (toward minus infinity)")


@kind("two source lines are swapped")
def swapped_inputs(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None or join.weights.shape[1] < 2:
        return None
    first = d.between(0, join.weights.shape[1] - 2)
    w = join.weights.copy()
    w[:, [first, first + 1]] = w[:, [first + 1, first]]
    return loaded(g, join, w, f"axons {first} and {first + 1} are swapped")


@kind("two target rows are swapped")
def swapped_rows(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, least=8)
    if join is None or join.kind == "sum-pool" or join.weights.shape[0] < 2:
        return None
    first = d.between(0, join.weights.shape[0] - 2)
    w = join.weights.copy()
    w[[first, first + 1]] = w[[first + 1, first]]
    return loaded(g, join, w, f"rows (or output channels) {first} and {first + 1} are swapped")


@kind("nibbles of packed weights are swapped")
def nibbles(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    m = np.abs(join.weights) & 255
    w = np.sign(join.weights) * ((m >> 4) | ((m & 15) << 4))
    return loaded(g, join, w, "low and high nibble of every magnitude change places")


@kind("an address line of the weight memory is stuck")
def address_line(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None:
        return None
    line = d.between(0, 2)
    rows = np.arange(join.weights.shape[0]) & ~(1 << line)
    return loaded(g, join, join.weights[rows], f"line {line} of the row address reads 0: rows are read twice")


@kind("the weight exponent is off by one")
def exponent(d: Draw, g: Program) -> Planted | None:
    join, by = a_join(d, g), d.pick((-1, 1))
    w = join.weights << 1 if by > 0 else join.weights >> 1
    return loaded(g, join, w, f"every weight is multiplied by 2^{by}")


@kind("weights are loaded for another projection")
def other_table(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, least=6)
    if join is None:
        return None
    fit = [p for p in g.projections if p is not join and p.weights.size >= join.weights.size]
    if not fit:
        return None
    other = d.pick(fit)
    w = other.weights.ravel()[: join.weights.size].reshape(join.weights.shape)
    return loaded(g, join, w, f"they are those of {other.name}")


@kind("target indices of a synapse list are off by one")
def index_off(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None:
        return None
    return loaded(
        g, join, np.roll(join.weights, 1, axis=0), "every synapse ends at the next neuron, the last at the first"
    )


@kind("source indices of a synapse list are off by one")
def source_off(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None:
        return None
    return loaded(
        g, join, np.roll(join.weights, 1, axis=1), "every synapse begins at the next source, the last at the first"
    )


@kind("the last entry of every synapse list is dropped")
def short_lists(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None:
        return None
    w = join.weights.copy()
    for source in range(w.shape[1]):
        targets = np.flatnonzero(w[:, source])
        w[targets[-1:], source] = 0
    return loaded(g, join, w, "of every source the last synapse is missing")


@kind("a line of the synapse memory is dead")
def dead_row(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, least=4)
    if join is None or join.kind == "sum-pool":
        return None
    w, row = join.weights.copy(), d.between(0, join.weights.shape[0] - 1)
    w[row] = 0
    return loaded(g, join, w, f"row (or output channel) {row} reads 0")


@kind("kernels are flipped")
def flipped(d: Draw, g: Program) -> Planted | None:
    join = window(d, g)
    if join is None:
        return None
    axes = tuple(range(2, join.weights.ndim))
    return loaded(g, join, np.flip(join.weights, axes), "a convolution, not a correlation, is computed")


@kind("kernels are transposed")
def kernel_transposed(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, "conv2d")
    if join is None or join.weights.shape[2] != join.weights.shape[3]:
        return None
    return loaded(g, join, join.weights.transpose(0, 1, 3, 2), "rows and columns of every kernel change places")


@kind("input channels of kernels are in the other order")
def channels(d: Draw, g: Program) -> Planted | None:
    join = window(d, g)
    if join is None or join.weights.shape[1] < 2:
        return None
    return loaded(g, join, join.weights[:, ::-1], "input channels are counted from the last")


@kind("the last tap of kernels is missing")
def last_tap(d: Draw, g: Program) -> Planted | None:
    join = window(d, g)
    if join is None:
        return None
    w = join.weights.copy()
    w.reshape(*w.shape[:2], -1)[:, :, -1] = 0
    return loaded(g, join, w, "the last tap of every kernel reads 0")


@kind("a flattened map is read with channels last")
def channels_last(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.kind in ("dense", "sparse") and len(g.node(p.source).shape) == 3]
    if not fit:
        return None
    join = d.pick(fit)
    shape = g.node(join.source).shape
    order = np.arange(int(np.prod(shape))).reshape(shape).transpose(1, 2, 0).ravel()
    return loaded(g, join, join.weights[:, order], "columns stand in the order height, width, channel")


@kind("the threshold register has one bit flipped")
def threshold_bit(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None
    most = int(np.max(p.threshold)).bit_length()
    bit = d.between(max(0, most - 4), max(0, most - 1))
    words = f"threshold of {p.name}: bit {bit} is flipped"
    return p.name, words, with_neurons(g, p, threshold=np.asarray(p.threshold) ^ (1 << bit))


@kind("thresholds are doubled")
def threshold_twice(d: Draw, g: Program) -> Planted | None:
    p, by = spiking(d, g), d.pick((-1, 1))
    if p is None:
        return None
    threshold = np.asarray(p.threshold) << 1 if by > 0 else np.asarray(p.threshold) >> 1
    return p.name, f"threshold of {p.name}: 2^{by} times the right one", with_neurons(g, p, threshold=threshold)


@kind("the threshold is one unit too high")
def threshold_one(d: Draw, g: Program) -> Planted | None:
    p, by = spiking(d, g), d.pick((-1, 1))
    if p is None:
        return None
    words = f"threshold of {p.name}: off by {by}"
    return p.name, words, with_neurons(g, p, threshold=np.asarray(p.threshold) + by)


@kind("the threshold of one neuron is wrong")
def threshold_of_one(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None
    t = np.broadcast_to(p.threshold, p.shape).copy()
    cell = d.between(0, p.size - 1)
    t.flat[cell] = max(1, int(t.flat[cell]) * d.pick((1, 3)) // 2)
    return p.name, f"threshold of neuron {cell} of {p.name}: {t.flat[cell]}", with_neurons(g, p, threshold=t)


@kind("thresholds of neurons stand one neuron further")
def threshold_shifted(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: np.unique(p.threshold).size > 1)
    if p is None:
        return None
    t = np.roll(np.ravel(p.threshold), 1).reshape(np.shape(p.threshold))
    return p.name, f"thresholds of {p.name}: each neuron has its neighbor's", with_neurons(g, p, threshold=t)


@kind("biases are missing")
def no_bias(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.bias)))
    return None if p is None else (p.name, f"bias of {p.name}: not loaded, 0", with_neurons(g, p, bias=0))


@kind("biases stand one neuron further")
def bias_shifted(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: np.unique(p.bias).size > 1)
    if p is None:
        return None
    bias = np.roll(np.ravel(p.bias), 1).reshape(np.shape(p.bias))
    return p.name, f"bias of {p.name}: each neuron has its neighbor's", with_neurons(g, p, bias=bias)


@kind("the bias exponent is off")
def bias_exponent(d: Draw, g: Program) -> Planted | None:
    p, by = stateful(d, g, lambda p: bool(np.any(p.bias))), d.pick((-2, -1, 1, 2))
    if p is None:
        return None
    bias = np.asarray(p.bias) << by if by > 0 else np.asarray(p.bias) >> -by
    return p.name, f"bias of {p.name}: 2^{by} times the right one", with_neurons(g, p, bias=bias)


@kind("biases have the other sign")
def bias_sign(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.bias)))
    return None if p is None else (p.name, f"bias of {p.name}: negated", with_neurons(g, p, bias=-np.asarray(p.bias)))


@kind("decays of current and membrane are swapped")
def decays_swapped(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: not np.array_equal(p.current_decay, p.membrane_decay))
    if p is None:
        return None
    terms = {"current_decay": p.membrane_decay, "membrane_decay": p.current_decay}
    return p.name, f"{p.name}: each decay stands in the other's register", with_neurons(g, p, **terms)


@kind("a decay register is off by one")
def decay_one(d: Draw, g: Program) -> Planted | None:
    p, term, by = stateful(d, g), d.pick(("current_decay", "membrane_decay")), d.pick((-1, 1))
    if p is None:
        return None
    changed = np.clip(np.asarray(getattr(p, term)) + by, 0, g.numerics.decay_one)
    return p.name, f"{term} of {p.name}: off by {by} of {g.numerics.decay_one}", with_neurons(g, p, **{term: changed})


@kind("a decay register has eight bits only")
def decay_coarse(d: Draw, g: Program) -> Planted | None:
    p, term = stateful(d, g), d.pick(("current_decay", "membrane_decay"))
    if p is None:
        return None
    changed = (np.asarray(getattr(p, term)) >> 6) << 6
    return p.name, f"{term} of {p.name}: its low 6 bits read 0", with_neurons(g, p, **{term: changed})


@kind("a decay is loaded as its complement")
def decay_complement(d: Draw, g: Program) -> Planted | None:
    p, term = stateful(d, g), d.pick(("current_decay", "membrane_decay"))
    if p is None:
        return None
    changed = g.numerics.decay_one - np.asarray(getattr(p, term))
    return p.name, f"{term} of {p.name}: what remains instead of what is lost", with_neurons(g, p, **{term: changed})


@kind("membranes do not leak")
def no_leak(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.membrane_decay)))
    return None if p is None else (p.name, f"{p.name}: the membrane never decays", with_neurons(g, p, membrane_decay=0))


@kind("initial states are not loaded")
def no_start(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g, lambda p: bool(np.any(p.initial_membrane) or np.any(p.initial_current)))
    if p is None:
        return None
    words = f"{p.name}: membrane and current start at 0"
    return p.name, words, with_neurons(g, p, initial_membrane=0, initial_current=0)


@kind("the shift of a relay is off by one")
def relay_shift(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.populations if p.kind == "relay" and p.shift > 0]
    if not fit:
        return None
    p, by = d.pick(fit), d.pick((-1, 1))
    return p.name, f"shift of relay {p.name}: off by {by}", with_neurons(g, p, shift=p.shift + by)


@kind("two registers of neurons are exchanged between layers")
def layers_exchanged(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.populations if p.kind == "cuba-lif" and np.ndim(p.threshold) == 0]
    if len(fit) < 2:
        return None
    p = d.pick(fit)
    other = d.pick([q for q in fit if q is not p])
    if p.threshold == other.threshold:
        return None
    return p.name, f"threshold of {p.name}: that of {other.name}", with_neurons(g, p, threshold=other.threshold)


@kind("a burst of the weight load is rotated")
def rotated(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, least=4)
    if join is None:
        return None
    changed = {join.name: np.roll(join.weights, 1, axis=-1)}
    machine = replace(g, projections=tuple(replace(p, weights=changed.get(p.name, p.weights)) for p in g.projections))
    if np.array_equal(changed[join.name], join.weights):
        return None
    words = f"weights of {join.name} ({join.kind}): rotated by one along their last axis"
    return join.target, words, lambda: Machine(machine)
