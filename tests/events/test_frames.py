"""Frames equal a count made event by event, however the recording is cut into pieces."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events import BackgroundActivity, EventSource, Frames, HotPixels, Sensor, Sort, from_array, make_events
from neurodeploy.events import frames as module
from tests.events.support import random_events

SENSOR = Sensor(22, 13)


def source(seed: int = 0, count: int = 3000, piece: int = 97) -> EventSource:
    events = random_events(seed, count, SENSOR, duration=60_000, start=12_345)
    pieces = [events[first : first + piece] for first in range(0, count, piece)]
    return EventSource("made", "array", SENSOR, lambda: iter(pieces))


def counted(events: Any, steps: NDArray[Any], shape: tuple[int, ...], channel: Any, scale: int = 1) -> NDArray[Any]:
    """One event after the other."""
    found = np.zeros(shape, np.int64)
    for (_, x, y, p), step in zip(events.tolist(), steps.tolist(), strict=True):
        found[step, channel(p), y // scale, x // scale] += 1
    return found


def all_of(made: EventSource) -> Any:
    return np.concatenate(list(made.chunks()))


@pytest.mark.parametrize("cells", [1, 3000, 1 << 22])
def test_windows_of_time_begin_at_multiples_of_their_length(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELLS", cells)
    events = all_of(source())
    steps = events["t"] // 700 - events["t"][0] // 700
    expected = counted(events, steps, (int(steps[-1]) + 1, 2, 13, 22), lambda p: 1 - p)
    found = Frames(window="700us").read(source())
    np.testing.assert_array_equal(found, expected)
    assert found.sum() == 3000
    shifted = Frames(window="700us", origin=int(events["t"][0])).read(source())
    np.testing.assert_array_equal(shifted[0].sum(), (events["t"] < events["t"][0] + 700).sum())


@pytest.mark.parametrize("cells", [1, 3000, 1 << 22])
def test_windows_by_count_leave_out_a_last_group_of_fewer(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELLS", cells)
    found = Frames(count=140).read(source())
    events = all_of(source())[: 3000 // 140 * 140]
    steps = np.arange(len(events)) // 140
    np.testing.assert_array_equal(found, counted(events, steps, (21, 2, 13, 22), lambda p: 1 - p))
    assert set(found.sum(axis=(1, 2, 3)).tolist()) == {140}


def test_bins_and_size_are_the_voxel_grid_of_spikeseg() -> None:
    events = all_of(source())
    first, last = int(events["t"][0]), int(events["t"][-1])
    expected = np.zeros((10, 2, 8, 30))
    for t, x, y, p in events.tolist():
        step = min(int(np.floor((t - first) / (last - first) * (10 - 1e-6))), 9)
        expected[step, 1 - p, round(y * 7 / 12), round(x * 29 / 21)] += 1
    for step in expected:
        step /= step.max()
    found = Frames(bins=10, size=(8, 30), values="normalized").read(source())
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    on_grid = Frames(bins=10, size=(8, 30), values="normalized", grid=1 / 16).read(source())
    np.testing.assert_array_equal(on_grid * 16, np.rint(expected * 16))


def test_bins_of_a_single_time_fill_the_middle_one() -> None:
    events = make_events([5, 5], [0, 1], [0, 0], [1, 0])
    found = Frames(bins=5).read(from_array(events, Sensor(2, 1)))
    assert found.sum(axis=(1, 2, 3)).tolist() == [0, 0, 2, 0, 0]


def test_empty_windows_stay_in_place() -> None:
    events = make_events([0, 1, 35_000], [0, 1, 0], [0, 0, 0], [1, 0, 1])
    found = Frames(window="10ms", polarity="merged").read(from_array(events, Sensor(2, 1)))
    assert found.tolist() == [[[[1, 1]]], [[[0, 0]]], [[[0, 0]]], [[[1, 0]]]]


@pytest.mark.parametrize(
    ("polarity", "expected"),
    [
        ("both", [[[2, 0]], [[1, 3]]]),
        ("both-off-first", [[[1, 3]], [[2, 0]]]),
        ("on", [[[2, 0]]]),
        ("off", [[[1, 3]]]),
        ("merged", [[[3, 3]]]),
        ("signed", [[[1, -3]]]),
    ],
)
def test_polarities(polarity: Any, expected: list[Any]) -> None:
    events = make_events([0] * 6, [0, 0, 0, 1, 1, 1], [0] * 6, [1, 1, 0, 0, 0, 0])
    made = from_array(events, Sensor(2, 1))
    assert Frames(window="1ms", polarity=polarity).read(made).tolist() == [expected]
    signs = np.sign(np.array(expected)).tolist()
    assert Frames(window="1ms", polarity=polarity, values="binary").read(made).tolist() == [signs]


@pytest.mark.parametrize("scale", [1, 2, 3, 5, 40])
def test_downscaling_sums_blocks_and_keeps_what_is_left_over(scale: int) -> None:
    events = all_of(source())
    height, width = -(-13 // scale), -(-22 // scale)
    steps = events["t"] // 5000 - events["t"][0] // 5000
    expected = counted(events, steps, (int(steps[-1]) + 1, 2, height, width), lambda p: 1 - p, scale)
    np.testing.assert_array_equal(Frames(window="5ms", downscale=scale).read(source()), expected)
    binary = Frames(window="5ms", downscale=scale, values="binary").read(source())
    np.testing.assert_array_equal(binary, expected > 0)


def test_the_first_steps_need_no_more_of_the_recording() -> None:
    read: list[int] = []

    def chunks() -> Any:
        for number in range(1000):
            read.append(number)
            yield make_events([number * 1000], [0], [0], [1])

    frames = Frames(window="1ms")
    endless = EventSource("long", "made", Sensor(1024, 1024), chunks)
    assert frames.read(endless, steps=3).shape == (3, 2, 1024, 1024)
    assert len(read) < 10


def test_filters_come_before_the_frames() -> None:
    rate = HotPixels(rate=200.0)
    hot = rate.find(source())
    assert 0 < hot.sum() < hot.size
    found = Frames(window="5ms", filters=(rate,)).read(source())
    plain = Frames(window="5ms").read(source())
    np.testing.assert_array_equal(found.sum(axis=(0, 1)), np.where(hot, 0, plain.sum(axis=(0, 1))))


def test_json_says_all_of_it() -> None:
    frames = Frames(
        window="10ms",
        polarity="signed",
        size=(64, 32),
        values="normalized",
        grid=0.25,
        filters=(BackgroundActivity("3ms", 2, 2), HotPixels(rate=50.0), Sort("2ms")),
        origin=7,
    )
    assert Frames.from_json(json.loads(json.dumps(frames.to_json()))) == frames
    assert Frames.from_json({"count": 5}) == Frames(count=5)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "none is given"),
        ({"window": "1ms", "count": 3}, "several are given"),
        ({"window": "10"}, "'10' is no length of time"),
        ({"window": "0ms"}, "'0ms' is no length of time"),
        ({"count": 0}, "0 is no number"),
        ({"bins": 1.5}, "1.5 is no number"),
        ({"count": 3, "polarity": "up"}, "'up' is not known"),
        ({"count": 3, "values": "rate"}, "'rate' is not known"),
        ({"count": 3, "downscale": 0}, "a downscale of 0"),
        ({"count": 3, "downscale": 2, "size": [3, 3]}, "a downscale of 2 with a size"),
        ({"count": 3, "grid": 0.5}, "with values 'counts'"),
        ({"count": 3, "speed": 3}, "speed"),
        ({"count": 3, "filters": [{"kind": "blur"}]}, "'blur' is no kind of filter"),
        ({"count": 3, "filters": [{"kind": "sort", "how": 1}]}, "how"),
        ({"count": 3, "filters": [{"kind": "hot-pixels", "factor": 0}]}, "name no hot pixels"),
        ({"count": 3, "filters": [{"kind": "background-activity", "support": 9}]}, "there are 8 neighbors"),
    ],
)
def test_fields_that_make_no_sense_are_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        Frames.from_json(fields)
    assert told in str(caught.value)
    assert caught.value.remedy


def test_what_cannot_be_framed_is_refused() -> None:
    with pytest.raises(InputError, match="too few events for a frame"):
        Frames(count=4000).read(source())
    with pytest.raises(InputError, match="does not say how large the sensor is"):
        Frames(count=4).read(from_array(random_events(0, 9)))
    damaged = make_events([0, 1 << 50], [0, 0], [0, 0], [1, 1])
    with pytest.raises(InputError, match="nothing happens for 1,125,899,906,842 windows"):
        Frames(window="1ms").read(from_array(damaged, SENSOR))
