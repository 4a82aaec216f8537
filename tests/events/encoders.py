"""Event files written byte by byte from the published descriptions of their formats, independent of any reader."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Events = NDArray[Any]


def nmnist(events: Events) -> bytes:
    """Five bytes per event: x, y, then polarity (1 bit) and time (23 bits), most significant byte first."""
    words: list[bytes] = []
    for t, x, y, p in events.tolist():
        low = t % (1 << 23)
        words.append(bytes([x, y, (p << 7) | (low >> 16), (low >> 8) & 255, low & 255]))
    return b"".join(words)


def dat(events: Events, width: int, height: int) -> bytes:
    """Prophesee's DAT, version 2: text header, type 0x0C and size 8, then time and (polarity, y, x) as 32-bit words."""
    header = f"% Data file containing CD events.\n% Version 2\n% Height {height}\n% Width {width}\n"
    words = [struct.pack("<II", t, (p << 28) | (y << 14) | x) for t, x, y, p in events.tolist()]
    return header.encode() + bytes([0x0C, 8]) + b"".join(words)


def evt2(events: Events, width: int, height: int) -> bytes:
    """32-bit words: 0x8 the upper 28 bits of the time; 0x0 (off) or 0x1 (on) with 6 bits of time, x and y."""
    words: list[int] = []
    high = -1
    for t, x, y, p in events.tolist():
        if t >> 6 != high:
            high = t >> 6
            words.append((0x8 << 28) | high)
        words.append((int(p) << 28) | ((t & 63) << 22) | (x << 11) | y)
    return evt_header("2.0", "EVT2", width, height) + struct.pack(f"<{len(words)}I", *words)


def evt3(events: Events, width: int, height: int) -> bytes:
    """16-bit words that say only what changes: time (upper and lower 12 bits), row, then a column or a run of columns.

    Events of one time, row and polarity whose columns lie within 12 pixels go as a vector, as cameras send them.
    """
    return evt_header("3.0", "EVT3", width, height) + b"".join(struct.pack("<H", word) for word in _evt3_words(events))


def _evt3_words(events: Events) -> Iterator[int]:
    high = low = row = -1
    rows = events.tolist()
    at = 0
    while at < len(rows):
        t, x, y, p = rows[at]
        if (t >> 12) & 0xFFF != high:
            high, low = (t >> 12) & 0xFFF, -1
            yield (0x8 << 12) | high
        if t & 0xFFF != low:
            low = t & 0xFFF
            yield (0x6 << 12) | low
        if y != row:
            row = y
            yield (0x0 << 12) | y
        last = at
        while last + 1 < len(rows) and _continues(rows[last], rows[last + 1]) and rows[last + 1][1] - x < 12:
            last += 1
        if last == at:
            yield (0x2 << 12) | (int(p) << 11) | x
        else:
            columns = [each[1] - x for each in rows[at : last + 1]]
            wide = columns[-1] >= 8
            yield (0x3 << 12) | (int(p) << 11) | x
            yield ((0x4 if wide else 0x5) << 12) | sum(1 << column for column in columns)
        at = last + 1


def _continues(one: Any, following: Any) -> bool:
    same = one[0] == following[0] and one[2] == following[2] and one[3] == following[3]
    return bool(same and following[1] > one[1])


def evt_header(version: str, name: str, width: int, height: int) -> bytes:
    return f"% evt {version}\n% format {name};height={height};width={width}\n% end\n".encode()


def hdf5(path: Path, events: Events, layout: str, width: int, height: int) -> None:
    """The layouts in use: ``columns`` (events/{x,y,t,p}), ``dsec``, ``table`` (CD/events) and ``seconds`` (xs, ts)."""
    t, x, y, p = (events[name] for name in "txyp")
    with h5py.File(path, "w") as file:
        if layout == "columns":
            for name in "txyp":
                file[f"events/{name}"] = events[name]
            file["events"].attrs.update(width=width, height=height)
        if layout == "dsec":
            file["t_offset"] = np.int64(1_000_000)
            file["ms_to_idx"] = np.searchsorted(t - 1_000_000, np.arange(0, 50_000, 1000))
            file.create_dataset("events/t", data=(t - 1_000_000).astype(np.uint32), chunks=True, compression="gzip")
            for name, column in (("x", x), ("y", y), ("p", p)):
                file[f"events/{name}"] = column.astype(np.uint8 if name == "p" else np.uint16)
        if layout == "table":
            record = np.dtype([("x", "<u2"), ("y", "<u2"), ("p", "<i2"), ("t", "<i8")])
            table = np.empty(len(events), record)
            for name in "txyp":
                table[name] = events[name]
            file["CD/events"] = table
            file.attrs["geometry"] = f"{width}x{height}"
        if layout == "seconds":
            for name, column in (("xs", x), ("ys", y), ("ts", t / 1e6), ("ps", p)):
                file[f"events/{name}"] = column
            file.attrs["sensor_resolution"] = (height, width)


def aedat4(events: Events, width: int, height: int, per_packet: int = 700, name: str = "EVTS") -> bytes:
    """AEDAT 4.0 without compression and without a table of contents, as a recorder leaves it that was stopped."""
    description = (
        '<dv version="2.0"><node name="outInfo" path="/outInfo/"><node name="0" path="/outInfo/0/">'
        '<attr key="compression" type="string">NONE</attr><attr key="typeIdentifier" type="string">'
        f'{name}</attr><node name="info" path="/outInfo/0/info/"><attr key="sizeX" type="int">{width}</attr>'
        f'<attr key="sizeY" type="int">{height}</attr></node></node></node></dv>'
    ).encode()
    # vtable (sizes, then where compression, table position and description lie in the table), table, string
    vtable = struct.pack("<HHHHH", 10, 20, 4, 12, 8)
    head = 8 + len(vtable) + 2
    table = struct.pack("<iiIq", head - 8, 0, 12, -1)
    text = struct.pack("<I", len(description)) + description + b"\0"
    header = struct.pack("<I4s", head, b"IOHE") + vtable + bytes(2) + table + text
    header += bytes(-len(header) % 4)
    packets = [events[first : first + per_packet] for first in range(0, len(events), per_packet)]
    return b"#!AER-DAT4.0\r\n" + struct.pack("<I", len(header)) + header + b"".join(map(_aedat4_packet, packets))


