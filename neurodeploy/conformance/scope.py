"""Within what networks are drawn: a machine's numerics, and what of them a target declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from neurodeploy.conformance.case import Family
from neurodeploy.numerics import LOIHI2, Numerics
from neurodeploy.program.population import Compare, Kind, Reset
from neurodeploy.program.projection import Kind as Operator

Word = TypeVar("Word", bound=str)


@dataclass(frozen=True)
class Scope:
    """What a drawn network may hold.

    - ``populations``, ``projections``, ``resets``, ``compares``: the kinds that may occur.
    - ``most_spikes``: of a neuron in one step. ``graded``: messages of several bits.
    - ``clamps``, ``fire_once``, ``stateless``, ``initial_states``, ``biases``: neurons that have them.
    - ``arrays``: thresholds and, where the numerics allow them, decays of each neuron.
    - ``inputs``: more than one input. ``loops``: projections against the order; ``biased_loops``: beside biases.
    - ``longest_delay``: 0 leaves the one step that a loop of one synapse needs.
    """

    numerics: Numerics = LOIHI2
    populations: frozenset[Kind] = frozenset[Kind](("cuba-lif", "li", "relay"))
    projections: frozenset[Operator] = frozenset[Operator](("dense", "sparse", "conv1d", "conv2d", "sum-pool"))
    resets: frozenset[Reset] = frozenset[Reset](("zero", "value", "subtract", "none"))
    compares: frozenset[Compare] = frozenset[Compare]((">", ">="))
    most_spikes: int = 7
    graded: bool = True
    clamps: bool = True
    fire_once: bool = True
    stateless: bool = True
    initial_states: bool = True
    biases: bool = True
    arrays: bool = True
    inputs: bool = True
    loops: bool = True
    biased_loops: bool = True
    longest_delay: int = 62

    @property
    def matrices(self) -> list[Operator]:
        """The kinds that join any two shapes."""
        return [kind for kind in ("dense", "sparse") if kind in self.projections]


def allowed(weights: Mapping[Word, int], words: frozenset[Word]) -> dict[Word, int]:
    """The weights of the words that may occur."""
    return {word: weight for word, weight in weights.items() if word in words}


HELD = Scope()
STOCK = replace(
    HELD,
    populations=frozenset[Kind](("cuba-lif",)),
    projections=HELD.projections - {"conv1d"},
    resets=frozenset[Reset](("zero",)),
    compares=frozenset[Compare]((">",)),
    most_spikes=1,
    clamps=False,
    fire_once=False,
    stateless=False,
    initial_states=False,
    biased_loops=False,
    longest_delay=0,
)
FAMILIES: dict[Family, Scope] = {"stock": STOCK, "held": HELD}
"""What Lava's own processes carry exactly in one run of all samples, and what needs neurons of our own."""
