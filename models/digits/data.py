"""The images: UCI optical recognition of handwritten digits, as scikit-learn ships them, in one fixed split."""

import gzip
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

SPLIT = Path(__file__).parent / "split.csv"
"""Numbers of the 1,347 images for training, and in its second line of the 450 that are held out, drawn evenly over the
classes: ``train_test_split(range(1797), test_size=0.25, stratify=labels, random_state=0)``."""
SKLEARN = find_spec("sklearn")
"""Where scikit-learn is. Its images are read from its files: importing it takes longer than all the rest."""
if SKLEARN is None:
    raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
LEVELS = 16
"""Pixels are integers from 0 to this value; the network sees them divided by it."""


@dataclass(frozen=True)
class Images:
    """Images and their classes.

    Attributes:
        pixels: float32, shape (N, 1, 8, 8), multiples of 1/16 in 0..1.
        labels: int64, shape (N,), 0..9.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.int64]


def split() -> tuple[Images, Images]:
    """The training images (1,347) and the held-out images (450), always the same."""
    table = _table()
    pixels = (table[:, :-1] / LEVELS).astype(np.float32).reshape(-1, 1, 8, 8)
    labels = table[:, -1].astype(np.int64)
    training, held_out = (np.array(line.split(","), np.int64) for line in SPLIT.read_text("ascii").splitlines())
    return Images(pixels[training], labels[training]), Images(pixels[held_out], labels[held_out])


def _table() -> NDArray[Any]:
    """A row per image: its 64 pixels and its class."""
    for place in SKLEARN.submodule_search_locations or () if SKLEARN is not None else ():
        path = Path(place) / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            with gzip.open(path) as file:
                return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits

    raw, classes = load_digits(return_X_y=True)
    return np.column_stack([np.asarray(raw), np.asarray(classes)])


def present(pixels: Tensor, steps: int) -> Tensor:
    """Show each image (N, 1, 8, 8) unchanged for ``steps`` steps: (N, T, 1, 8, 8)."""
    return pixels.unsqueeze(1).expand(-1, steps, -1, -1, -1)
