"""Hypotheses about what reaches the synapses: another picture, node or sample, messages lost or heard twice.

Two projections that read one node read it wrong together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import log2, prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import fan_in
from neurodeploy.causes.hypothesis import Hypothesis, Synapses
from neurodeploy.causes.neurons import RULE
from neurodeploy.causes.values import Term
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]
Change = tuple[Term, str, float, Callable[[IntArray], IntArray]]
FAR = 16
"""Steps up to which messages are lost at the beginning, at intervals, or come again; and shares of a picture."""
CELLS = 1 << 19
"""Messages of a node, in all samples and steps, from which those that a queue takes are picked."""
COPIED = 1 << 25
"""Messages that are copied at most to try every line of a neuron alone."""
ADDRESSES = 1 << 16
"""Lines of a node up to which the lines of their addresses are tried."""
NEAR = 8
"""Steps before the first difference in which a step's messages may have gone wrong."""
PAIRS = 4
"""Samples of which every pair is tried in each other's place; of more, neighbors."""


def path_hypotheses(program: Program, name: str, neuron: int, lead: tuple[int, int], stop: int) -> Iterator[Hypothesis]:
    """Everything that is tried of the paths into a population, which ran for ``lead`` samples and steps.

    ``neuron``: flat, the first that differs, which it does in step ``stop - 1``; of its lines each is tried alone.
    """
    projections = program.into(name)
    for source in dict.fromkeys(projection.source for projection in projections):
        some = [Synapses(number, p) for number, p in enumerate(projections) if p.source == source]
        for term, words, bits, read in (*_times(), *_frames(stop), *_samples(lead[0])):
            yield _together(term, f"{source} → {name}: {words}", bits, [replace(s, read=read) for s in some])
        shape = program.node(source).shape
        for term, words, bits, wires in _pictures(shape, some[0].projection):
            yield _together(term, f"{source} → {name}: {words}", bits, [replace(s, wires=wires) for s in some])
        for term, words, bits, heard in _queues(prod(shape), prod(shape) * prod(lead)):
            yield _together(term, f"{source} → {name}: {words}", bits, [replace(s, heard=heard) for s in some])
    yield from _kept(projections)
    for number, projection in enumerate(projections):
        source, target = program.node(projection.source).shape, program.by_name[name].shape
        reached = fan_in(projection, source, target, np.array([neuron])).lines
        yield from _lines(Synapses(number, projection), reached, prod(source), prod(lead))
        yield from _elsewhere(program, Synapses(number, projection))
        if projection.kind == "sum-pool":
            top = int(np.abs(projection.weights).max(initial=0))
            once = Synapses(number, projection, total=lambda sums, top=top: np.clip(sums, -top, top))
            yield Hypothesis("overflow", f"{projection.name}: a window counts one message at most", RULE, synapses=once)
        if projection.message_bits > 1:
            for words, read in VALUES.items():
                synapses = Synapses(number, projection, read=read)
                yield Hypothesis("message", f"{projection.name}: {words}", RULE, synapses=synapses)
    if len(projections) > 1:
        for by in (1, -1):
            some = [Synapses(k, replace(p, shift=p.shift + by)) for k, p in enumerate(projections)]
            if all(p.shift + by >= 0 or p.kind in ("dense", "sparse") for p in projections):
                yield _together("exponent", f"all exponents {by:+d}", RULE, some)


VALUES: dict[str, Callable[[IntArray], IntArray]] = {
    "signs of values lost": np.abs,
    "negative values lost": lambda x: np.maximum(x, 0),
    "signs of values the other way": np.negative,
    "values one too large": lambda x: x + np.sign(x),
    "values one too small": lambda x: x - np.sign(x),
    "values one more": lambda x: x + (x != 0),
    "values one less": lambda x: x - (x != 0),
    "values doubled": lambda x: 2 * x,
    "values halved": lambda x: np.sign(x) * (np.abs(x) >> 1),
}


def _together(term: Term, change: str, bits: float, some: list[Synapses]) -> Hypothesis:
    return Hypothesis(term, change, bits, synapses=replace(some[0], beside=tuple(some[1:])))


def _times() -> Iterator[Change]:
    """Messages that are lost, or come a second time."""
    cost = RULE + log2(FAR)
    for k in range(1, FAR + 1):
        yield "lost messages", f"those of the first {k} steps are lost", RULE + log2(1 + k), _without(0, k)
        words = f"messages come again {k} steps later"
        yield "delay", words, RULE + log2(1 + k), _again(k, np.add)
        yield "delay", f"{words}, two at once as one", RULE + 1 + log2(1 + k), _again(k, np.maximum)
        for phase in range(k if k > 1 else 0):
            words = f"every {k}th step is lost, the first after {phase}"
            yield "lost messages", words, cost + log2(k), _every(k, phase)
    for n in range(2, 9):
        for phase in range(n):
            words = f"those of every {n}th step, the first after {phase}, come with those of the next"
            yield "delay", words, RULE + 2 * log2(n), _held_back(n, phase, np.add)
            yield "delay", f"{words}, two as one", RULE + 1 + 2 * log2(n), _held_back(n, phase, np.maximum)
    for first in (0, 1):
        words = f"steps 2k{first:+d} and 2k{first + 1:+d} change places".replace("+0", "")
        yield "delay", words, RULE + 1, _swapped(first)


