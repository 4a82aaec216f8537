"""Random wirings: which nodes there are, how large, and what joins them; no numbers yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from neurodeploy.conformance.draw import Draw
from neurodeploy.conformance.scope import Scope, allowed
from neurodeploy.conformance.windows import Shape, Window, draw_pool, draw_window, fit_window
from neurodeploy.program.population import Input
from neurodeploy.program.population import Kind as Role
from neurodeploy.program.projection import Kind


@dataclass(frozen=True)
class Link:
    """One projection to be; ``back``: it closes a loop."""

    source: str
    target: str
    kind: Kind
    delay: int = 0
    window: Window | None = None
    back: bool = False


@dataclass
class Wiring:
    """Nodes in feed-forward order, and their links; ``biased``: the network may hold biases."""

    inputs: list[Input] = field(default_factory=list[Input])
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    links: list[Link] = field(default_factory=list[Link])
    biased: bool = True

    def into(self, name: str) -> list[Link]:
        """Links that end at ``name``."""
        return [link for link in self.links if link.target == name]


def draw_wiring(draw: Draw, scope: Scope) -> Wiring:
    """A wiring of 1 to 5 layers, with branches, shortcuts and loops; at most 8 populations."""
    wiring = Wiring()
    add_input(draw, wiring, draw_input_shape(draw, scope), scope)
    for number in range(draw.weighted({1: 3, 2: 5, 3: 5, 4: 3, 5: 2})):
        earlier = list(wiring.shapes)
        source = draw.pick(earlier) if draw.chance(0.15) else earlier[-1]
        add_layer(draw, wiring, source, f"layer{number + 1}", draw_role(draw, scope, first=number == 0), scope)
    if "li" in scope.populations and draw.chance(0.3):
        add_layer(draw, wiring, list(wiring.shapes)[-1], "readout", "li", scope)
    joinable = any(len(wiring.shapes[name]) == 1 for name in wiring.roles)
    if scope.inputs and draw.chance(0.15) and joinable and scope.matrices:
        add_input(draw, wiring, (draw.between(4, 30),), scope)
        add_shortcut(draw, wiring, wiring.inputs[-1].name, scope)
    for _ in range(draw.weighted({0: 5, 1: 3, 2: 2})):
        add_shortcut(draw, wiring, draw.pick([name for name in wiring.shapes if wiring.roles.get(name) != "li"]), scope)
    if scope.loops and draw.chance(0.55 if scope.biased_loops else 0.35):
        add_loops(draw, wiring, scope)
    if scope.longest_delay:
        wiring.links = [with_delay(draw, link, scope.longest_delay) for link in wiring.links]
    looped = any(link.back for link in wiring.links)
    wiring.biased = scope.biases and draw.chance(0.6) and (scope.biased_loops or not looped)
    if wiring.biased and draw.chance(0.15):
        add_drive(draw, wiring, scope)
    return wiring


def draw_input_shape(draw: Draw, scope: Scope) -> Shape:
    """An image ``(C, H, W)``, a line ``(C, L)`` where convolutions of one axis may occur, or a vector."""
    windows = scope.projections & {"conv2d", "sum-pool"}
    weights = {"image": 5 if windows else 0, "vector": 5 if scope.matrices else 0}
    kind = draw.weighted({**weights, "line": 1 if "conv1d" in scope.projections else 0})
    if kind == "image":
        return draw.between(1, 3), draw.between(4, 8), draw.between(4, 8)
    return (draw.between(1, 3), draw.between(6, 16)) if kind == "line" else (draw.between(4, 40),)


def draw_role(draw: Draw, scope: Scope, first: bool) -> Role:
    """Mostly spiking, at times a relay."""
    relays = "relay" in scope.populations and scope.graded
    return "relay" if relays and draw.chance(0.08 if first else 0.25) else "cuba-lif"


def add_input(draw: Draw, wiring: Wiring, shape: Shape, scope: Scope) -> None:
    """One more input: mostly binary, at times graded, rarely wide."""
    name = "input" if not wiring.inputs else f"input{len(wiring.inputs) + 1}"
    kind = draw.weighted({"binary": 70, "graded": 24, "wide": 16 if len(shape) == 3 else 4})
    kind = kind if scope.graded else "binary"
    bits = {"binary": 1, "graded": draw.between(2, 8), "wide": draw.between(15, 16)}[kind]
    scale = 0 if kind == "binary" else draw.between(0, bits)
    wiring.inputs.append(Input(name, shape, scale, bits, signed=kind != "binary" and draw.chance(0.4)))
    wiring.shapes[name] = shape


def add_layer(draw: Draw, wiring: Wiring, source: str, name: str, role: Role, scope: Scope) -> None:
    """A population of this role fed by ``source``, at times over two projections of opposite signs."""
    shape = wiring.shapes[source]
    kinds: dict[Kind, int] = {"dense": 6, "sparse": 4}
    if len(shape) == 3:
        kinds = {"conv2d": 12, "sum-pool": 3, "dense": 3, "sparse": 2}
    if len(shape) == 2:
        kinds = {"conv1d": 6, "dense": 2}
    kinds = allowed(kinds, scope.projections)
    if not kinds:
        return
    kind = draw.weighted(kinds)
    window: Window | None = None
    if kind in ("dense", "sparse"):
        wiring.shapes[name] = (draw.between(3, 40),)
    else:
        channels = shape[0] if kind == "sum-pool" else draw.pick((1, 2, 3, 4, shape[0]))
        pool = kind == "sum-pool"
        window = draw_pool(draw, shape[1:]) if pool else draw_window(draw, shape[0], channels, shape[1:])
        wiring.shapes[name] = (channels, *window.output(shape[1:]))
    wiring.roles[name] = role
    for _ in range(2 if draw.chance(0.15) and kind != "sum-pool" else 1):
        wiring.links.append(Link(source, name, kind, window=window))


def add_shortcut(draw: Draw, wiring: Wiring, source: str, scope: Scope) -> None:
    """A link past the chain, from ``source`` to some later population, where the shapes allow one."""
    names = list(wiring.shapes)
    inputs = {source.name for source in wiring.inputs}
    after = names if source in inputs else names[names.index(source) + 1 :]
    targets = [name for name in after if name not in inputs and source not in {k.source for k in wiring.into(name)}]
    links = [link for link in (join(draw, wiring, source, target, scope) for target in targets) if link]
    if links:
        wiring.links.append(draw.pick(links))


def add_drive(draw: Draw, wiring: Wiring, scope: Scope) -> None:
    """A population that only its bias drives, in front of one that takes vectors."""
    vectors = [name for name in wiring.roles if len(wiring.shapes[name]) == 1]
    if vectors and scope.matrices:
        wiring.roles = {"drive": "cuba-lif", **wiring.roles}
        wiring.shapes["drive"] = (draw.between(3, 20),)
        wiring.links.append(Link("drive", draw.pick(vectors), draw.pick(scope.matrices)))


def join(
    draw: Draw, wiring: Wiring, source: str, target: str, scope: Scope, delay: int = 0, back: bool = False
) -> Link | None:
    """A link between two existing nodes: dense or sparse into a vector, else a convolution where one fits."""
    a, b = wiring.shapes[source], wiring.shapes[target]
    if len(b) == 1:
        return Link(source, target, draw.pick(scope.matrices), delay, back=back) if scope.matrices else None
    kind: Kind = "conv2d" if len(b) == 3 else "conv1d"
    fits = len(a) == len(b) and kind in scope.projections
    window = fit_window(draw, a[1:], b[1:]) if fits else None
    return Link(source, target, kind, delay, window, back) if window else None


def add_loops(draw: Draw, wiring: Wiring, scope: Scope) -> None:
    """Loops of one synapse and one step; where delays may occur also longer ones, each with delay enough."""
    spiking = [name for name, role in wiring.roles.items() if role == "cuba-lif"]
    for name in spiking:
        if draw.chance(0.6) and prod(wiring.shapes[name]) <= 128:
            late = scope.longest_delay > 0
            delay = draw.between(1, min(6, scope.longest_delay)) if late and draw.chance(0.6) else 1
            link = join(draw, wiring, name, name, scope, delay, back=True)
            wiring.links += [link] if link else []
    if scope.longest_delay and len(spiking) > 1 and draw.chance(0.5):
        first = draw.between(0, len(spiking) - 2)
        last = draw.between(first + 1, len(spiking) - 1)
        names = list(wiring.roles)
        synapses = names.index(spiking[last]) - names.index(spiking[first]) + 1
        delay = synapses + draw.between(0, 2)
        link = join(draw, wiring, spiking[last], spiking[first], scope, delay, back=True)
        wiring.links += [link] if link and delay <= scope.longest_delay else []


def with_delay(draw: Draw, link: Link, longest: int) -> Link:
    """At times a delay up to ``longest``, mostly short."""
    if link.back or not draw.chance(0.25):
        return link
    delay = draw.between(7, 62) if draw.chance(0.08) else draw.between(1, 6)
    return Link(link.source, link.target, link.kind, min(delay, longest), link.window)
