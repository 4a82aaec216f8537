"""The star field: the same seed gives the same sky, and its boxes hold the satellites."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.events import BackgroundActivity, Frames, HotPixels, Sensor, StarField, open_events
from tests.events.support import events_of

SKY = StarField(Sensor(64, 64), duration="200ms", stars=12, seed=3)
QUIET = replace(SKY, stars=0, shake=0.0, noise=0.0, hot_pixels=0, satellites=2)


def test_a_seed_gives_the_same_events_and_another_gives_others() -> None:
    events = events_of(SKY.source())
    np.testing.assert_array_equal(events, events_of(SKY.source()))
    assert not np.array_equal(events[:100], events_of(replace(SKY, seed=4).source())[:100])
    assert list(map(len, SKY.source().checked())), "in order, on the sensor"
    assert events["t"][-1] < 200_000


def test_every_event_of_a_lonely_satellite_lies_in_its_box() -> None:
    for seed in range(3):
        sky = replace(QUIET, seed=seed, satellites=1)
        boxes, frames = sky.boxes("20ms"), Frames(window="20ms", polarity="merged").read(sky.source())[:, 0]
        assert boxes.shape == (10, 1, 4)
        inside = total = 0
        for (x0, y0, x1, y1), frame in zip(boxes[:, 0], frames, strict=True):
            inside, total = inside + frame[y0 : y1 + 1, x0 : x1 + 1].sum(), total + frame.sum()
            assert frame[y0 : y1 + 1, x0 : x1 + 1].sum() > 0
        assert inside > 0.9 * total
        assert total > 150


def test_a_satellite_off_the_sensor_has_no_box() -> None:
    boxes = replace(QUIET, speed=2000.0).boxes("10ms")
    gone = np.all(boxes == -1, axis=2)
    assert gone[0].all()
    assert gone[-1].all()
    assert not gone[10].any()
    seen = boxes[~gone]
    assert np.all((seen >= 0) & (seen <= 63) & (seen[:, :2] <= seen[:, 2:]).all(axis=1, keepdims=True))


def test_hot_pixels_noise_and_shaking_do_what_they_say() -> None:
    dark = replace(QUIET, satellites=0)
    assert len(events_of(dark.source())) == 0
    hot = replace(dark, hot_pixels=4, hot_rate=500.0)
    events = events_of(hot.source())
    assert events["p"].all()
    assert len(events) == pytest.approx(4 * 500 * 0.2, rel=0.15)
    assert np.unique(events[["x", "y"]]).size == 4
    noisy = events_of(replace(dark, noise=2.0).source())
    assert len(noisy) == pytest.approx(2.0 * 64 * 64 * 0.2, rel=0.1)
    assert noisy["p"].mean() == pytest.approx(0.5, abs=0.05)
    still, shaken = (len(events_of(replace(dark, stars=30, shake=shake).source())) for shake in (0.0, 0.3))
    assert (still, shaken > 500) == (0, True)


def test_filters_find_the_hot_pixels_and_leave_the_satellite() -> None:
    sky = replace(SKY, hot_pixels=6, hot_rate=1000.0, noise=3.0, shake=0.0)
    alone = replace(sky, hot_pixels=0, noise=0.0)
    assert HotPixels().find(sky.source()).sum() == 6
    frames = Frames(window="200ms", polarity="merged")
    clean = replace(frames, filters=(HotPixels(), BackgroundActivity("2ms"))).read(sky.source()).sum()
    raw, true = frames.read(sky.source()).sum(), frames.read(alone.source()).sum()
    assert raw - true > 3 * true, "noise drowns the satellite"
    assert 0.6 * true < clean < 2 * true


def test_a_saved_sky_is_read_back(tmp_path: Path) -> None:
    SKY.save(tmp_path / "sky.npz", window="20ms")
    source = open_events(tmp_path / "sky.npz")
    assert source.sensor == Sensor(64, 64)
    np.testing.assert_array_equal(events_of(source), events_of(SKY.source()))
    with np.load(tmp_path / "sky.npz") as file:
        assert file["window"] == 20_000
        np.testing.assert_array_equal(file["boxes"], SKY.boxes("20ms"))


@pytest.mark.parametrize(
    "field", [{"contrast": 0.0}, {"noise": -1.0}, {"duration": "long"}, {"hot_pixels": 20_000}, {"spread": 0.0}]
)
def test_skies_that_make_no_sense_are_refused(field: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(field))):
        replace(SKY, **field)