def _frames(stop: int) -> Iterator[Change]:
    """One step's messages that come again or never do, shortly before what follows from it shows."""
    for k in range(max(1, stop - NEAR), stop):
        cost = RULE + log2(1 + k)
        yield "delay", f"those of step {k - 1} come again in step {k}, all later ones a step late", cost, _taken(k, -1)
        yield "delay", f"those of step {k} are left out, all later ones a step early", cost, _taken(k, 1)
        yield "lost messages", f"in step {k} those of step {k - 1} come again", cost, _repeated(k)
        yield "lost messages", f"those of step {k} are lost", cost, _without(k, k + 1)
        yield "lost messages", f"those from step {k} on are lost", cost, _without(k, None)


def _taken(first: int, by: int) -> Callable[[IntArray], IntArray]:
    def read(x: IntArray) -> IntArray:
        steps = np.arange(x.shape[1])
        steps[first:] += by
        heard = x[:, np.minimum(steps, x.shape[1] - 1)].copy()
        heard[:, steps >= x.shape[1]] = 0
        return heard

    return read


def _repeated(k: int) -> Callable[[IntArray], IntArray]:
    def read(x: IntArray) -> IntArray:
        heard = x.copy()
        heard[:, k] = x[:, k - 1]
        return heard

    return read


def _without(first: int, stop: int | None) -> Callable[[IntArray], IntArray]:
    def read(x: IntArray) -> IntArray:
        heard = x.copy()
        heard[:, first:stop] = 0
        return heard

    return read


def _again(steps: int, meeting: np.ufunc) -> Callable[[IntArray], IntArray]:
    def read(x: IntArray) -> IntArray:
        heard = x.copy()
        heard[:, steps:] = meeting(heard[:, steps:], x[:, : max(x.shape[1] - steps, 0)])
        return heard

    return read


def _every(steps: int, phase: int) -> Callable[[IntArray], IntArray]:
    def read(x: IntArray) -> IntArray:
        heard = x.copy()
        heard[:, phase::steps] = 0
        return heard

    return read


def _held_back(steps: int, phase: int, meeting: np.ufunc) -> Callable[[IntArray], IntArray]:
    def read(x: IntArray) -> IntArray:
        heard = x.copy()
        heard[:, phase::steps] = 0
        late = x[:, phase : x.shape[1] - 1 : steps]
        heard[:, phase + 1 :: steps] = meeting(heard[:, phase + 1 :: steps], late)
        return heard

    return read


def _swapped(first: int) -> Callable[[IntArray], IntArray]:
    def read(x: IntArray) -> IntArray:
        heard, last = x.copy(), first + (x.shape[1] - first) // 2 * 2
        heard[:, first:last:2], heard[:, first + 1 : last : 2] = x[:, first + 1 : last : 2], x[:, first:last:2]
        return heard

    return read


def _queues(size: int, cells: int) -> Iterator[Change]:
    """Queues that take some messages of a step only."""
    for places in range(1, min(FAR, size - 1) + 1) if cells <= CELLS else ():
        words, bits = f"only {places} messages of a step arrive", RULE + log2(1 + places)
        yield "lost messages", f"{words}, the first", bits, _first(places, last=False)
        yield "lost messages", f"{words}, the last", bits, _first(places, last=True)


def _first(places: int, last: bool) -> Callable[[IntArray], IntArray]:
    def heard(x: IntArray) -> IntArray:
        turned = x[..., ::-1] if last else x
        kept = np.where(np.cumsum(turned != 0, axis=-1) <= places, turned, 0)
        return kept[..., ::-1] if last else kept

    return heard


def _lines(synapses: Synapses, lines: IntArray, size: int, cells: int) -> Iterator[Hypothesis]:
    """One line alone: dead, heard twice, or shorted with the next one; ``cells``: samples times steps."""
    name, cost = synapses.projection.name, RULE + log2(max(2, size))
    for line in lines.tolist() if len(lines) ** 2 * cells <= COPIED else ():
        for times, words in ((0, "dead"), (2, "heard twice")):
            changed = replace(synapses, gain=(line, times))
            yield Hypothesis("weights", f"{name}: line {line} {words}", cost, synapses=changed)
    pairs = np.union1d(lines[lines < size - 1], lines[lines > 0] - 1)
    for line in pairs.tolist() if len(pairs) * size * cells <= COPIED else ():
        shorted = replace(synapses, heard=_shorted(line))
        yield Hypothesis("channels", f"{name}: lines {line} and {line + 1} shorted", cost, synapses=shorted)


