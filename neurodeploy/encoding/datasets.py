"""The Spiking Heidelberg Digits, from a file in the layout they are published in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.extras import need

UNITS = 700
DURATION = 1.36914
"""Seconds from the first to the last spike of the whole set."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Events of one recording in order of the file: their step, their unit, and how many steps and units there are."""

    steps: NDArray[np.int64]
    units: NDArray[np.int64]
    shape: tuple[int, int]

    def __repr__(self) -> str:
        return f"Sample({len(self.steps)} events, {self.shape[0]} steps, {self.shape[1]} units)"

    def dense(self) -> NDArray[np.float32]:
        """Counts ``(steps, units)``."""
        counts = np.zeros(self.shape, np.float32)
        np.add.at(counts, (self.steps, self.units), 1)
        return counts

    def coo(self) -> Any:
        """A scipy COO matrix ``(steps, units)`` of float32, one entry per event. Raises UnavailableError."""
        ones = np.ones(len(self.steps), np.float32)
        return need("scipy.sparse", "torch", "encoding").coo_matrix(
            (ones, (self.steps, self.units)), self.shape, np.float32
        )


@dataclass(frozen=True, eq=False)
class Digits:
    """Recordings and their labels (0..19: the digits in German and in English)."""

    samples: tuple[Sample, ...]
    labels: NDArray[Any]

    def __repr__(self) -> str:
        return f"Digits({len(self.samples)} recordings of {len(np.unique(self.labels))} digits)"


def load_shd(path: Path | str, steps: int = 100) -> Digits:
    """Read ``shd_train.h5`` or ``shd_test.h5``: ``spikes/times`` in seconds, ``spikes/units``, ``labels``.

    An event falls into step ``floor(time / (1.36914 / steps))``; later ones into the last step, units above 699 into
    unit 699. Raises InputError for a file that cannot be read, lacks one of these, or disagrees with itself.
    """
    import h5py

    where = str(path)
    if steps < 1:
        raise InputError(f"{steps} is no number of steps", "steps", "give at least 1")
    try:
        with h5py.File(path, "r") as file:
            times, units, labels = (np.asarray(file[name]) for name in ("spikes/times", "spikes/units", "labels"))
    except FileNotFoundError:
        remedy = "fetch it from the data set's own site, and unpack it there"
        raise InputError("there is no such file", where, remedy) from None
    except (OSError, KeyError) as error:
        raise InputError(f"is no file of spiking digits: {error}", where, "give shd_train.h5 or shd_test.h5") from error
    if not len(times) == len(units) == len(labels):
        raise InputError(f"has {len(times)} times, {len(units)} units, {len(labels)} labels", where, "fetch it again")
    return Digits(tuple(_sample(*recording, steps, where) for recording in zip(times, units, strict=True)), labels)


def _sample(times: NDArray[Any], units: NDArray[Any], steps: int, where: str) -> Sample:
    if len(times) != len(units):
        raise InputError(f"a recording has {len(times)} times and {len(units)} units", where, "fetch it again")
    if not np.isfinite(times).all():
        raise InputError("a recording has times that are not finite", where, "fetch it again")
    at = np.clip(np.floor(times / (DURATION / steps)).astype(np.int64), 0, steps - 1)
    return Sample(at, np.clip(units, 0, UNITS - 1).astype(np.int64), (steps, UNITS))
