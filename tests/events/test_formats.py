"""Every format gives back the events that were written, whole and in order, from files written independently."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.events import EVENT, Sensor, make_events, open_events
from neurodeploy.events.event import CHUNK
from tests.events import encoders
from tests.events.support import FORMATS, SENSOR, WRITERS, events_of, random_events, write


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("seed", range(2))
def test_gives_back_what_was_written(name: str, seed: int, tmp_path: Path) -> None:
    events = random_events(seed, 4000, start=1_000_000)
    source = open_events(write(name, tmp_path, events))
    found = events_of(source)
    assert found.dtype == EVENT
    np.testing.assert_array_equal(found, events)
    np.testing.assert_array_equal(events_of(source), events, "a source is read from its beginning each time")


@pytest.mark.parametrize("name", FORMATS)
def test_knows_the_sensor_where_the_file_says_it(name: str, tmp_path: Path) -> None:
    source = open_events(write(name, tmp_path, random_events(0, 20)))
    cameras = {"nmnist": Sensor(34, 34), "aedat2": Sensor(128, 128), "aedat3": Sensor(128, 128)}
    expected = SENSOR if WRITERS[name][2] else cameras.get(name)
    assert source.sensor == expected
    assert open_events(source.name, Sensor(7, 5)).sensor == Sensor(7, 5)


@pytest.mark.parametrize("name", ["dat", "nmnist", "hdf5-columns", "npz", "npy", "csv"])
def test_hands_over_pieces(name: str, tmp_path: Path) -> None:
    count = CHUNK + 1000
    events = random_events(1, 1000, duration=20_000)
    events = np.tile(events, -(-count // 1000))[:count]
    if name in ("dat", "nmnist"):  # their encoders are written to be read, not to be fast
        header = encoders.dat(events[:0], SENSOR.width, SENSOR.height) if name == "dat" else b""
        once = WRITERS[name][1]
        path = tmp_path / f"recording{WRITERS[name][0]}"
        once(path, events[:1000])
        body = path.read_bytes()[len(header) :]
        path.write_bytes(header + (body * -(-count // 1000))[: len(body) // 1000 * count])
    else:
        path = write(name, tmp_path, events)
    chunks = list(open_events(path).chunks())
    assert max(map(len, chunks)) <= CHUNK
    assert len(chunks) > 1
    np.testing.assert_array_equal(np.concatenate(chunks), events)


@pytest.mark.parametrize("encode", [encoders.evt2, encoders.evt3])
def test_the_clock_of_evt_goes_on_where_its_bits_begin_anew(encode: object, tmp_path: Path) -> None:
    assert callable(encode)
    t = np.arange(0, 60_000_000, 1500)  # EVT3 counts to 2^24 us
    events = make_events(t, t % SENSOR.width, t % SENSOR.height, t % 3 == 0)
    (tmp_path / "long.raw").write_bytes(encode(events, SENSOR.width, SENSOR.height))
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "long.raw")), events)


def test_marks_in_nmnist_move_the_clock(tmp_path: Path) -> None:
    written = make_events([10, 20, 30, 5, 6], [1, 0, 2, 0, 3], [1, 240, 2, 240, 3], [1, 0, 0, 0, 1])
    path = tmp_path / "marked.bin"
    path.write_bytes(encoders.nmnist(written))
    expected = make_events([10, 30 + 8192, 6 + 2 * 8192], [1, 2, 3], [1, 2, 3], [1, 0, 1])
    np.testing.assert_array_equal(events_of(open_events(path)), expected)


def test_the_content_counts_more_than_the_suffix(tmp_path: Path) -> None:
    events = random_events(2, 50)
    for name in ("dat", "hdf5-columns", "npz"):
        path = write(name, tmp_path, events).rename(tmp_path / f"{name}.bin")
        np.testing.assert_array_equal(events_of(open_events(path)), events)


def test_a_recording_without_events_is_read_as_none(tmp_path: Path) -> None:
    for name in ("dat", "hdf5-columns", "npz", "npy", "csv"):
        assert len(events_of(open_events(write(name, tmp_path, random_events(0, 0))))) == 0


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("t,x,y,p\n1,2,3,1\n2,5,oops,0\n", "line 3 is no event: '2,5,oops,0'"),
        ("t,x,y,p\n1,2,3,1\n2,5\n", "line 3 is no event: '2,5'"),
        ("t,x,y,p\n1,2,3,1\n2,5,70000,0\n", "event 1: 70000.0 is no row"),
        ("1,2,3,1\n2,5,-1,0\n", "event 1: -1.0 is no row"),
        ("1,2,3,1\n2,1.5,1,0\n", "event 1: 1.5 is no column"),
        ("1,2,3,1\n2,1,1,7\n", "event 1: 7.0 is no polarity"),
        ("1,2,3,1\nnan,1,1,0\n", "event 1: nan is no time"),
        ("a,b,c,d\n1,2,3,1\n", "has no column 't'; it has a, b, c, d"),
        ("1,2,3\n", "its first line has 3 columns"),
        ("# nothing\n", "holds no events"),
    ],
)
def test_text_is_refused_with_the_line_or_event(lines: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(lines)
    with pytest.raises(InputError, match="remedy") as caught:
        events_of(open_events(path))
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.raw", encoders.evt_header("2.1", "EVT21", 9, 9) + bytes(8), "of format EVT21, which is not read"),
        ("a.dat", b"% Version 1\n\x0c\x08", "version 1"),
        ("a.dat", b"% Version 2\n\x0e\x08", "events of type 0x0e"),
        ("a.aedat", b"#!AER-DAT1.0\r\n" + bytes(40), "of format AER-DAT1.0, of which only AER-DAT 2.0, 3.1 and 4.0"),
        ("a.xyz", b"something", "nor is its suffix '.xyz'"),
        ("a.aedat4", b"something else", "does not begin like a .aedat4 file"),
        ("a.h5", b"something else", "does not begin like a .h5 file"),
        ("a.bin", b"", "is empty"),
    ],
)
def test_other_formats_are_refused_by_name(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_events(tmp_path / name)
    assert told in str(caught.value)
    assert caught.value.remedy


def test_missing_files_and_folders_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_events(tmp_path / "none.bin")
    with pytest.raises(InputError, match="is a folder"):
        open_events(tmp_path)


def test_hdf5_without_a_known_layout_lists_what_it_holds(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["voltage"] = np.zeros(3)
    with pytest.raises(InputError, match="it holds voltage"):
        open_events(tmp_path / "a.h5")


def test_columns_of_different_length_are_refused(tmp_path: Path) -> None:
    columns = {"t": np.arange(3), "x": np.arange(3), "y": np.arange(2), "p": np.arange(3)}
    np.savez(tmp_path / "a.npz", **columns)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, column in columns.items():
            file[f"events/{name}"] = column
    for name in ("a.npz", "a.h5"):
        with pytest.raises(InputError, match="differ in length"):
            open_events(tmp_path / name)


@pytest.mark.parametrize(("name", "package"), [("aedat4", "faery"), ("mat-5", "scipy.io")])
def test_a_missing_package_is_named_with_the_extra(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(name, tmp_path, random_events(0, 20))
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UnavailableError, match=r'pip install "neurodeploy\[events\]"') as caught:
        open_events(path)
    assert package.partition(".")[0] in caught.value.what


@pytest.mark.parametrize("compressed", [False, True])
def test_a_struct_of_matlab_is_read_as_ebssa_stores_it(compressed: bool, tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io", reason="scipy is not installed (extra: events)")
    events = random_events(3, 500)
    struct = {"x": events["x"], "y": events["y"], "p": events["p"] * 2.0 - 1.0, "ts": events["t"].astype(float)}
    held = {"TD": struct, "note": "made by a test", "more": np.array([1, "a"], object)}
    scipy_io.savemat(tmp_path / "sky.mat", held, do_compression=compressed)
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "sky.mat")), events)
