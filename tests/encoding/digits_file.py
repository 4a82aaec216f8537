"""A small file in the layout of the Spiking Heidelberg Digits."""

from pathlib import Path

import h5py
import numpy as np


def write_digits(path: Path, count: int, seed: int) -> None:
    """Recordings of up to 200 events, the first of them empty, one with events at and beyond the end."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 200, count)
    lengths[0] = 0
    with h5py.File(path, "w") as file:
        spikes = file.create_group("spikes")
        times = spikes.create_dataset("times", (count,), h5py.vlen_dtype(np.float16))
        units = spikes.create_dataset("units", (count,), h5py.vlen_dtype(np.uint16))
        for n, length in enumerate(lengths):
            moments = np.sort(generator.uniform(0, 1.45 if n == 1 else 1.3, length))
            times[n], units[n] = moments.astype(np.float16), generator.integers(0, 700, length).astype(np.uint16)
        file["labels"] = generator.integers(0, 20, count).astype(np.uint16)
