"""What a check did not exercise, population by population, and the verdict where that is too much."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from neurodeploy.analysis.proof import Proof
from neurodeploy.parity.rung import Rung
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program

Fractions = Mapping[str, Mapping[str, float]]
"""By population, what ``Coverage`` gives."""
Rules = tuple[tuple[str, str], ...]
"""Wrong rules, as term and first words."""
STORED = {"channels_fired": 0.25, "weights_active": 0.5}
"""What is asked for by default, of what a machine stores once, wherever in space it is used.

Every weight is a number of its own: where less than half of them met a message, a wrong one more likely had no occasion
to show than one. What firing exercises beyond that, comparison and reset, is one rule for the whole population, and a
neuron that integrates without firing shows in its membrane: a quarter of the channels suffices.
"""
EVERYWHERE = "neurons_fired", "synapses_active"
"""What ``--coverage`` asks for."""
WORDS = {
    "neurons_fired": "of neurons fired",
    "synapses_active": "of synapses carried a message",
    "channels_fired": "of channels fired",
    "weights_active": "of weights met a message",
}


@dataclass(frozen=True)
class Shortfall:
    """A population of which less than ``least`` of a ``measure`` (a term of ``Coverage``) was exercised."""

    node: str
    measure: str
    share: float
    least: float

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


def shortfalls(
    program: Program, coverage: Fractions, least: float | None, allow_silent: Collection[str]
) -> tuple[Shortfall, ...]:
    """What falls short, in the order of the program. Spiking populations that were inserted are not asked.

    - ``least``: the share of neurons and of synapses that is asked for; None: the shares ``STORED`` of channels and of
      weights, which in a dense layer are its neurons and synapses.
    - ``allow_silent``: populations that are not asked.
    """
    asked = STORED if least is None else dict.fromkeys(EVERYWHERE, least)
    return tuple(
        Shortfall(population.name, measure, coverage[population.name][measure], share)
        for population in program.populations
        for measure, share in asked.items()
        if population.name not in allow_silent
        and not (population.inserted and population.kind == "cuba-lif")
        and (population.kind == "cuba-lif" or not measure.endswith("_fired"))
        and coverage[population.name][measure] < share
    )


def not_covered(program: Program, coverage: Fractions, proof: Proof | None = None) -> dict[str, tuple[str, ...]]:
    """By population, what a fault could hide in: neurons that never fired, synapses without a message, branches.

    A fault of what is not listed had at least one occasion to show. A saturation that is proved impossible is not
    missed.
    """
    listed = {
        p.name: (
            *_shares(coverage[p.name]),
            *_branches(p, coverage[p.name], _unsaturated(proof, p.name)),
        )
        for p in program.populations
    }
    return {name: items for name, items in listed.items() if items}


def _unsaturated(proof: Proof | None, name: str) -> bool:
    """Whether it is proved that a membrane never comes to an end of its width."""
    claims = () if proof is None else proof[name].claims
    return any(claim.quantity == "membrane" and claim.verdict == "proved" for claim in claims)


def impossible(proof: Proof | None) -> dict[str, Rules]:
    """By population, wrong rules that no input can show, as term and first words: the width they are about is kept."""
    rules: dict[str, Rules] = {}
    for node in () if proof is None else proof.nodes:
        proved = {claim.quantity for claim in node.claims if claim.verdict == "proved"}
        kept = [("overflow", f"the {quantity}") for quantity in ("membrane", "current") if quantity in proved]
        kept += [("overflow", "")] if len(proved) == len(node.claims) else []
        kept += [("clip", "")] if "message" in proved and node.kind == "relay" else []
        rules[node.node] = tuple(kept)
    return rules


def _shares(fractions: Mapping[str, float]) -> list[str]:
    missing = {"neurons_fired": "of neurons never fired", "synapses_active": "of synapses carried no message"}
    shares = [f"{_percent(1 - fractions[key])} {words}" for key, words in missing.items() if fractions[key] < 1]
    proved = {"proved_silent": "of neurons proved silent", "proved_unreached": "of synapses from neurons proved silent"}
    return shares + [f"{_percent(fractions[key])} {words}" for key, words in proved.items() if key in fractions]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.0005 else "fewer than 0.1 %"


def _branches(population: Population, fractions: Mapping[str, float], unsaturated: bool) -> list[str]:
    """Branches of the update that its attributes allow and no cell took."""
    possible: dict[str, str] = {}
    if population.kind == "relay":
        possible = {"clipped_low": "the lower end of its range", "clipped_high": "the upper end of its range"}
    elif population.kind == "cuba-lif":
        possible = {
            "fired": "a spike",
            "quiet": "a charge without a spike",
            "at_threshold": "a membrane on the threshold",
            "just_below": "a membrane just below the threshold",
        }
        if not unsaturated:
            possible["saturated"] = "a saturated membrane"
        if population.reset != "none":
            possible["reset"] = "a reset"
        if population.floor is not None or population.ceiling is not None:
            possible["clamped"] = "a clamp"
    delayed = ["a delayed message of every projection"] if fractions.get("delayed", 1.0) < 1 else []
    return [words for key, words in possible.items() if not fractions.get(key)] + delayed


def gated(rung: Rung, short: Collection[Shortfall], remedy: str) -> Rung:
    """The rung, inconclusive where it agrees and something falls short. ``remedy``: what would exercise more."""
    if rung.verdict != "agree" or not short:
        return rung
    by_node: dict[str, list[Shortfall]] = {}
    for shortfall in short:
        by_node.setdefault(shortfall.node, []).append(shortfall)
    reasons = [
        f"{node}: only {', '.join(f'{_percent(p.share)} {WORDS[p.measure]} ({p.least:.0%} asked for)' for p in parts)}"
        for node, parts in by_node.items()
    ]
    return replace(rung, verdict="inconclusive", reasons=(*rung.reasons, *reasons, f"to exercise more: {remedy}"))
