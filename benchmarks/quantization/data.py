"""Small labelled data sets that scikit-learn ships or draws, split by a seed, with every feature in 0..1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.model_selection import train_test_split

Array = NDArray[np.float64]
HELD_OUT = 0.25
"""Of a data set that is shipped; those that are drawn hold out ``DRAWN`` samples and train with ``TRAINED``."""
DRAWN = 20_000
TRAINED = 600
POPULATION = 6
"""Input neurons that share one feature of a table, each with a preferred value."""
LEVELS = 16
"""Pixels are multiples of a sixteenth."""


@dataclass(frozen=True, eq=False)
class Data:
    """Samples ``(N, *shape)`` with their classes, to train and calibrate with, and held out."""

    train: Array
    train_labels: NDArray[np.int64]
    held_out: Array
    held_out_labels: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""
        return self.train.shape[1:]

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.train_labels.max()) + 1


def load(name: str) -> Data:
    """The data set of that name; always the same split."""
    return DATA[name]()


def _split(samples: Array, labels: Any, held_out: float = HELD_OUT) -> Data:
    """``held_out``: a share of the samples, or how many."""
    parts = train_test_split(samples, labels.astype(np.int64), test_size=held_out, random_state=0, stratify=labels)
    return Data(parts[0], parts[2], parts[1], parts[3])


def _digits(shape: tuple[int, ...]) -> Data:
    loaded: Any = datasets.load_digits(return_X_y=True)
    pixels, labels = loaded
    return _split(pixels.reshape(-1, *shape) / LEVELS, labels)


def _table(samples: Any, labels: Any, held_out: float = HELD_OUT) -> Data:
    """A table whose features, ranked into 0..1, are each seen by some neurons with preferred values."""
    ranks = samples.argsort(0).argsort(0) / (len(samples) - 1)
    centers = np.linspace(0, 1, POPULATION)
    near = np.exp(-0.5 * ((ranks[:, :, None] - centers) * POPULATION / 1.5) ** 2)
    return _split(np.rint(near.reshape(len(samples), -1) * LEVELS) / LEVELS, labels, held_out)


def _shipped(load: Any) -> Data:
    """A table that scikit-learn ships."""
    return _table(*load(return_X_y=True))


def _generated(seed: int, features: int = 12, classes: int = 4) -> Data:
    """Clusters in which another number of samples would lie elsewhere: all are drawn at once."""
    drawn: Any = datasets.make_classification(
        TRAINED + DRAWN,
        features,
        n_informative=8,
        n_redundant=2,
        n_classes=classes,
        class_sep=1.5,
        flip_y=0.0,
        random_state=seed,
    )
    return _table(*drawn, held_out=DRAWN)


def _bars(seed: int, size: int = 8) -> Data:
    """Noisy images of a bar in one of four directions, somewhere in the field."""
    rng, count = np.random.default_rng(seed), TRAINED + DRAWN
    rows, columns = np.mgrid[:size, :size]
    labels = rng.integers(0, 4, count)
    away = [rows, columns, rows + columns, rows - columns]
    places = [rng.integers(1, size - 1, count), rng.integers(1, size - 1, count)]
    places += [rng.integers(size // 2, size + size // 2, count), rng.integers(-size // 2, size // 2, count)]
    bars = np.stack([np.abs(away[k] - places[k][i]) < 1 for i, k in enumerate(labels)])
    noisy = np.clip(bars * rng.uniform(0.6, 1.0, (count, 1, 1)) + rng.normal(0, 0.15, bars.shape), 0, 1)
    return _split(np.rint(noisy * LEVELS)[:, None] / LEVELS, labels, DRAWN)


DATA: dict[str, Callable[[], Data]] = {
    "digits": lambda: _digits((64,)),
    "digits image": lambda: _digits((1, 8, 8)),
    "wine": lambda: _shipped(datasets.load_wine),
    "breast cancer": lambda: _shipped(datasets.load_breast_cancer),
    "iris": lambda: _shipped(datasets.load_iris),
    "generated": lambda: _generated(3),
    "bars": lambda: _bars(5),
}
