"""Cut and corrupted files give a message with the place and the remedy; nothing else ever comes out of a reader."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.events import Sensor, from_array, make_events, open_events
from tests.events.support import (
    FORMATS,
    SAMPLES,
    needs_faery,
    needs_samples,
    random_events,
    write,
)
from tests.reading_support import sparse

SECONDS = 20


UNBOUNDED = ("csv", "text-seconds", "csv-named", "mat-5", "mat-5-one-two", "event-stream")
"""Formats in which a cut file may be a shorter one, wherever it is cut, or has a test of its own."""


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """A reader that hangs fails the test."""

    def ring(*_: object) -> None:
        raise TimeoutError(f"no answer within {SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def refusal(path: Path) -> str | None:
    """The message that reading a file gives, or None where it can be read."""
    try:
        list(open_events(path).checked())
    except InputError as error:
        assert error.remedy
        assert str(path) in str(error)
        return str(error)
    return None


@pytest.mark.parametrize(
    "name",
    [name for name in FORMATS if name.values[0] not in UNBOUNDED],
)
def test_a_cut_file_is_refused(name: str, tmp_path: Path) -> None:
    path = write(name, tmp_path, random_events(0, 2000))
    data = path.read_bytes()
    rng = np.random.default_rng(1)
    silent: list[int] = []
    for cut in [1, 3, 40, len(data) // 2 + 1, len(data) - 3, len(data) - 1, *rng.integers(1, len(data), 15).tolist()]:
        path.write_bytes(data[:cut])
        if refusal(path) is None:
            silent.append(cut)
    if name in ("nmnist", "dat", "evt2", "evt3", "aedat2"):  # a file cut between two events is a shorter file
        word = {"nmnist": 5, "dat": 8, "evt2": 4, "evt3": 2, "aedat2": 8}[name]
        assert all((len(data) - cut) % word == 0 for cut in silent)
    else:
        assert silent == []


@pytest.mark.parametrize("name", ["mat-5", "mat-5-one-two"])
def test_a_cut_mat_file_is_refused(name: str, tmp_path: Path) -> None:
    pytest.importorskip("scipy.io", reason="scipy is not installed (extra: events)")
    path = write(name, tmp_path, random_events(0, 2000))
    data = path.read_bytes()
    for cut in [20, 127, 140, len(data) // 2, len(data) - 9, len(data) - 1]:
        path.write_bytes(data[:cut])
        assert refusal(path) is not None, cut


@pytest.mark.parametrize("name", FORMATS)
def test_flipped_bytes_give_events_or_a_message(name: str, tmp_path: Path) -> None:
    path = write(name, tmp_path, random_events(0, 600))
    data = path.read_bytes()
    rng = np.random.default_rng(2)
    refused = 0
    for trial in range(40):
        broken = bytearray(data)
        for at in rng.integers(0, len(data) if trial % 2 else min(len(data), 400), rng.integers(1, 12)):
            broken[at] = int(rng.integers(256))
        path.write_bytes(bytes(broken))
        refused += refusal(path) is not None
    assert refused > 0 or name in ("nmnist", "evt3"), "damage that no reader notices proves nothing"


@pytest.mark.parametrize(("name", "size", "over"), [("nmnist", 5, 2), ("dat", 8, 5)])
def test_a_file_cut_within_an_event_says_where(name: str, size: int, over: int, tmp_path: Path) -> None:
    path = write(name, tmp_path, random_events(0, 100))
    data = path.read_bytes()
    path.write_bytes(data[:-over])
    message = refusal(path)
    assert message is not None
    whole = len(data) - size
    assert f"the file ends at byte {len(data) - over}, the last whole one at byte {whole}" in message
    assert f"truncate -s {whole}" in message


@needs_samples
@needs_faery
@pytest.mark.parametrize("cut", [5, 200, 2341, 2345, 2350, 50_000, 474_627, 945_243, 945_250, 949_240, 949_252])
def test_a_cut_aedat4_recording_says_where(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "cut.aedat4"
    path.write_bytes((SAMPLES / "sample.aedat4").read_bytes()[:cut])
    message = refusal(path)
    assert message is not None
    assert f"byte {cut:,}" in message or cut < 14


@needs_samples
@needs_faery
def test_a_corrupted_aedat4_packet_is_named_by_its_byte(tmp_path: Path) -> None:
    data = bytearray((SAMPLES / "sample.aedat4").read_bytes())
    data[2342 + 8 : 2342 + 12] = b"\x00\x00\x00\x00"  # the first packet's compression does not begin as it must
    path = tmp_path / "broken.aedat4"
    path.write_bytes(data)
    message = refusal(path)
    assert message is not None
    assert "in the packet at byte " in message


def test_time_that_runs_backwards_names_the_event() -> None:
    source = from_array(make_events([5, 9, 8, 9], [0] * 4, [0] * 4, [1] * 4), Sensor(2, 2), "mine")
    with pytest.raises(InputError, match=r"mine: time runs backwards: event 2 is at 8 us, the one before at 9 us"):
        list(source.checked())


def test_an_event_outside_the_sensor_is_named() -> None:
    source = from_array(make_events([5, 6], [1, 2], [1, 0], [1, 1]), Sensor(2, 2), "mine")
    with pytest.raises(InputError, match="mine: event 1 at column 2, row 0 lies outside 2 x 2 pixels"):
        list(source.checked())


def test_a_type_that_matlab_does_not_know_is_named_by_its_byte(tmp_path: Path) -> None:
    """scipy would take it for an index into its table of types, and may crash."""
    pytest.importorskip("scipy.io", reason="scipy is not installed (extra: events)")
    path = write("mat-5", tmp_path, random_events(0, 50))
    data = bytearray(path.read_bytes())
    data[184:186] = b"\x09\x09"
    path.write_bytes(data)
    message = refusal(path)
    assert message is not None
    assert "damaged at byte 184: an element of type 2313 within a variable" in message


@needs_faery
def test_a_description_that_is_no_xml_is_refused_before_faery_sees_it(tmp_path: Path) -> None:
    path = write("aedat4", tmp_path, random_events(0, 50))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"</attr>", b"</\xcattr>", 1))
    message = refusal(path)
    assert message is not None
    assert "damaged in the header" in message


@pytest.mark.parametrize(
    ("name", "start"), [("x.raw", b"% evt 3.0\n% end\n"), ("x.es", b"Event Stream\2\0\0\1\1\0\1\0")]
)
def test_a_recording_of_holes_is_refused_before_it_is_read(name: str, start: bytes, tmp_path: Path) -> None:
    sparse(tmp_path / name, start=start)
    with pytest.raises(InputError, match="is mostly holes"):
        open_events(tmp_path / name)
