"""``load_processed_shd`` of spike-encoding 1.8.2, from files that are there; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurodeploy.encoding.datasets import load_shd


def load_processed_shd(n_timesteps: int = 100, folder: str | Path = "data") -> tuple[list[Any], Any, list[Any], Any]:
    """``(X_train, y_train, X_test, y_test)`` of ``folder/shd_train.h5`` and ``shd_test.h5``.

    X are lists of scipy COO matrices ``(n_timesteps, 700)`` of float32. Raises InputError for a file that is missing.
    """
    parts = [load_shd(Path(folder) / f"shd_{part}.h5", n_timesteps) for part in ("train", "test")]
    (train, test) = ([sample.coo() for sample in part.samples] for part in parts)
    return train, parts[0].labels, test, parts[1].labels
