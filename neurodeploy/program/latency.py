"""When each population of a Program acts on a machine where every synapse takes a step.

A Program has no latency of its own: what an undelayed projection carries arrives in the same step. On a pipelined
machine each synapse process adds one step, so population p acts ``latency[p]`` steps late, and every projection needs
``latency[target] - latency[source] + delay`` machine steps, the first of which its synapse takes for free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from neurodeploy.errors import RefusedError
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection


def latencies(program: Program) -> dict[str, int]:
    """Latency of every node in steps: the number of synapses on its longest forward path from any input.

    A population that no input reaches takes the smallest latency that aligns its consumers, else 0.
    Raises RefusedError for a loop that crosses more synapses than its delay.
    """
    loops = loop_components(program)
    latency: dict[str, int] = dict.fromkeys((*program.input_by_name, *program.by_name), 0)
    _refuse_short_loops(program, latency, loops)
    latency = _pushed(program.projections, latency, loops)
    reached = _reached(program)
    for anchors in (reached, reached | _feeding(program, reached) | _ends(program, loops)):
        latency = _pushed(program.projections, _pulled(program, latency, loops, anchors), loops)
    return latency


def extra_steps(projection: Projection, latency: Mapping[str, int]) -> int:
    """Machine steps a projection must wait beyond its synapse's own, so that all arrivals align."""
    return latency[projection.target] - latency[projection.source] + projection.delay - 1


def loop_components(program: Program) -> dict[str, int]:
    """Number of the strongly connected component of each population; those of one loop share it."""
    forward = {name: _descendants(program, name) for name in program.by_name}
    component: dict[str, int] = {}
    for number, name in enumerate(program.by_name):
        if name not in component:
            mates = {member for member in forward[name] if name in forward[member]}
            component |= dict.fromkeys(mates | {name}, number)
    return component


def _in_loop(projection: Projection, loops: Mapping[str, int]) -> bool:
    return loops.get(projection.source) == loops[projection.target]


def _least(projection: Projection, loops: Mapping[str, int]) -> int:
    """Fewest steps by which the target must be later than the source; in a loop, delays count against its synapses."""
    return 1 - projection.delay if _in_loop(projection, loops) else 1


def _late(projections: Iterable[Projection], latency: Mapping[str, int], loops: Mapping[str, int]) -> list[Projection]:
    return [p for p in projections if latency[p.target] < latency[p.source] + _least(p, loops)]


def _pushed(projections: Iterable[Projection], latency: Mapping[str, int], loops: Mapping[str, int]) -> dict[str, int]:
    """Latencies raised until every projection has the steps it needs; gives up after the longest possible path."""
    pushed = dict(latency)
    for _ in latency:
        for p in _late(projections, pushed, loops):
            pushed[p.target] = max(pushed[p.target], pushed[p.source] + _least(p, loops))
    return pushed


def _refuse_short_loops(program: Program, latency: Mapping[str, int], loops: Mapping[str, int]) -> None:
    """Raise RefusedError for the first component in which no latencies can satisfy every projection."""
    for number in sorted(set(loops.values())):
        inside = [p for p in program.projections if _in_loop(p, loops) and loops[p.target] == number]
        late = _late(inside, _pushed(inside, latency, loops), loops)
        if late:
            mates = ", ".join(name for name in program.by_name if loops[name] == number)
            raise RefusedError(
                f"a recurrent loop through {mates} crosses more synapses than its delay has steps",
                f"projection {late[0].name}",
                "on this machine each synapse takes one step: give the loop a delay of one step per synapse it crosses",
            )


def _pulled(
    program: Program, latency: Mapping[str, int], loops: Mapping[str, int], anchors: set[str]
) -> dict[str, int]:
    """Schedule populations as late as the ones they feed in ``anchors`` allow; a loop moves as one."""
    room = {loops[name]: 0 for name in anchors & loops.keys()}
    for _ in latency:
        for p in program.projections:
            if p.source not in anchors and not _in_loop(p, loops) and loops[p.target] in room:
                free = latency[p.target] + room[loops[p.target]] - latency[p.source] - 1
                room[loops[p.source]] = min(room.get(loops[p.source], free), free)
    return {name: steps + (room.get(loops[name], 0) if name in loops else 0) for name, steps in latency.items()}


def _reached(program: Program) -> set[str]:
    """Nodes that a path leads to from some input, inputs included."""
    return set(program.input_by_name).union(*(_descendants(program, name) for name in program.input_by_name))


def _feeding(program: Program, reached: set[str]) -> set[str]:
    """Populations from which a path leads to a node in ``reached``."""
    return {name for name in program.by_name if _descendants(program, name) & reached}


def _ends(program: Program, loops: Mapping[str, int]) -> set[str]:
    """Populations that feed nothing beyond their own loop."""
    return {name for name in program.by_name if all(loops[d] == loops[name] for d in _descendants(program, name))}


def _descendants(program: Program, name: str) -> set[str]:
    reached: set[str] = set()
    frontier = {name}
    while frontier:
        frontier = {p.target for p in program.projections if p.source in frontier} - reached
        reached |= frontier
    return reached
