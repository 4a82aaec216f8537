"""Spiking digits from a local file."""

import h5py
import numpy as np
import pytest

from neurodeploy.encoding import load_shd
from neurodeploy.errors import InputError
from tests.encoding.digits_file import write_digits


def test_events_fall_into_their_steps(tmp_path):
    write_digits(tmp_path / "d.h5", 6, 0)
    digits = load_shd(tmp_path / "d.h5", 50)
    with h5py.File(tmp_path / "d.h5") as file:
        for n, sample in enumerate(digits.samples):
            counts = np.zeros((50, 700), np.float32)
            for moment, unit in zip(file["spikes/times"][n], file["spikes/units"][n], strict=True):
                counts[min(int(moment / (1.36914 / 50)), 49), unit] += 1
            np.testing.assert_array_equal(sample.dense(), counts)
        np.testing.assert_array_equal(digits.labels, file["labels"])


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_shd(tmp_path / "missing.h5")
    (tmp_path / "text.h5").write_text("no")
    with pytest.raises(InputError, match="no file of spiking digits"):
        load_shd(tmp_path / "text.h5")
    write_digits(tmp_path / "cut.h5", 4, 0)
    with h5py.File(tmp_path / "cut.h5", "a") as file:
        del file["labels"]
        file["labels"] = np.zeros(3)
    with pytest.raises(InputError, match="4 times, 4 units, 3 labels"):
        load_shd(tmp_path / "cut.h5")
    whole = (tmp_path / "cut.h5").read_bytes()
    (tmp_path / "half.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="no file of spiking digits"):
        load_shd(tmp_path / "half.h5")
