"""The images: UCI optical recognition of handwritten digits, as scikit-learn ships them, in one fixed split."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

HELD_OUT = 0.25
"""Fraction of the 1,797 images held out of training (450 images), drawn evenly over the classes."""
SPLIT_SEED = 0
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
    raw, classes = load_digits(return_X_y=True)
    pixels = (np.asarray(raw) / LEVELS).astype(np.float32).reshape(-1, 1, 8, 8)
    labels = np.asarray(classes, np.int64)
    chosen = train_test_split(np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=SPLIT_SEED)
    training, held_out = (np.asarray(part, np.int64) for part in chosen)
    return Images(pixels[training], labels[training]), Images(pixels[held_out], labels[held_out])


def present(pixels: Tensor, steps: int) -> Tensor:
    """Show each image (N, 1, 8, 8) unchanged for ``steps`` steps: (N, T, 1, 8, 8)."""
    return pixels.unsqueeze(1).expand(-1, steps, -1, -1, -1)
