"""EVT2 and EVT3: times as Prophesee's decoders print them, and every word in order whatever the size of the pieces."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.events import evt, open_events
from tests.events import encoders
from tests.events.support import events_of

ROW, OTHER_ROW, COLUMN, BASE, VECTOR_12, VECTOR_8, LOW, HIGH = 0, 1, 2, 3, 4, 5, 6, 8
Event = tuple[int, int, int, int]


def words3(*parts: tuple[int, int]) -> list[int]:
    """EVT3 words of a kind and 12 bits."""
    return [kind << 12 | value for kind, value in parts]


def on(x: int) -> tuple[int, int]:
    """An EVT3 word of one ON event in a column."""
    return COLUMN, 1 << 11 | x


def high2(t: int) -> int:
    """An EVT2 word with the upper part of a time."""
    return 0x8 << 28 | (t >> 6) % (1 << 28)


def event2(t: int, x: int, y: int) -> int:
    """An EVT2 word of one ON event."""
    return 1 << 28 | (t & 63) << 22 | x << 11 | y


def read(folder: Path, words: Sequence[int], version: int, size: int = 34) -> list[Event]:
    """Events ``(t, x, y, p)`` of a file of these words."""
    path = folder / "recording.raw"
    header = encoders.evt_header(f"{version}.0", f"EVT{version}", size, size)
    path.write_bytes(header + np.array(words, "<u2" if version == 3 else "<u4").tobytes())
    return [(int(t), int(x), int(y), int(p)) for t, x, y, p in events_of(open_events(path)).tolist()]


CASES = {
    "the clock begins anew": (
        words3((HIGH, 4000), (LOW, 0), (ROW, 1), on(1), (HIGH, 4094), on(2), (HIGH, 0), on(3), (HIGH, 2), on(4)),
        [16_384_000, 16_769_024, 16_777_216, 16_785_408],
    ),
    "the first part is the largest": (words3((HIGH, 4095), (LOW, 0), (ROW, 1), on(1)), [16_773_120]),
    "a step back": (
        words3((HIGH, 11), (LOW, 3), (ROW, 1), on(1), (HIGH, 10), (LOW, 4095), on(2), (HIGH, 11), (LOW, 9), on(3)),
        [45_059, 45_055, 45_065],
    ),
    "words before the clock": (words3((ROW, 1), on(1), (HIGH, 20), (LOW, 3), on(2)), [81_923]),
    "an upper part alone moves the time": (words3((HIGH, 1), (LOW, 9), on(1), (HIGH, 2), on(2)), [4105, 8192]),
}
"""EVT3 words and the times that Prophesee's ``metavision_evt3_raw_file_decoder`` prints for them."""


@pytest.mark.parametrize("name", CASES)
def test_times_of_evt3_are_those_of_the_vendors_decoder(name: str, tmp_path: Path) -> None:
    words, times = CASES[name]
    assert [event[0] for event in read(tmp_path, words, 3)] == times


def test_times_of_evt2_are_those_of_the_vendors_decoder(tmp_path: Path) -> None:
    early = [event2(3, 1, 1), high2(640_000), event2(640_003, 2, 1)]
    assert read(tmp_path, early, 2) == [(640_003, 2, 1, 1)]
    whole = 1 << 34
    around = [high2(whole - 64), event2(whole - 1, 1, 1), high2(0), event2(5, 2, 1), high2(64), event2(70, 3, 1)]
    assert [event[0] for event in read(tmp_path, around, 2)] == [whole - 1, whole + 5, whole + 70]
    back = [high2(6400), event2(6401, 1, 1), high2(6336), event2(6399, 2, 1)]
    assert [event[0] for event in read(tmp_path, back, 2)] == [6401, 6399]


def test_events_before_the_clock_are_left_out_with_a_warning(tmp_path: Path) -> None:
    for version, words in (
        (3, CASES["words before the clock"][0]),
        (2, [event2(3, 1, 1), high2(64), event2(70, 2, 1)]),
    ):
        assert len(read(tmp_path, words, version)) == 1
        (finding,) = open_events(tmp_path / "recording.raw").findings
        assert (finding.severity, finding.message[:17]) == ("warning", "1 words of events")
    read(tmp_path, CASES["a step back"][0], 3)
    assert open_events(tmp_path / "recording.raw").findings == ()


