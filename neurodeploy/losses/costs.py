"""What each term costs a spiking population: it runs again on the float network's own messages, one term restored.

The Jaccard that comes back when a term has its float value is the cost of that term. Terms act together, so costs need
not add up; where calibration made up for a term, restoring it alone costs instead, and its cost is negative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.losses.counterpart import Counterpart
from neurodeploy.losses.feed import ARRIVING, Arrival, term_of
from neurodeploy.losses.terms import TERMS, Term
from neurodeploy.losses.variants import ALL, INTEGERS, Choice, States, Variants, advance
from neurodeploy.program.program import Program

Array = NDArray[np.float64]


CONSTANTS: tuple[Term, ...] = ("decay", "threshold", "bias", "reset and clamp")


class Costs:
    """Runs one spiking population under every choice at once, step after step."""

    def __init__(self, program: Program, counterpart: Counterpart) -> None:
        self.terms = tuple(_terms(program, counterpart))
        choices: list[Choice] = [INTEGERS, *(frozenset({term}) for term in self.terms), ALL]
        self._variants = Variants.of(counterpart, program.numerics, choices)
        self._states: States | None = None
        self._least, self._most = np.zeros(len(choices)), np.zeros(len(choices))

    @property
    def choices(self) -> set[Choice]:
        """What it asks of an arrival."""
        return {choice & ARRIVING for choice in self._variants.choices}

    def take(self, arrival: Arrival, spikes: Array) -> None:
        """The next steps: what arrived, and the network's spikes ``(T, B, *shape)``."""
        if self._states is None:
            self._states = States.of(self._variants, spikes.shape[1])
        arrived = self._arrived(arrival)
        axes = tuple(range(1, spikes.ndim))
        for t, expected in enumerate(spikes):
            sent = advance(self._variants, self._states, arrived[:, t])
            self._least += np.minimum(sent, expected).sum(axis=axes)
            self._most += np.maximum(sent, expected).sum(axis=axes)

    def _arrived(self, arrival: Arrival) -> Array:
        """The input of every choice ``(V, T, B, *shape)``."""
        widths: Choice = frozenset({"truncation", "saturation"})
        exact = [not choice & (ARRIVING | widths) for choice in self._variants.choices]
        return np.stack(
            [
                arrival.exact if whole_machine else arrival.sums[choice & ARRIVING]
                for choice, whole_machine in zip(self._variants.choices, exact, strict=True)
            ]
        )

    @property
    def isolated(self) -> float:
        """The Jaccard with every term as the program has it."""
        return float(self._jaccards()[0])

    @property
    def restored(self) -> dict[Term, float]:
        """The Jaccard when a term has its float value."""
        return dict(zip(self.terms, map(float, self._jaccards()[1:-1]), strict=True))

    @property
    def float_neuron(self) -> float:
        """The Jaccard when all terms have their float values: 1 but for ties."""
        return float(self._jaccards()[-1])

    def _jaccards(self) -> Array:
        silent = self._most == 0
        return np.where(silent, 1.0, self._least / np.where(silent, 1.0, self._most))


def _terms(program: Program, counterpart: Counterpart) -> list[Term]:
    """Terms that differ from the network's."""
    terms: list[Term] = []
    wirings = counterpart.wirings
    if any(
        wiring.integers is None or wiring.real is None or not np.array_equal(wiring.integers, wiring.real)
        for wiring in wirings
    ):
        terms.append("weights")
    probe = Variants.of(counterpart, program.numerics, (INTEGERS, ALL))
    terms.extend(term for term in CONSTANTS if probe.differ(term))
    graded = [term_of(wiring) for wiring in wirings if wiring.source.output.kind == "graded"]
    terms.extend(term for term in TERMS if term in graded)
    keeps = np.concatenate([np.ravel(keep[0]) for keep in (probe.keep_current, probe.keep_membrane)])
    if counterpart.neuron.terms.state_grid is None and np.any((keeps > 0) & (keeps < 1)):
        terms.append("truncation")
    return [*terms, "saturation"]
