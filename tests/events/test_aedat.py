"""AEDAT 2.0, AEDAT 3.1 and Event Stream files beyond what every format is tested for."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.events import Sensor, event_stream, make_events, open_events
from tests.events import encoders, vendor
from tests.events.support import events_of, needs_faery, random_events

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize(
    ("camera", "sensor"), [("DVS128", (128, 128)), ("DAVIS240C", (240, 180)), ("Davis346blue", (346, 260))]
)
@pytest.mark.parametrize("encode", [encoders.aedat2, encoders.aedat3])
def test_cameras_are_known_by_name(encode: object, camera: str, sensor: tuple[int, int], tmp_path: Path) -> None:
    assert callable(encode)
    events = random_events(3, 2000, Sensor(*sensor))
    (tmp_path / "a.aedat").write_bytes(encode(events, camera))
    source = open_events(tmp_path / "a.aedat")
    assert source.sensor == Sensor(*sensor)
    np.testing.assert_array_equal(events_of(source), events)


@pytest.mark.parametrize("encode", [encoders.aedat2, encoders.aedat3])
def test_clocks_that_begin_anew_go_on(encode: object, tmp_path: Path) -> None:
    assert callable(encode)
    events = random_events(3, 2000, Sensor(128, 128), duration=3_000_000, start=(1 << 32) - 1_000_000)
    (tmp_path / "a.aedat").write_bytes(encode(events, "DVS128"))
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "a.aedat")), events)


def test_what_is_no_event_of_polarity_is_left_out(tmp_path: Path) -> None:
    events = random_events(3, 50, Sensor(240, 180))
    others = np.array([[1 << 31 | 7 << 12, 5], [1 << 10 | 7 << 12, 6]], ">u4").tobytes()
    (tmp_path / "a.aedat").write_bytes(encoders.aedat2(events, "DAVIS240C") + others)
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "a.aedat")), events)


def test_a_camera_that_is_not_named_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.aedat").write_bytes(b"#!AER-DAT2.0\r\n" + bytes(8))
    with pytest.raises(InputError, match="does not say which camera"):
        open_events(tmp_path / "a.aedat")


def test_a_packet_that_is_cut_is_named_by_its_byte(tmp_path: Path) -> None:
    data = encoders.aedat3(random_events(3, 50, Sensor(128, 128)), "DVS128")
    start = data.index(b"END-HEADER\r\n") + 12
    (tmp_path / "a.aedat").write_bytes(data[: start + 100])
    with pytest.raises(InputError, match=f"the packet at byte {start:,} should hold 408 bytes, 72 are there"):
        events_of(open_events(tmp_path / "a.aedat"))


@pytest.mark.parametrize("name", vendor.FILES)
def test_events_are_those_that_readers_of_other_people_find(name: str, tmp_path: Path) -> None:
    """iniVation's own; frames, samples of the IMU and special events stand between, and the clock passes 2^31.

    Of a DVS128, SpikingJelly's: for CIFAR10-DVS it turns the image, so that its column is 127 less our row, its row
    127 less our column.
    """
    (tmp_path / "a.aedat").write_bytes(vendor.FILES[name]())
    t, x, y, p = np.load(GOLDEN / "aedat_readers.npz")[name].T
    if name == "dvs128":
        x, y = 127 - y, 127 - x
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "a.aedat")), make_events(t, x, y, p))


def test_room_that_a_packet_of_caer_leaves_holds_no_events(tmp_path: Path) -> None:
    events = random_events(3, 50, Sensor(240, 180))
    head = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DAVIS240C\r\n#!END-HEADER\r\n"
    packets = vendor.packet(events[:20], 0, room=7) + vendor.packet(events[20:], 0)
    (tmp_path / "a.aedat").write_bytes(head + packets)
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "a.aedat")), events)


@pytest.mark.parametrize("last", [b"", b"#End Of ASCII Header\r\n", b"# End of ASCII Header\r\n"])
def test_an_event_that_begins_as_a_line_of_the_header_does_is_an_event(last: bytes, tmp_path: Path) -> None:
    """The first byte of row 140 of a DAVIS is that of ``#``."""
    events = random_events(3, 50, Sensor(240, 180))
    events["y"][:2] = 140
    data = encoders.aedat2(events, "DAVIS240C")
    start = data.index(b"DAVIS240C\r\n") + 11
    assert data[start : start + 1] == b"#"
    (tmp_path / "a.aedat").write_bytes(data[:start] + last + data[start:])
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "a.aedat")), events)


@pytest.mark.parametrize("piece", [2, 3, 64])
def test_event_streams_mean_the_same_in_pieces_of_any_size(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "CHUNK", piece)
    monkeypatch.setattr(event_stream, "LOOKED_AT", 3)
    events = random_events(4, 500, Sensor(300, 280), duration=60_000)
    data = bytearray(encoders.event_stream(events, 300, 280))
    data[20:20] = b"\xfe\xfe"
    (tmp_path / "a.es").write_bytes(data)
    source = open_events(tmp_path / "a.es")
    assert source.sensor == Sensor(300, 280)
    np.testing.assert_array_equal(events_of(source), events)


def test_an_event_stream_that_is_cut_within_an_event_says_where(tmp_path: Path) -> None:
    data = encoders.event_stream(random_events(4, 500, Sensor(300, 280), duration=60_000), 300, 280)
    for missing in (1, 4):
        (tmp_path / "a.es").write_bytes(data[:-missing])
        with pytest.raises(InputError, match=f"the last whole one at byte {len(data) - 5:,}"):
            events_of(open_events(tmp_path / "a.es"))


@needs_faery
def test_event_streams_are_read_as_faery_writes_them(tmp_path: Path) -> None:
    import faery  # pyright: ignore[reportMissingTypeStubs]

    events = random_events(4, 500, Sensor(300, 280), duration=60_000)
    packet = np.empty(len(events), [("t", "<u8"), ("x", "<u2"), ("y", "<u2"), (("p", "on"), "?")])
    for name in "txyp":
        packet[name] = events[name]
    with faery.es.Encoder(tmp_path / "a.es", "dvs", False, (300, 280)) as encoder:
        encoder.write(packet)
    np.testing.assert_array_equal(events_of(open_events(tmp_path / "a.es")), events)
