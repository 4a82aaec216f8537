"""Kinds of faults of what goes between: routers, queues, delays, windows, decoders, monitors, and clearing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.conformance.draw import Draw
from neurodeploy.program.program import Program
from neurodeploy.reference.integer import State, initial_state, overflow
from neurodeploy.reference.synapse import accumulate
from tests.blind.kinds import Planted, a_join, kind, matrix, spiking, stateful, window, with_join
from tests.blind.machine import Hook, Machine


def on_join(g: Program, join, words: str, change: Hook) -> Planted:
    """The machine in which one projection's synapses get ``change(m, message)``."""

    def message(m, q):
        right = m.message(q)
        return change(m, right) if q.name == join.name else right

    return join.target, f"{join.name} ({join.kind}): {words}", lambda: Machine(g, message=message)


def on_parts(g: Program, join, words: str, change: Hook) -> Planted:
    """The machine in which one projection delivers ``change(m, what is right, message)``."""

    def deliver(m, q, sent):
        right = m.deliver(q, sent)
        return change(m, right, sent) if q.name == join.name else right

    return join.target, f"{join.name} ({join.kind}): {words}", lambda: Machine(g, deliver=deliver)


@kind("a delay is off by one")
def delay_one(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    by = d.pick((-1, 1)) if join.delay > 1 else 1
    return (
        join.target,
        f"{join.name}: delay {join.delay + by} instead of {join.delay}",
        with_join(g, join, delay=join.delay + by),
    )


@kind("a delay is ignored")
def no_delay(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.delay > 1]
    if not fit:
        return None
    join = d.pick(fit)
    return join.target, f"{join.name}: delay 1 instead of {join.delay}", with_join(g, join, delay=1)


@kind("a delay wraps in its ring")
def ring(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.delay > 2]
    if not fit:
        return None
    join = d.pick(fit)
    size = d.between(2, join.delay)
    words = f"{join.name}: delay {join.delay} modulo {size} (0 counts as {size})"
    return join.target, words, with_join(g, join, delay=join.delay % size or size)


@kind("the ring of delays is not cleared after reading")
def ghost(d: Draw, g: Program) -> Planted | None:
    join, size = a_join(d, g), d.between(5, 11)

    def change(m, right, sent):
        return right + (m.deliver(join, m.line(join.source, m.t - join.delay - size)) if m.t >= size else 0)

    return on_parts(g, join, f"every message arrives again {size} steps later", change)


@kind("a layer sends a step late")
def layer_late(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None

    def send(m, q, output):
        if q.name != p.name:
            return output
        last = m.memory["sent"] if m.t else np.zeros_like(output)
        m.memory["sent"] = output.copy()
        return last

    return p.name, f"{p.name}: every spike leaves one step later, states are right", lambda: Machine(g, send=send)


@kind("messages of every nth step are lost")
def lost_steps(d: Draw, g: Program) -> Planted | None:
    join, n = a_join(d, g), d.between(4, 9)

    def change(m, right):
        return right * (m.t % n != n - 1)

    return on_join(g, join, f"nothing arrives in every {n}th step", change)


@kind("a queue overflows")
def queue(d: Draw, g: Program) -> Planted | None:
    join, most = a_join(d, g), d.between(1, 3)

    def change(m, right):
        flat = right.ravel().copy()
        flat[np.flatnonzero(flat)[most:]] = 0
        return flat.reshape(right.shape)

    return on_join(g, join, f"of the messages of a step only the first {most} arrive", change)


@kind("a message is delivered twice")
def twice(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None:
        return None
    source = d.between(0, join.weights.shape[1] - 1)

    def change(m, right, sent):
        alone = np.zeros_like(sent)
        alone.reshape(-1)[source] = sent.reshape(-1)[source]
        return right + accumulate(join, alone, right.shape[1:], m.numerics)

    return on_parts(g, join, f"messages of source {source} are delivered twice", change)


@kind("everything is delivered twice")
def all_twice(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    return on_parts(g, join, "the whole projection is instantiated twice", lambda m, right, sent: right * 2)


@kind("source addresses are cut")
def aliased(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    size = g.node(join.source).size
    if size < 3:
        return None
    bits = (size - 1).bit_length() - 1

    def change(m, right):
        flat, out = right.ravel(), np.zeros(size, np.int64)
        for source in np.flatnonzero(flat):
            out[source & ((1 << bits) - 1)] = flat[source]
        return out.reshape(right.shape)

    return on_join(g, join, f"of a source's address only {bits} bits are kept", change)


@kind("a link is dead")
def dead_link(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    source = d.between(0, g.node(join.source).size - 1)

    def change(m, right):
        out = right.copy()
        out.reshape(-1)[source] = 0
        return out

    return on_join(g, join, f"messages of source {source} never arrive", change)


@kind("a projection is missing")
def missing(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    return on_parts(g, join, "it delivers nothing", lambda m, right, sent: right * 0)


@kind("packets are dropped at random")
def dropped(d: Draw, g: Program) -> Planted | None:
    join, seed = a_join(d, g), d.between(0, 999)

    def change(m, right):
        rng = np.random.default_rng((seed, m.sample, m.t))
        return right * (rng.random(right.shape) > 0.06)

    return on_join(g, join, "6 % of the messages are lost, at random", change)


@kind("two axons are shorted")
def shorted(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    size = g.node(join.source).size
    if size < 2:
        return None
    first = d.between(0, size - 2)

    def change(m, right):
        out = right.copy()
        flat = out.reshape(-1)
        flat[first : first + 2] = max(flat[first : first + 2], key=abs)
        return out

    return on_join(g, join, f"sources {first} and {first + 1} both send when one does", change)


@kind("the first steps are missed")
def boot(d: Draw, g: Program) -> Planted | None:
    name, steps = d.pick(g.inputs).name, d.between(2, 6)

    def shown(m, node, values):
        if node != name:
            return values
        out = values.copy()
        out[:, :steps] = 0
        return out

    return name, f"input {name}: its events of the first {steps} steps are lost", lambda: Machine(g, shown=shown)


@kind("the chip freezes")
def freezes(d: Draw, g: Program) -> Planted | None:
    p, last = spiking(d, g), d.between(12, 25)
    if p is None:
        return None

    def update(m, q, state, a):
        if q.name != p.name or m.t < last:
            return m.update(q, state, a)
        u, v = state.u.copy(), state.v.copy()
        result = m.update(q, state, a)
        state.u, state.v = u, v
        return replace(result, output=np.zeros_like(result.output))

    return p.name, f"{p.name}: nothing changes any more from step {last} on", lambda: Machine(g, update=update)


@kind("part of a core runs a step behind")
def part_late(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    half = g.by_name[join.target].size // 2
    if half == 0:
        return None

    def change(m, right, sent):
        before = m.deliver(join, m.line(join.source, m.t - join.delay - 1))
        out = right.copy()
        out.reshape(-1)[half:] = before.reshape(-1)[half:]
        return out

    return on_parts(g, join, f"it reaches neurons from {half} on one step late", change)


@kind("membranes are not cleared between samples")
def kept_v(d: Draw, g: Program) -> Planted | None:
    return kept(d, g, "v", "the membrane of a sample goes into the next")


@kind("currents are not cleared between samples")
def kept_u(d: Draw, g: Program) -> Planted | None:
    return kept(d, g, "u", "the current of a sample goes into the next")


def kept(d: Draw, g: Program, field: str, words: str) -> Planted | None:
    p = stateful(d, g)
    if p is None:
        return None

    def start(m, q, left: State | None) -> State:
        fresh = initial_state(q, 1)
        if left is not None and q.name == p.name:
            setattr(fresh, field, getattr(left, field).copy())
        return fresh

    return p.name, f"{p.name}: {words}", lambda: Machine(g, start=start)


@kind("a core is never reset between samples")
def kept_all(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    if p is None:
        return None

    def start(m, q, left: State | None) -> State:
        return left if left is not None and q.name == p.name else initial_state(q, 1)

    return p.name, f"{p.name}: all of its state goes into the next sample", lambda: Machine(g, start=start)


@kind("messages under way survive a sample")
def kept_lines(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.delay > 0]
    if not fit:
        return None
    words = "messages under way at the end of a sample arrive in the next"
    return d.pick(fit).target, f"all projections with delays: {words}", lambda: Machine(g, keeps=True)


@kind("an input buffer is stale")
def stale_buffer(d: Draw, g: Program) -> Planted | None:
    name = d.pick(g.inputs).name

    def shown(m, node, values):
        if node != name:
            return values
        first = m.memory.setdefault("first", values)
        return first if m.sample == 1 else values

    return name, f"input {name}: sample 1 is shown what sample 0 was shown", lambda: Machine(g, shown=shown)


@kind("learning is on")
def plastic(d: Draw, g: Program) -> Planted | None:
    join = matrix(d, g)
    if join is None:
        return None

    def deliver(m, q, sent):
        if q.name != join.name:
            return m.deliver(q, sent)
        key = "weights", q.name
        if key not in m.memory:
            m.memory[key] = q.weights.copy()
        right = accumulate(replace(q, weights=m.memory[key]), sent, m.program.by_name[q.target].shape, m.numerics)
        active = sent.reshape(-1) != 0
        m.memory[key] = m.memory[key] + np.where(active[None, :], 2, 0)
        return right

    return join.target, f"{join.name}: every spike adds 2 to its synapses' weights", lambda: Machine(g, deliver=deliver)


def on_input(d: Draw, g: Program, words: str, change: Hook) -> Planted:
    """The machine in which an input's decoder gives ``change(values (1, T, *shape))``."""
    name = d.pick(g.inputs).name

    def shown(m, node, values):
        return change(values) if node == name else values

    return name, f"input {name}: {words}", lambda: Machine(g, shown=shown)


@kind("input events are a step late")
def input_late(d: Draw, g: Program) -> Planted | None:
    def change(values):
        out = np.zeros_like(values)
        out[:, 1:] = values[:, :-1]
        return out

    return on_input(d, g, "every event arrives one step late", change)


@kind("graded input is taken for spikes")
def input_binary(d: Draw, g: Program) -> Planted | None:
    if all(node.output.kind == "binary" for node in g.inputs):
        return None
    return on_input(d, g, "a value that is not 0 counts as 1", lambda values: (values != 0).astype(np.int64))


@kind("input values lose a bit")
def input_bit(d: Draw, g: Program) -> Planted | None:
    if all(node.output.kind == "binary" for node in g.inputs):
        return None
    return on_input(d, g, "the low bit of every value is lost", lambda values: (values >> 1) << 1)


@kind("the input picture is mirrored")
def mirrored(d: Draw, g: Program) -> Planted | None:
    if all(len(node.shape) < 2 for node in g.inputs):
        return None
    return on_input(d, g, "its last axis is mirrored", lambda values: values[..., ::-1])


@kind("input addresses are off by one")
def input_off(d: Draw, g: Program) -> Planted | None:
    def change(values):
        flat = values.reshape(*values.shape[:2], -1)
        return np.roll(flat, 1, axis=2).reshape(values.shape)

    return on_input(d, g, "every event has the next address, the last the first", change)


@kind("polarities are swapped")
def polarity(d: Draw, g: Program) -> Planted | None:
    if all(len(node.shape) < 2 or node.shape[0] < 2 for node in g.inputs):
        return None
    return on_input(d, g, "channels are counted from the last", lambda values: values[:, :, ::-1])


@kind("message values are ignored")
def value_ignored(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.message_bits > 1]
    if not fit:
        return None
    join = d.pick(fit)
    return join.target, f"{join.name}: every value counts as 1", with_join(g, join, message_bits=1)


@kind("message values are clipped")
def value_clipped(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.message_bits > 3]
    if not fit:
        return None
    join = d.pick(fit)
    top = (1 << (join.message_bits - 3)) - 1
    return on_join(g, join, f"values are clipped to +-{top}", lambda m, right: np.clip(right, -top, top))


@kind("a second projection overwrites the first")
def overwritten(d: Draw, g: Program) -> Planted | None:
    fit = [p.name for p in g.populations if len(g.into(p.name)) > 1]
    if not fit:
        return None
    name = d.pick(fit)

    def total(m, q, parts):
        if q.name != name:
            return m.total(q, parts)
        return overflow(parts[-1][1], m.numerics.wide_bits, m.numerics.wide_overflow)

    words = f"of what its projections deliver only the last ({g.into(name)[-1].name}) counts"
    return name, f"{name}: {words}", lambda: Machine(g, total=total)


@kind("a projection starts at another node")
def other_source(d: Draw, g: Program) -> Planted | None:
    nodes = [*g.inputs, *g.populations]
    pairs = [
        (p, n.name) for p in g.projections for n in nodes if n.name != p.source and n.shape == g.node(p.source).shape
    ]
    if not pairs:
        return None
    join, other = d.pick(pairs)

    def message(m, q):
        return m.line(other, m.t - max(q.delay, 1)) if q.name == join.name else m.message(q)

    words = f"{join.name}: its messages come from {other}, not {join.source}"
    return join.target, f"{words} (a step later at least)", lambda: Machine(g, message=message)


@kind("a projection inhibits instead of exciting")
def negated(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g)
    return on_parts(g, join, "what it delivers is negated", lambda m, right, sent: -right)


@kind("padding is on one side only")
def padding(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.kind in ("conv1d", "conv2d") and any(p.padding)]
    if not fit:
        return None
    join = d.pick(fit)
    axes = len(g.node(join.source).shape)

    def change(m, right):
        return np.roll(right, 1, axis=axes) * (np.arange(right.shape[-1]) > 0)

    return on_join(g, join, "the picture is read one column to the left", change)


@kind("the border wraps around")
def wraps_around(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.kind in ("conv1d", "conv2d") and any(p.padding)]
    if not fit:
        return None
    join = d.pick(fit)

    def change(m, right, sent):
        width = join.padding
        padded = np.pad(sent, [(0, 0), (0, 0), *((w, w) for w in width)], mode="wrap")
        return accumulate(replace(join, padding=(0,) * len(width)), padded, right.shape[1:], m.numerics)

    return on_parts(g, join, "beyond the border the other side of the picture is read, not 0", change)


@kind("strides start one later")
def stride_phase(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.kind in ("conv1d", "conv2d", "sum-pool") and max(p.stride) > 1]
    if not fit:
        return None
    join = d.pick(fit)
    axes = tuple(range(2, 2 + len(g.node(join.source).shape) - 1))

    def change(m, right):
        out = np.zeros_like(right)
        out[..., :-1] = right[..., 1:]
        return out if len(axes) == 1 else np.concatenate([out[..., 1:, :], 0 * out[..., :1, :]], axis=-2)

    return on_join(g, join, "every window begins one row and one column later", change)


@kind("pooling counts a window once")
def pool_or(d: Draw, g: Program) -> Planted | None:
    join = a_join(d, g, "sum-pool")
    if join is None:
        return None
    largest = int(np.abs(join.weights).max())
    words = "a window in which anything arrives counts as one message"
    return on_parts(g, join, words, lambda m, right, sent: np.clip(right, -largest, largest))


@kind("the last column of a map is not computed")
def last_column(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.kind in ("conv1d", "conv2d", "sum-pool") and g.by_name[p.target].shape[-1] > 1]
    if not fit:
        return None
    join = d.pick(fit)

    def change(m, right, sent):
        out = right.copy()
        out[..., -1] = 0
        return out

    return on_parts(g, join, "the last column of the map gets nothing", change)


@kind("all kernels read the first input channel's group")
def groups(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.kind in ("conv1d", "conv2d") and p.groups > 1]
    if not fit:
        return None
    join = d.pick(fit)

    def change(m, right):
        size = right.shape[1] // join.groups
        return np.tile(right[:, :size], (1, join.groups, *(1 for _ in right.shape[2:])))

    return on_join(g, join, "every group reads the channels of the first", change)


def read_back(name: str, words: str, g: Program, change: Hook) -> Planted:
    """The machine that is right, and whose monitor of one node tells ``change(record)``."""

    def told(m, node, record):
        return change(record) if node == name else record

    return name, f"{name}: {words}; the network itself is right", lambda: Machine(g, told=told)


@kind("the spike monitor is off by one neuron")
def monitor_off(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.size > 1)
    if p is None:
        return None

    def change(record):
        out = record["output"]
        flat = np.roll(out.reshape(*out.shape[:2], -1), 1, axis=2)
        return record | {"output": flat.reshape(out.shape)}

    return read_back(p.name, "spikes are read back at the next neuron's address", g, change)


@kind("the spike monitor lags")
def monitor_late(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g)
    if p is None:
        return None

    def change(record):
        out = np.zeros_like(record["output"])
        out[:, 1:] = record["output"][:, :-1]
        return record | {"output": out}

    return read_back(p.name, "spikes are read back one step late", g, change)


@kind("membranes are read before reset")
def read_early(d: Draw, g: Program) -> Planted | None:
    p = spiking(d, g, lambda p: p.reset != "none")
    if p is None:
        return None
    return read_back(p.name, "the membrane is read before its reset", g, lambda r: r | {"v": r["v_before"]})


@kind("membranes are read a step late")
def read_late(d: Draw, g: Program) -> Planted | None:
    p = stateful(d, g)
    if p is None:
        return None

    def change(record):
        v = np.zeros_like(record["v"])
        v[:, 1:] = record["v"][:, :-1]
        return record | {"v": v}

    return read_back(p.name, "the membrane is read one step late", g, change)


@kind("readout values are cut to eight bits")
def readout_cut(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.populations if p.output.kind == "graded"]
    if not fit:
        return None
    p = d.pick(fit)

    def change(record):
        return record | {"output": ((record["output"] + 128) & 255) - 128}

    return read_back(p.name, "values are read back as eight bits", g, change)


@kind("a dilated kernel is read dense")
def dilation(d: Draw, g: Program) -> Planted | None:
    fit = [p for p in g.projections if p.kind in ("conv1d", "conv2d") and max(p.dilation) > 1]
    if not fit:
        return None
    join = d.pick(fit)
    ones = tuple(1 for _ in join.dilation)

    def change(m, right, sent):
        q = replace(join, dilation=ones)
        spatial = right.shape[2:]
        pad = [(0, 0), (0, 0), *((w, w) for w in join.padding)]
        wide = accumulate_any(replace(q, padding=(0,) * len(spatial)), np.pad(sent, pad), m)
        return wide[(..., *(slice(0, n) for n in spatial))]

    return on_parts(g, join, "taps stand side by side", change)


def accumulate_any(join, sent, m):
    """``accumulate`` with whatever map comes out."""
    from neurodeploy.reference.synapse import delivered, weighted_sum

    return delivered(join, weighted_sum(join, sent), m.numerics)


@kind("windows are not aligned to the map")
def unaligned(d: Draw, g: Program) -> Planted | None:
    join = window(d, g)
    if join is None or g.node(join.source).shape[-1] < 3:
        return None

    def change(m, right):
        return np.roll(right.reshape(1, -1), 1, axis=1).reshape(right.shape)

    return on_join(g, join, "flat addresses of the source map are one too high; the last wraps to the first", change)