def _shorted(line: int) -> Callable[[IntArray], IntArray]:
    def heard(x: IntArray) -> IntArray:
        both = x.copy()
        pair = both[..., line : line + 2]
        strongest = np.take_along_axis(pair, np.abs(pair).argmax(axis=-1)[..., None], axis=-1)
        both[..., line : line + 2] = strongest
        return both

    return heard


def _samples(batch: int) -> Iterator[Change]:
    """Samples that are shown in place of others."""
    places = range(batch)
    orders = {f"sample {i} is shown sample {i - 1}": [*places[:i], i - 1, *places[i + 1 :]] for i in places[1:]}
    if batch <= PAIRS:
        for i in places:
            for j in places:
                order = list(places)
                order[i] = j
                orders[f"sample {i} is shown sample {j}"] = order
    orders["samples one further"] = [max(i - 1, 0) for i in places]
    orders["samples in the opposite order"] = list(reversed(places))
    for words, order in orders.items():
        if order != list(places):
            index = np.array(order)
            yield "samples", words, RULE + log2(1 + batch), lambda x, index=index: x[index]


def _pictures(
    shape: tuple[int, ...], projection: Projection
) -> Iterator[tuple[Term, str, float, tuple[IntArray, IntArray]]]:
    """Maps from what the lines of a node are to what they are taken for."""
    index, size = np.arange(prod(shape)).reshape(shape), prod(shape)
    for axis in range(len(shape)):
        term: Term = "channels" if axis == 0 else "geometry"
        yield term, f"axis {axis} mirrored", RULE, _map(index, np.flip(index, axis))
        for by in (1, -1, 2, -2):
            yield term, f"axis {axis} moved by {by}", RULE + abs(by), _map(index, np.roll(index, by, axis))
    space = tuple(range(1, len(shape)))
    if len(space) > 1:
        yield "geometry", "mirrored along all axes", RULE, _map(index, np.flip(index, space))
        if shape[-1] == shape[-2]:
            yield "geometry", "rows and columns of the picture exchanged", RULE, _map(index, index.swapaxes(-1, -2))
    for by in (1, -1):
        yield "geometry", f"addresses {by:+d}", RULE, _map(index, np.roll(index.ravel(), by))
        at = np.arange(max(0, -by), size - max(0, by))
        yield "geometry", f"addresses {by:+d}, the last one lost", RULE, (at, at + by)
    yield "geometry", "addresses in the opposite order", RULE, _map(index, index.ravel()[::-1])
    for bit in range(max(1, size - 1).bit_length() if size <= ADDRESSES else 0):
        one = 1 << bit
        lines = {"reads 0": index.ravel() & ~one, "reads 1": index.ravel() | one}
        lines |= {"and all above it are cut": index.ravel() & (one - 1)}
        for words, taken in lines.items():
            inside = np.flatnonzero(taken < size)
            yield "geometry", f"address line {bit} {words}", RULE + 1, (inside, taken[inside])
            yield "geometry", f"memory line {bit} {words}", RULE + 1, (taken[inside], inside)
    if projection.groups > 1:
        each = shape[0] // projection.groups
        for group in range(projection.groups):
            read = index[group * each : (group + 1) * each]
            taken = np.concatenate([read] * projection.groups)
            yield "channels", f"all groups read those of group {group}", RULE + 1, (taken.ravel(), index.ravel())


def _map(index: IntArray, taken: IntArray) -> tuple[IntArray, IntArray]:
    return np.ascontiguousarray(index).ravel(), np.ascontiguousarray(taken).ravel()


def _kept(projections: tuple[Projection, ...]) -> Iterator[Hypothesis]:
    """Messages under way when a sample ends."""
    late = [Synapses(k, p, keeps=True) for k, p in enumerate(projections) if p.delay]
    words = "messages under way go on into the next sample"
    if late:
        yield _together("kept state", words, RULE, late)
    for synapses in late if len(late) > 1 else ():
        yield Hypothesis("kept state", f"{synapses.projection.name}: {words}", RULE + 1, synapses=synapses)


def _elsewhere(program: Program, synapses: Synapses) -> Iterator[Hypothesis]:
    """Messages of another node."""
    projection = synapses.projection
    lines = prod(program.node(projection.source).shape)
    nodes = [node for node in (*program.inputs, *program.populations) if node.name != projection.source]
    for node in nodes:
        same = np.arange(min(lines, prod(node.shape)))
        for delay in dict.fromkeys((projection.delay, projection.delay + 1)):
            words = f"{projection.name}: its messages come from {node.name}, delay {delay}"
            other = replace(synapses, source=node.name, wires=(same, same))
            other = replace(other, projection=replace(projection, delay=delay))
            yield Hypothesis("source", words, RULE + log2(len(nodes)) + delay - projection.delay, synapses=other)
