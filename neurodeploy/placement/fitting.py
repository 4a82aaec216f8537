"""What does not fit a chip, all of it, each with the smallest change that would."""

from __future__ import annotations

from collections.abc import Mapping

from neurodeploy.finding import Finding
from neurodeploy.placement.block import Block
from neurodeploy.placement.chip import WORDS
from neurodeploy.placement.demand import Needs
from neurodeploy.placement.packing import Cores
from neurodeploy.placement.splitting import Split


def misfits(needs: Needs, split: Split, cores: Cores, chips: int) -> tuple[Finding, ...]:
    """Findings of severity error: neurons that no core holds, delays that are too long, too few cores."""
    findings = [*_neurons(needs, split), *_delays(needs)]
    return tuple(findings if split.impossible else (*findings, *_cores(needs, cores, chips)))


def _neurons(needs: Needs, split: Split) -> list[Finding]:
    """One finding per population and resource, for the neuron that needs most."""
    worst: dict[tuple[str, str], tuple[int, Block]] = {}
    for block, resources in split.impossible.items():
        demand = split.demand(needs, block.first)
        for resource in resources:
            key = block.population, resource
            if key not in worst or demand[resource] > worst[key][0]:
                worst[key] = demand[resource], block.first
    return [_neuron(needs, *key, *found) for key, found in worst.items()]


def _neuron(needs: Needs, population: str, resource: str, need: int, neuron: Block) -> Finding:
    limit = needs.chip.limit(resource) or 0
    place = ", ".join(map(str, neuron.starts))
    message = f"neuron ({place}) needs {need} {WORDS[resource]}, a core of {needs.chip.name} has {limit}"
    return Finding("placement", "error", population, message, _narrower(needs, neuron, resource, need, limit))


def _narrower(needs: Needs, neuron: Block, resource: str, need: int, limit: int) -> str:
    """The change that makes a single neuron fit."""
    if resource == "out_axons":
        return f"narrow the layers that {neuron.population} sends to, so that they take at most {limit} cores"
    if resource == "synapse_formats":
        return f"join the projections into {neuron.population}: at most {limit}"
    if resource not in ("in_axons", "synapse_bits"):
        return "choose a chip with more of them"
    inputs = needs.of(neuron)["in_axons"]
    most = limit if resource == "in_axons" else inputs * limit // need
    sources = ", ".join(dict.fromkeys(p.source for p in needs.program.into(neuron.population)))
    return f"narrow {sources} to at most {most} neurons that reach it (now {inputs})"


def _delays(needs: Needs) -> list[Finding]:
    most = needs.chip.max_delay.value
    return [
        Finding(
            "placement",
            "error",
            projection.name,
            f"a delay of {projection.delay} steps, {needs.chip.name} has at most {most}",
            f"shorten it to {most} steps",
        )
        for projection in needs.program.projections
        if most is not None and projection.delay > most
    ]


def _cores(needs: Needs, cores: Cores, chips: int) -> list[Finding]:
    room = chips * needs.chip.cores.value
    if len(cores) <= room:
        return []
    wanted = -(-len(cores) // needs.chip.cores.value)
    message = f"needs {len(cores)} cores, {chips} of {needs.chip.name} have {room}"
    remedy = f"-O chips={wanted}"
    layer = _layer(cores, len(cores) - room)
    return [Finding("placement", "error", "program", message, remedy + (f"; or {layer}" if layer else ""))]


def _layer(cores: Cores, excess: int) -> str:
    """The population that takes most cores, and how many of its neurons fit the cores that are left for it."""
    own: dict[str, list[int]] = {}
    for blocks in cores:
        for name in dict.fromkeys(block.population for block in blocks):
            own.setdefault(name, []).append(sum(block.size for block in blocks if block.population == name))
    name = max(own, key=lambda population: len(own[population]))
    left = len(own[name]) - excess
    if left < 1:
        return ""
    return f"narrow {name} from {sum(own[name])} to {sum(sorted(own[name])[:left])} neurons"


def unverified(needs: Needs, used: tuple[Mapping[str, int], ...]) -> tuple[Finding, ...]:
    """One finding that names the limits nobody has verified."""
    names = needs.chip.unverified
    if not names or not used:
        return ()
    words = ", ".join(WORDS.get(name, name.replace("_", " ")) for name in names)
    return (Finding("placement", "info", needs.chip.name, f"not verified of this chip: {words}", "see its YAML"),)
