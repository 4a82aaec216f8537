"""Filters equal their definitions, followed event by event."""

from typing import Any

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.events import BackgroundActivity, EventSource, HotPixels, Sensor, Sort, from_array, make_events
from tests.events.support import random_events

SENSOR = Sensor(17, 11)


def in_pieces(events: Any, piece: int) -> EventSource:
    pieces = [events[first : first + piece] for first in range(0, len(events), piece)]
    return EventSource("made", "array", SENSOR, lambda: iter(pieces))


def all_of(source: EventSource) -> Any:
    return np.concatenate(list(source.chunks()))


def supported(events: Any, within: int, radius: int, support: int) -> list[bool]:
    latest: dict[tuple[int, int], int] = {}
    kept: list[bool] = []
    reach = range(-radius, radius + 1)
    for t, x, y, _ in events.tolist():
        around = [(x + column, y + row) for row in reach for column in reach if row or column]
        kept.append(sum(at in latest and t - latest[at] <= within for at in around) >= support)
        latest[(x, y)] = t
    return kept


@pytest.mark.parametrize("piece", [7, 64, 10_000])
@pytest.mark.parametrize(("radius", "support"), [(1, 1), (1, 3), (2, 2), (2, 5)])
def test_background_activity_is_what_no_neighbor_supports(piece: int, radius: int, support: int) -> None:
    for seed in range(4):
        events = random_events(seed, 1500, SENSOR, duration=150_000)
        kept = supported(events, 1500, radius, support)
        assert 0 < sum(kept) < len(kept)
        found = all_of(BackgroundActivity("1.5ms", radius, support)(in_pieces(events, piece)))
        np.testing.assert_array_equal(found, events[kept])


def test_a_pixel_does_not_support_itself_and_rows_do_not_meet_at_the_edge() -> None:
    events = make_events([0, 1, 2, 3, 4], [0, 0, 16, 5, 6], [5, 5, 4, 1, 2], [1] * 5)
    assert all_of(BackgroundActivity()(in_pieces(events, 2)))["t"].tolist() == [4]


def test_hot_pixels_are_those_above_the_rate() -> None:
    events = random_events(0, 2000, SENSOR, duration=1_000_000)
    events["x"][::4], events["y"][::4] = 3, 7
    source = in_pieces(events, 100)
    span = (int(events["t"][-1]) - int(events["t"][0])) / 1e6
    counts = np.zeros((11, 17))
    np.add.at(counts, (events["y"], events["x"]), 1)
    for rate in (5.0, 12.0, 100.0):
        np.testing.assert_array_equal(HotPixels(rate=rate).find(source), counts / span > rate)
    assert np.argwhere(HotPixels().find(source)).tolist() == [[7, 3]]
    kept = all_of(HotPixels()(source))
    np.testing.assert_array_equal(kept, events[(events["x"] != 3) | (events["y"] != 7)])


def test_sorting_puts_late_events_back() -> None:
    events = random_events(0, 2000, SENSOR)
    late = np.random.default_rng(1).integers(0, 400, len(events))
    mixed = events[np.argsort(events["t"] + late, kind="stable")]
    with pytest.raises(InputError, match="time runs backwards"):
        list(in_pieces(mixed, 50).checked())
    for piece in (1, 50, 5000):
        found = all_of(Sort("400us")(in_pieces(mixed, piece)))
        np.testing.assert_array_equal(found["t"], events["t"])
        np.testing.assert_array_equal(
            np.sort(found, order=["t", "x", "y", "p"]), np.sort(events, order=["t", "x", "y", "p"])
        )
    with pytest.raises(InputError, match="comes more than 2us too late"):
        all_of(Sort("2us")(in_pieces(mixed, 1)))


def test_filters_need_to_know_the_sensor() -> None:
    for each in (BackgroundActivity(), HotPixels()):
        with pytest.raises(InputError, match="does not say how large the sensor is"):
            all_of(each(from_array(random_events(0, 9))))
