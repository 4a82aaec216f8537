"""A placement as a map of the chip, and a conformance suite as counts by operator."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodeploy.conformance.report import Conformance
from neurodeploy.placement.placement import Placement
from neurodeploy.plot.canvas import BOTH, LINES, STATES, empty, plain

FREE = "#f1f3f5"
HATCHES = ("", "//", "..", "xx", "--")


def cores(placement: Placement) -> Any:
    """The cores of the chips on their tiles, each in the color of the population that has most neurons on it.

    The number on a core is how full its fullest resource is, in per cent.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.cores(nd.place("model.pt", "loihi2"))
    """
    chip, mesh = placement.chip, placement.chip.mesh
    side = next(side for side in range(1, mesh.cores_per_tile + 1) if side * side >= mesh.cores_per_tile)
    pitch = side + 0.35
    names = list(dict.fromkeys(block.population for blocks in placement.cores for block in blocks))
    columns = placement.chips * mesh.width
    figure = empty("cores", max(5.0, 0.28 * columns * pitch + 0.5), 0.28 * mesh.height * pitch + 1.2)
    axes = figure.add_subplot()
    for core in range(placement.chips * chip.cores.value):
        column, row = chip.tile(core)
        inner = core % chip.cores.value % mesh.cores_per_tile
        _core(axes, placement, core, column * pitch + inner % side, row * pitch + inner // side, names)
    axes.set(xlim=(-0.5, columns * pitch), ylim=(mesh.height * pitch, -0.5), aspect="equal")
    axes.set_axis_off()
    head = f"{len(placement.occupied)} of {placement.chips * chip.cores.value} cores of {chip.name} in use"
    axes.set_title(f"{head}; numbers: % of a core's fullest resource", fontsize=10)
    for number, name in enumerate(names):
        axes.bar(0, 0, color=LINES[number % len(LINES)], hatch=HATCHES[number // len(LINES) % 5], label=name)
    figure.legend(loc="outside lower center", ncols=6, fontsize="small", frameon=False)
    held = {name: sum(any(b.population == name for b in blocks) for blocks in placement.cores) for name in names}
    figure.alt = f"Map of a chip: {head}; " + ", ".join(f"{name} on {count}" for name, count in held.items())
    return figure


def _core(axes: Any, placement: Placement, core: int, x: float, y: float, names: list[str]) -> None:
    blocks = placement.cores[core] if core < len(placement.cores) else ()
    if not blocks:
        axes.add_patch(_square(x, y, FREE, ""))
        return
    number = names.index(max(blocks, key=lambda block: block.size).population)
    axes.add_patch(_square(x, y, LINES[number % len(LINES)], HATCHES[number // len(LINES) % 5]))
    used = placement.used[core]
    shares = [used[name] / limit for name in used if (limit := placement.chip.limit(name)) is not None]
    text = f"{100 * max(shares, default=0):.0f}"
    axes.text(x + 0.45, y + 0.47, text, ha="center", va="center", fontsize=6, color="white")


def _square(x: float, y: float, color: str, hatch: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), 0.9, 0.9, facecolor=color, hatch=hatch, edgecolor="white", linewidth=0)


def conformance(result: Conformance) -> Any:
    """How many cases of every operator passed, are not supported, and failed.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.conformance(nd.conform("fixed"))
    """
    operators = list(dict.fromkeys(outcome.operator for outcome in result.outcomes))
    looks = (("passed", STATES["equal"], ""), ("unsupported", BOTH, ""), ("failed", STATES["differs"], "//"))
    figure = empty("conformance", 8, 1.3 + 0.32 * len(operators))
    axes = plain(figure.add_subplot())
    left, words = np.zeros(len(operators)), list[str]()
    for status, color, hatch in looks:
        counts = [sum(o.operator == name and o.status == status for o in result.outcomes) for name in operators]
        label = f"{status} ({sum(counts)})"
        drawn = axes.barh(operators, counts, left=left, color=color, hatch=hatch, edgecolor="white", label=label)
        texts = [str(count) if count else "" for count in counts]
        axes.bar_label(drawn, texts, label_type="center", fontsize=7, color="white", weight="bold")
        left += counts
        words.append(label + (": " + ", ".join(n for n, c in zip(operators, counts, strict=True) if c)))
    axes.invert_yaxis()
    axes.set(title=f"{result.target} under {result.numerics} numerics", xlabel="cases", ylabel="operator")
    axes.legend(fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.alt = f"Conformance of {result.target}, cases by operator. " + "; ".join(words)
    return figure
