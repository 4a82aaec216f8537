"""Tables of events as people have them: columns in any order, with and without names, and times in any unit."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.events import Frames, Sensor, is_recording, open_events, save_events
from neurodeploy.events.source import EventSource, from_array
from tests.events.support import SENSOR, events_of, random_events

EVENTS = random_events(5, 300)


def lines(order: str, separator: str = ",") -> str:
    """``EVENTS`` as text with columns in an order."""
    rows = zip(*(EVENTS[name].astype(int).tolist() for name in order), strict=True)
    return "\n".join(separator.join(map(str, row)) for row in rows) + "\n"


def opened(folder: Path, text: str, name: str = "recording.csv", **hints: str) -> EventSource:
    path = folder / name
    path.write_text(text)
    return open_events(path, **hints)


IN_MICROSECONDS = "info: nothing says the unit of its times; they are read as microseconds"


def told(source: EventSource) -> list[str]:
    """What was guessed, with its severity."""
    return [f"{finding.severity}: {finding.message}" for finding in source.findings]


@pytest.mark.parametrize("order", ["txyp", "xytp", "xypt", "tpxy", "pxyt"])
def test_the_order_of_columns_without_names_is_guessed_and_said(order: str, tmp_path: Path) -> None:
    source = opened(tmp_path, lines(order))
    np.testing.assert_array_equal(events_of(source), EVENTS)
    severity = "info" if order == "txyp" else "warning"
    assert told(source) == [
        f"{severity}: has no names of columns; they are read as {', '.join(order)}",
        IN_MICROSECONDS,
    ]


@pytest.mark.parametrize("order", ["yxtp", "ptyx"])
def test_an_order_that_cannot_be_guessed_is_named(order: str, tmp_path: Path) -> None:
    source = opened(tmp_path, lines(order), columns=",".join(order))
    np.testing.assert_array_equal(events_of(source), EVENTS)
    assert told(source) == [IN_MICROSECONDS]


def test_names_in_the_file_and_columns_that_are_not_needed(tmp_path: Path) -> None:
    named = opened(tmp_path, "polarity;Y;x;time_us\n" + lines("pyxt", ";"))
    np.testing.assert_array_equal(events_of(named), EVENTS)
    assert told(named) == []
    further = lines("xypt").replace("\n", ",7\n")
    np.testing.assert_array_equal(events_of(opened(tmp_path, further, columns="x,y,p,t,-")), EVENTS)


def test_what_prophesee_writes_as_text_is_read_with_its_sensor(tmp_path: Path) -> None:
    source = opened(tmp_path, "%geometry:120,90\n" + lines("xypt"))
    assert (source.format, source.sensor) == ("text", Sensor(120, 90))
    np.testing.assert_array_equal(events_of(source), EVENTS)


def test_two_lines_are_enough_to_tell_columns_apart(tmp_path: Path) -> None:
    vendor = opened(tmp_path, "%geometry:34,34\n6,4,0,100\n7,9,1,200\n")
    assert events_of(vendor).tolist() == [(100, 6, 4, False), (200, 7, 9, True)]
    late = opened(tmp_path, "6,4,100,0\n7,9,200,1\n7,4,1300,1\n")
    assert events_of(late)["t"].tolist() == [100, 200, 1300]


@pytest.mark.parametrize(
    ("unit", "factor"), [("ns", 1000), ("us", 1), ("ms", 1 / 1000), ("s", 1 / 1_000_000)], ids=["ns", "us", "ms", "s"]
)
@pytest.mark.parametrize("way", ["option", "name"])
def test_times_in_any_unit(unit: str, factor: float, way: str, tmp_path: Path) -> None:
    rows = "".join(f"{t * factor!r},{x},{y},{int(p)}\n" for t, x, y, p in EVENTS.tolist())
    head = f"t [{unit}],x,y,p\n" if way == "name" else "t,x,y,p\n"
    source = opened(tmp_path, head + rows, **({} if way == "name" else {"time_unit": unit}))
    np.testing.assert_array_equal(events_of(source), EVENTS)


def test_a_unit_that_the_times_make_plain_is_taken_and_said(tmp_path: Path) -> None:
    seconds = "t,x,y,p\n" + "".join(f"{t / 1e6:.6f},{x},{y},{int(p)}\n" for t, x, y, p in EVENTS.tolist())
    assert told(opened(tmp_path, seconds)) == ["info: nothing says the unit of its times; they are read as seconds"]
    np.savez(
        tmp_path / "epoch.npz",
        **{n: EVENTS[n] * 1000 + 1_700_000_000 * 10**9 if n == "t" else EVENTS[n] for n in "txyp"},
    )
    found = events_of(open_events(tmp_path / "epoch.npz"))
    np.testing.assert_array_equal(found["t"] - 1_700_000_000_000_000, EVENTS["t"])


@pytest.mark.parametrize("form", ["csv", "npy", "npz"])
def test_times_that_make_many_hours_in_microseconds_are_a_warning(form: str, tmp_path: Path) -> None:
    """49 s in nanoseconds would be 13.6 hours."""
    times = np.linspace(0, 49 * 10**9, 2000).astype(np.int64)
    columns = {"t": times, **{name: np.zeros(2000, np.int64) for name in "xyp"}}
    path, table = tmp_path / f"long.{form}", np.stack(list(columns.values()), axis=1)
    if form == "npz":
        np.savez(path, **columns)
    elif form == "npy":
        np.save(path, table)
    else:
        np.savetxt(path, table, fmt="%d", delimiter=",", header="t,x,y,p", comments="")
    (warning,) = [finding for finding in open_events(path).findings if finding.slug == "time-unit"]
    assert warning.severity == "warning"
    assert "makes 13.6 hours; as nanoseconds they are 49.0 seconds" in warning.message
    (stated,) = events_of(open_events(path, time_unit="ns"))["t"][-1:]
    assert stated == 49_000_000


@pytest.mark.parametrize("order", ["txyp", "xytp", "xypt"])
def test_arrays_of_four_columns(order: str, tmp_path: Path) -> None:
    table = np.stack([EVENTS[name].astype(np.int64) for name in order], axis=1)
    np.save(tmp_path / "table.npy", table)
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "table.npy")), EVENTS)
    np.save(tmp_path / "table.npy", table.astype(np.float64))
    source = open_events(tmp_path / "table.npy", columns=",".join(order))
    np.testing.assert_array_equal(events_of(source), EVENTS)
    assert told(source) == [IN_MICROSECONDS]


def test_a_table_in_an_npz(tmp_path: Path) -> None:
    side_by_side = np.stack([EVENTS[name].astype(np.int64) for name in "xytp"], axis=1)
    for table in (EVENTS, side_by_side):
        np.savez_compressed(tmp_path / "a.npz", events=table, width=120, height=90)
        assert is_recording(tmp_path / "a.npz")
        source = open_events(tmp_path / "a.npz")
        assert source.sensor == SENSOR
        np.testing.assert_array_equal(events_of(source), EVENTS)
    np.savez(tmp_path / "a.npz", events=np.zeros((9, 2, 3, 4)))
    assert not is_recording(tmp_path / "a.npz")


def test_arrays_under_the_usual_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", timestamps=EVENTS["t"], xs=EVENTS["x"], ys=EVENTS["y"], pol=EVENTS["p"])
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "a.npz")), EVENTS)


def test_events_out_of_order_are_sorted_on_request(tmp_path: Path) -> None:
    shuffled = EVENTS.copy()
    shuffled[10:20] = shuffled[10:20][::-1]
    save_events(from_array(shuffled, SENSOR), tmp_path / "a.npz")
    with pytest.raises(InputError, match="--sort 1ms"):
        list(open_events(tmp_path / "a.npz").checked())
    found = events_of(open_events(tmp_path / "a.npz", sort="50ms"))
    np.testing.assert_array_equal(found["t"], EVENTS["t"])


def test_a_recording_without_events_is_called_that(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no events"):
        Frames(window="1ms").read(opened(tmp_path, "t,x,y,p\n").with_sensor(SENSOR))


@pytest.mark.parametrize(
    ("hints", "reason"),
    [
        ({"columns": "x,y,t"}, "has no column 'p'"),
        ({"columns": "x,y,t,p,a,b"}, "has 4 columns, --columns names 6"),
        ({"time_unit": "hours"}, "'hours' is no unit of time"),
    ],
)
def test_hints_that_do_not_fit_are_refused(hints: dict[str, str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=reason):
        opened(tmp_path, lines("xytp"), **hints)


def test_hints_are_refused_where_the_format_says_it_all(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(10))
    with pytest.raises(InputError, match="says that itself"):
        open_events(tmp_path / "a.bin", time_unit="ms")
