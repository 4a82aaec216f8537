"""In what order a stream's states can be known: most of them for all samples at once, the rest one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurodeploy.streams.block import leaves
from neurodeploy.streams.stream import Stream


@dataclass(frozen=True)
class Stage:
    """States that become known together.

    ``recurrent`` ones depend on their own past and need a loop over the samples; any other is a function of what is
    known by then. Without states: the sum over places.
    """

    states: tuple[str, ...] = ()
    recurrent: bool = False


def stages(stream: Stream) -> tuple[Stage, ...]:
    """The stages of taking samples, in order; the sum over a delay line belongs to the loop that moves the line.

    What ticks change is never read by taking a sample, so that it counts as known to nobody here.
    """
    needs = _needs(stream)
    sums = stream.places is not None and stream.places.line is None
    ticked: set[str] = set() if stream.tick is None else set(stream.tick.after)
    ordered: list[Stage] = []
    known, left = {"sample"}, dict(needs)
    while left:
        free = [name for name, read in left.items() if read <= known]
        if free:
            ordered += [Stage() if sums and name == "sum" else Stage((name,)) for name in free]
            known |= set(free) - ticked
        else:
            free = sorted(_looped(left))
            assert not ticked & set(free), "a sample reads what ticks change"
            ordered.append(Stage(tuple(name for name in free if name != "sum"), recurrent=True))
            known |= set(free)
        left = {name: read for name, read in left.items() if name not in free}
    return tuple(ordered)


def _needs(stream: Stream) -> dict[str, set[str]]:
    """What every state, and the sum, is encoder of."""
    needs = {name: leaves([value]) for name, value in stream.take.after.items()}
    places = stream.places
    if places is not None:
        needs["sum"] = leaves([places.operand]) | leaves([places.term]) - {"given"}
        if places.line is not None and places.after is not None:
            fired = leaves([stream.take.outputs[0]])
            needs["sum"] = (needs["sum"] - {places.line.name}) | fired | {"sum"}
    return needs


def _looped(needs: Mapping[str, set[str]]) -> set[str]:
    """Names that lead back to themselves, and those on the way to such names."""
    reach = {name: set(read) for name, read in needs.items()}
    for _ in needs:
        reach = {
            name: read.union(*(reach[source] for source in read if source in reach)) for name, read in reach.items()
        }
    cyclic = {name for name in needs if name in reach[name]}
    return cyclic | {name for name in needs if any(name in reach[source] for source in cyclic)}
