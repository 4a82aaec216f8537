"""What a check did not exercise, population by population, and the verdict where that is too much."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from neurodeploy.parity.rung import Rung
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program

Fractions = Mapping[str, Mapping[str, float]]
"""By population, what ``Coverage`` gives."""
GATED = ("neurons_fired", "synapses_active")
WORDS = {"neurons_fired": "of neurons fired", "synapses_active": "of synapses carried a message"}


def not_covered(program: Program, coverage: Fractions) -> dict[str, tuple[str, ...]]:
    """By population, what a fault could hide in: neurons that never fired, synapses without a message, branches.

    A fault of what is not listed had at least one occasion to show.
    """
    listed = {p.name: (*_shares(coverage[p.name]), *_branches(p, coverage[p.name])) for p in program.populations}
    return {name: items for name, items in listed.items() if items}


def _shares(fractions: Mapping[str, float]) -> list[str]:
    missing = {"neurons_fired": "of neurons never fired", "synapses_active": "of synapses carried no message"}
    return [f"{_percent(1 - fractions[key])} {words}" for key, words in missing.items() if fractions[key] < 1]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.0005 else "fewer than 0.1 %"


def _branches(population: Population, fractions: Mapping[str, float]) -> list[str]:
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
            "saturated": "a saturated membrane",
        }
        if population.reset != "none":
            possible["reset"] = "a reset"
        if population.floor is not None or population.ceiling is not None:
            possible["clamped"] = "a clamp"
    delayed = ["a delayed message of every projection"] if fractions.get("delayed", 1.0) < 1 else []
    return [words for key, words in possible.items() if not fractions.get(key)] + delayed


def gated(
    rung: Rung, program: Program, coverage: Fractions, least: float, allow_silent: Collection[str], remedy: str
) -> Rung:
    """The rung, inconclusive where it agrees and a population was exercised by less than the share ``least``.

    Of every population that is not in ``allow_silent`` at least that share of its synapses must have carried a message,
    and of a spiking one that share of its neurons must have fired. ``remedy``: what would exercise more.
    """
    if rung.verdict != "agree":
        return rung
    reasons: list[str] = []
    for population in program.populations:
        keys = GATED if population.kind == "cuba-lif" else GATED[1:]
        fractions = coverage[population.name]
        short = [key for key in keys if fractions[key] < least]
        if short and population.name not in allow_silent:
            parts = ", ".join(f"{_percent(fractions[key])} {WORDS[key]}" for key in short)
            reasons.append(f"{population.name}: only {parts}, {least:.0%} asked for: {remedy}")
    if not reasons:
        return rung
    return replace(rung, verdict="inconclusive", reasons=(*rung.reasons, *reasons))