def test_a_recording_in_which_little_happens_keeps_its_times(tmp_path: Path) -> None:
    times = np.arange(400) * 60_000
    words = [word for t in times.tolist() for word in words3((HIGH, t >> 12 & 4095), (LOW, t & 4095), (ROW, 1), on(1))]
    assert [event[0] for event in read(tmp_path, words, 3)] == times.tolist()


def test_a_step_back_is_named_where_order_is_needed(tmp_path: Path) -> None:
    read(tmp_path, CASES["a step back"][0], 3)
    with pytest.raises(InputError, match="event 1 is at 45,055 us, the one before at 45,059 us"):
        list(open_events(tmp_path / "recording.raw").checked())


def plain3(words: Sequence[int]) -> Iterator[Event]:
    """EVT3 stated one word after another, as the format's description has it."""
    time = base = -1
    ranges = row = column = polarity = 0
    other = False
    for word in words:
        kind, value = word >> 12, word & 0xFFF
        if kind == HIGH:
            if base >= 0 and (base >> 12) - value > 1 << 11:
                ranges += 1
            base = time = value << 12
        elif base < 0:
            continue
        elif kind == LOW:
            time = base + value
        elif kind in (ROW, OTHER_ROW):
            other = kind == OTHER_ROW
            row = row if other else value & 0x7FF
        elif kind == BASE:
            column, polarity = value & 0x7FF, value >> 11
        else:
            single = kind == COLUMN
            first, sign = (value & 0x7FF, value >> 11) if single else (column, polarity)
            bits = {COLUMN: 1, VECTOR_12: value, VECTOR_8: value & 0xFF}.get(kind, 0)
            for step in range(12 if not other else 0):
                if bits >> step & 1:
                    yield time + (ranges << 24), first + step, row, sign
            column += {VECTOR_12: 12, VECTOR_8: 8}.get(kind, 0)


@pytest.mark.parametrize("piece", [1, 2, 7, 1 << 17])
def test_words_mean_the_same_in_pieces_of_any_size(piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evt, "CHUNK", piece)
    rng = np.random.default_rng(piece)
    for _ in range(5):
        kinds = rng.choice([ROW, OTHER_ROW, COLUMN, BASE, VECTOR_12, VECTOR_8, LOW, HIGH, 0xA], 400)
        values = rng.integers(0, 1 << 12, 400)
        values[kinds == BASE] &= 0xBFF
        words = (kinds << 12 | values).tolist()
        assert read(tmp_path, words, 3, 2048) == list(plain3(words))


@pytest.mark.parametrize("version", [2, 3])
def test_a_pixel_outside_the_sensor_is_named_by_the_byte_of_its_event(version: int, tmp_path: Path) -> None:
    words = [high2(0), event2(1, 2, 3), event2(2, 34, 3)]
    if version == 3:
        words = words3((HIGH, 0), (ROW, 3), on(2), on(34))
    with pytest.raises(InputError, match="column 34, row 3 lies outside 34 x 34 pixels") as caught:
        read(tmp_path, words, version)
    size = (tmp_path / "recording.raw").stat().st_size
    assert f"damaged at byte {size - (4 if version == 2 else 2):,}" in str(caught.value)


def test_the_clock_of_dat_begins_anew_after_32_bits(tmp_path: Path) -> None:
    whole = 1 << 32
    events = [(whole - 5, 1, 2, 1), (3, 4, 5, 0), (9, 4, 5, 1)]
    written = np.array(events, [("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("p", "u1")])
    (tmp_path / "long.dat").write_bytes(encoders.dat(written, 304, 240))
    found = events_of(open_events(tmp_path / "long.dat"))
    assert found["t"].tolist() == [whole - 5, whole + 3, whole + 9]
