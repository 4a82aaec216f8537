"""Real recordings are read to their documented counts."""

import numpy as np
import pytest

from neurodeploy.events import Frames, Sensor, open_events
from tests.events.support import SAMPLES, events_of, needs_faery, needs_samples


@needs_samples
@pytest.mark.parametrize(
    ("name", "sensor", "events", "on", "first", "last"),
    [
        ("sample_nmnist.bin", Sensor(34, 34), 4_325, 2_145, 654, 311_175),
        pytest.param(
            *("sample.aedat4", Sensor(320, 240), 111_954, 55_023, 1_605_537_493_718_345, 1_605_537_494_308_262),
            marks=needs_faery,
        ),
    ],
)
def test_documented_counts(name: str, sensor: Sensor, events: int, on: int, first: int, last: int) -> None:
    source = open_events(SAMPLES / name)
    found = events_of(source)
    assert source.sensor == sensor
    assert (len(found), int(found["p"].sum())) == (events, on)
    assert (int(found["t"][0]), int(found["t"][-1])) == (first, last)
    assert np.all(np.diff(found["t"]) >= 0)
    assert (set(found["x"].tolist()), set(found["y"].tolist())) == (set(range(sensor.width)), set(range(sensor.height)))


@needs_samples
def test_documented_frames() -> None:
    frames = Frames(window="1ms").read(open_events(SAMPLES / "sample_nmnist.bin"))
    assert frames.shape == (312, 2, 34, 34)
    assert frames.sum(axis=(0, 2, 3)).tolist() == [2_145, 2_180]
