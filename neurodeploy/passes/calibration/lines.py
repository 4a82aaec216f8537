"""Lines of a row: what its membrane is made of, step by step, beside what the float network's membrane was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.calibration.features import Features

Array = NDArray[np.float64]
LOOSE = 1e-3
"""Ridge of bias and threshold, as a share of their own moments."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Features of a row, one line per trajectory and step.

    - ``inputs`` ``(N, n)``, ``constants`` ``(N, m)``: bias, and the threshold if it is free.
    - ``missing`` ``(N,)``: what the membrane of the row lacks to that of the float network.
    - ``distance`` ``(N,)``: of the float network's membrane from the nearest decision, in thresholds.
    """

    inputs: Features
    constants: Array
    missing: Array
    distance: Array

    def moments(self, width: float | None = None, usual: float | None = None) -> Moments:
        """Second moments, in which some lines count for less.

        Args:
            width: an error decides over a spike where the membrane is near its threshold: a line at distance d counts
                ``1 / (1 + (d / width)**2)``. Without it, lines at any distance count alike.
            usual: what is missing where a neuron before this one fired wrongly is no fault of the weights: a line that
                misses m counts ``1 / (1 + (m / usual)**2)``. Without it, all of that is fitted.
        """
        inputs, constants, missing = self.inputs, self.constants, self.missing
        weight = np.ones(len(missing))
        if width is not None:
            weight = weight / (1 + (self.distance / width) ** 2)
        if usual is not None:
            weight = weight / (1 + (missing / usual) ** 2)
        if width is not None or usual is not None:
            root = np.sqrt(weight / max(float(weight.sum()) / max(len(weight), 1), 1e-12))
            inputs = inputs * root.astype(np.float32)[:, None]
            constants, missing = constants * root[:, None], missing * root
        return Moments.of(inputs, constants, missing)


@dataclass(frozen=True, eq=False)
class Moments:
    """Second moments of the features of a row: of ``n`` inputs, and of ``m`` constants (bias, and threshold if free).

    - ``inputs`` ``(n, n)``, ``mixed`` ``(n, m)``, ``constants`` ``(m, m)``.
    - ``missed`` ``(n + m,)``: the features times what the membrane of the row lacks to that of the float network.
    """

    inputs: Array
    mixed: Array
    constants: Array
    missed: Array

    @staticmethod
    def of(inputs: Features, constants: Array, missing: Array) -> Moments:
        """Of features ``(N, n)`` and ``(N, m)``, and of what the membrane lacks in each line ``(N,)``."""
        lines = max(len(inputs), 1)
        both = constants.T @ constants / lines
        both[np.diag_indices(len(both))] *= 1 + LOOSE
        both[np.diag_indices(len(both))] += 1e-9
        beside = np.column_stack([constants, missing]).astype(np.float32)
        mixed = (inputs.T @ beside).astype(np.float64) / lines
        missed = np.concatenate([mixed[:, -1], constants.T @ missing / lines])
        return Moments((inputs.T @ inputs).astype(np.float64) / lines, mixed[:, :-1], both, missed)

    @property
    def reduced(self) -> Array:
        """Moments of the inputs when bias and threshold take what they can."""
        return self.inputs - self.mixed @ np.linalg.solve(self.constants, self.mixed.T)

    def fitted(self, weights: Array, damping: float) -> tuple[Array, Array]:
        """The weights, and changes of the constants, that lessen what is missing (ridge regression)."""
        n = len(weights)
        whole = np.block([[self.inputs, self.mixed], [self.mixed.T, self.constants]])
        ridge = np.full(n, damping * max(float(np.diag(self.inputs).mean()), 1e-12))
        damped = whole + np.diag([*ridge, *np.zeros(len(self.constants))])
        change = np.asarray(np.linalg.solve(damped, self.missed), np.float64)
        return weights + change[:n], change[n:]

    def absorbed(self, errors: Array) -> Array:
        """The changes ``(K, m)`` of bias and threshold that best make up for ``errors`` ``(K, n)`` of the weights."""
        return -np.asarray(np.linalg.solve(self.constants, self.mixed.T @ errors.T).T, np.float64)
