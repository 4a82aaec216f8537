"""A placement as a picture (SVG): every core as a square on its tile, in the color of what it holds mostly."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from neurodeploy.foreign import shown
from neurodeploy.placement.placement import Placement

CELL, GAP, TEXT = 26, 6, 14
COLORS = (
    *("#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#edc948"),
    *("#76b7b2", "#ff9da7", "#9c755f", "#bab0ac", "#86bcb6", "#d37295"),
)
EMPTY = "#eeeeee"


def chip_map(placement: Placement) -> str:
    """The chips side by side; a core is darker the fuller it is, and names what it holds under the pointer."""
    chip, mesh = placement.chip, placement.chip.mesh
    side = next(side for side in range(1, mesh.cores_per_tile + 1) if side * side >= mesh.cores_per_tile)
    pitch = side * CELL + GAP
    names = list(dict.fromkeys(block.population for blocks in placement.cores for block in blocks))
    colors = {name: COLORS[number % len(COLORS)] for number, name in enumerate(names)}
    width = placement.chips * (mesh.width * pitch + 2 * GAP)
    height = mesh.height * pitch + TEXT * (len(names) + 2)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">']
    parts.append(f"<title>{escape(shown(placement.blocks()[0].text))}</title>" if names else "")  # type: ignore[union-attr]
    for core in range(placement.chips * chip.cores.value):
        column, row = chip.tile(core)
        inner = core % chip.cores.value % mesh.cores_per_tile
        x = column * pitch + column // mesh.width * 2 * GAP + inner % side * CELL
        y = row * pitch + inner // side * CELL
        parts.append(_core(placement, core, x, y, colors))
    for number, name in enumerate(names):
        y = mesh.height * pitch + TEXT * (number + 1)
        parts.append(f'<rect x="0" y="{y - 10}" width="10" height="10" fill="{colors[name]}"/>')
        parts.append(f'<text x="14" y="{y}" font-size="11" font-family="sans-serif">{escape(shown(name))}</text>')
    return "\n".join(part for part in (*parts, "</svg>") if part) + "\n"


def _core(placement: Placement, core: int, x: int, y: int, colors: dict[str, str]) -> str:
    blocks = placement.cores[core] if core < len(placement.cores) else ()
    box = f'x="{x}" y="{y}" width="{CELL - 2}" height="{CELL - 2}"'
    if not blocks:
        return f'<rect {box} fill="{EMPTY}"/>'
    largest = max(blocks, key=lambda block: block.size)
    used = placement.used[core]
    shares = [used[name] / limit for name in used if (limit := placement.chip.limit(name)) is not None]
    opacity = 0.35 + 0.65 * max(shares, default=1.0)
    words = f"core {core}: " + ", ".join(map(str, blocks)) + f"; fullest resource {100 * max(shares, default=0):.0f} %"
    fill = f'fill="{colors[largest.population]}" fill-opacity="{opacity:.2f}"'
    return f"<rect {box} {fill} aria-label={quoteattr(shown(words))}><title>{escape(shown(words))}</title></rect>"