def _aedat4_packet(events: Events) -> bytes:
    """Stream and size, then a size-prefixed flatbuffer EVTS: a table whose one field is a vector of 16-byte structs."""
    structs = b"".join(struct.pack("<qhh?3x", *event) for event in events.tolist())
    # the length of the vector ends at a multiple of 8 counted from the start of the buffer behind its size
    head = struct.pack("<I4s", 16, b"EVTS") + struct.pack("<HHH", 6, 8, 4) + bytes(2) + struct.pack("<iI", 8, 8)
    buffer = head + bytes(4) + struct.pack("<I", len(events)) + structs
    payload = struct.pack("<I", len(buffer)) + buffer
    return struct.pack("<ii", 0, len(payload)) + payload


def mat5(events: Events, first_polarity: int = 0) -> bytes:
    """MATLAB 5: text and version, then variables x, y, p and ts, each a column of doubles without compression."""
    columns = {"x": events["x"], "y": events["y"], "p": events["p"] + np.int64(first_polarity), "ts": events["t"]}
    header = b"MATLAB 5.0 MAT-file, written by a test".ljust(124) + struct.pack("<H2s", 0x0100, b"IM")
    return header + b"".join(_mat5_matrix(name, column.astype("<f8")) for name, column in columns.items())


def _mat5_matrix(name: str, column: NDArray[Any]) -> bytes:
    int8, int32, uint32, double, matrix, double_class = 1, 5, 6, 9, 14, 6
    parts = [
        (uint32, struct.pack("<II", double_class, 0)),
        (int32, struct.pack("<ii", len(column), 1)),
        (int8, name.encode()),
        (double, column.tobytes()),
    ]
    body = b"".join(struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8) for kind, data in parts)
    return struct.pack("<II", matrix, len(body)) + body


def mat73(path: Path, events: Events) -> None:
    """MATLAB 7.3: HDF5 behind 512 bytes of text; the struct TD is a group, its fields rows of doubles."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, column in (("x", "x"), ("y", "y"), ("p", "p"), ("ts", "t")):
            file[f"TD/{name}"] = events[column].astype(np.float64)[None] + (name == "p")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, written by a test".ljust(124) + struct.pack("<H2s", 0x0200, b"IM"))


def text(events: Events, header: str = "t,x,y,p", separator: str = ",", seconds: bool = False) -> str:
    """One line per event in the order t, x, y, p."""
    lines = [header] if header else []
    for t, x, y, p in events.tolist():
        lines.append(separator.join([f"{t / 1e6:.6f}" if seconds else str(t), str(x), str(y), str(int(p))]))
    return "\n".join(lines) + "\n"


def aedat2(events: Events, camera: str) -> bytes:
    """AEDAT 2.0 of jAER: address and time, most significant byte first; a DVS128 has 0 for ON."""
    head = f"#!AER-DAT2.0\r\n# This is a raw AE data file\r\n# AEChip: ch.unizh.ini.jaer.chip.{camera}\r\n"
    words: list[bytes] = []
    for t, x, y, p in events.tolist():
        address = (y << 8 | x << 1 | (1 - p)) if camera == "DVS128" else (y << 22 | x << 12 | p << 11)
        words.append(struct.pack(">II", address, t % (1 << 32)))
    return head.encode() + b"".join(words)


def aedat3(events: Events, camera: str, per_packet: int = 700) -> bytes:
    """AEDAT 3.1 of cAER: packets of polarity events, and one of special events between the first two."""
    head = f"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: {camera}\r\n#!END-HEADER\r\n".encode()
    packets: list[bytes] = []
    for first in range(0, len(events), per_packet):
        some = events[first : first + per_packet].tolist()
        for upper in sorted({t >> 31 for t, *_ in some}):
            part = [event for event in some if event[0] >> 31 == upper]
            body = [struct.pack("<II", x << 17 | y << 2 | p << 1 | 1, t & 0x7FFFFFFF) for t, x, y, p in part]
            body.append(struct.pack("<II", 5 << 17 | 5 << 2, part[-1][0] & 0x7FFFFFFF))  # one that is not valid
            packets.append(
                struct.pack("<hhiiiiii", 1, 1, 8, 4, upper, len(body), len(body), len(part)) + b"".join(body)
            )
        packets.append(struct.pack("<hhiiiiii", 0, 1, 8, 4, 0, 1, 1, 1) + bytes(8))
    return head + b"".join(packets)


def event_stream(events: Events, width: int, height: int) -> bytes:
    """Event Stream 2.0 of a DVS: time since the event before and polarity, column, row; 255 for 127 us without one."""
    words: list[bytes] = []
    before = 0
    for t, x, y, p in events.tolist():
        passed = t - before
        words.append(b"\xff" * (passed // 127) + struct.pack("<BHH", (passed % 127) << 1 | p, x, y))
        before = t
    return b"Event Stream\x02\x00\x00\x01" + struct.pack("<HH", width, height) + b"".join(words)
