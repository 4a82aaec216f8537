"""The fewest bits per layer that keep a share of the spikes.

1. One width for all layers: the narrowest at which every population keeps its share on a stimulus. Where even the
   widest does not, the budget cannot be met.
2. Then layer by layer, that with the most weights first, the narrowest width at which every population still does.

Each width is judged by what the whole program does, so that an early layer, whose errors change every spike after it,
keeps more bits than a late one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from neurodeploy.errors import CannotRepresentError
from neurodeploy.passes.accuracy import BitChoice
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.machine import widest_weights
from neurodeploy.program.program import Program
from neurodeploy.rasters import jaccard, relative_rms
from neurodeploy.trace import Trace

WIDTHS = (2, 3, 4, 5, 6, 8, 10, 12, 16)
"""Bits that are tried, as far as the machine has them."""
Bits = Mapping[str, int]
Finish = Callable[[Draft], Program]
Play = Callable[[Program], Trace]


@dataclass(frozen=True, eq=False)
class Search:
    """What widths are judged by.

    - ``draft``: with paths and neurons. ``finish``: quantizes it. ``play``: runs a program on the stimulus.
    - ``expected``: what the float network does on the stimulus.
    """

    draft: Draft
    finish: Finish
    play: Play
    expected: Trace

    def kept(self, bits: Bits) -> dict[str, float]:
        """The share of its spikes that each population keeps (1 minus the relative error of a graded one)."""
        try:
            program = self.finish(with_bits(self.draft, bits))
        except CannotRepresentError:
            return dict.fromkeys(self.draft.neurons, 0.0)
        found = self.play(program)
        return {name: _kept(self.expected, found, name) for name in self.draft.neurons}


def fewest_bits(search: Search, budget: float) -> BitChoice:
    """The fewest bits of every layer at which every population keeps ``budget`` of its spikes.

    Raises CannotRepresentError where the widest weights do not keep as much.
    """
    sizes = layer_sizes(search.draft)
    numerics = search.draft.numerics
    widths = [width for width in WIDTHS if width < widest_weights(numerics)] + [widest_weights(numerics)]
    enough = _search(widths, lambda width: _meets(search, dict.fromkeys(sizes, width), budget))
    if enough is None:
        raise _out_of_reach(search.kept(dict.fromkeys(sizes, widths[-1])), budget, numerics.name)
    bits = dict.fromkeys(sizes, enough)
    for layer in sorted(sizes, key=lambda name: -sizes[name]):
        narrower = [width for width in widths if width < bits[layer]]

        def fits(width: int, layer: str = layer) -> bool:
            return _meets(search, {**bits, layer: width}, budget)

        bits[layer] = _search(narrower, fits) or bits[layer]
    return BitChoice(budget, min(search.kept(bits).values()), bits)


def kept_aside(search: Search, choice: BitChoice) -> BitChoice:
    """The choice with what its bits keep by another ``search``, whose samples were set aside."""
    return replace(choice, kept_aside=min(search.kept(choice.bits).values()))


def with_bits(draft: Draft, bits: Bits) -> Draft:
    """The draft with the bits of the layers it names."""
    return replace(draft, machine=replace(draft.machine, layers={**draft.machine.layers, **bits}))


def layer_sizes(draft: Draft) -> dict[str, int]:
    """Number of weights of every layer whose bits may be chosen, by the last node of its path."""
    sizes: dict[str, int] = {}
    for path in draft.paths:
        if path.nodes and not any(node in draft.machine.layers for node in path.nodes):
            sizes[path.nodes[-1]] = sizes.get(path.nodes[-1], 0) + path.weights.size
    return sizes


def _kept(expected: Trace, found: Trace, name: str) -> float:
    before, after = expected[name], found[name]
    if before.graded or after.graded:
        return 1.0 - relative_rms(before.values, after.values)
    return jaccard(before.values, after.values)


def _meets(search: Search, bits: Bits, budget: float) -> bool:
    return min(search.kept(bits).values(), default=1.0) >= budget


def _search(widths: Sequence[int], fits: Callable[[int], bool]) -> int | None:
    """The narrowest of rising ``widths`` that fits, where a wider one fits whenever a narrower one does; else None."""
    low, high = 0, len(widths)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(widths[middle]) else (middle + 1, high)
    return widths[low] if low < len(widths) else None


def _out_of_reach(kept: Mapping[str, float], budget: float, machine: str) -> CannotRepresentError:
    worst = min(kept, key=lambda name: kept[name])
    within = int(kept[worst] * 100) / 100
    less = f"ask for budget={within:g} or less" if within else "leave the bits of its layers to the budget"
    return CannotRepresentError(
        f"{kept[worst]:.3f} of its spikes are kept with the widest weights of {machine}, the budget is {budget:g}",
        f"node {worst}",
        f"{less}, or choose other numerics",
        value=kept[worst],
        limit=budget,
    )
