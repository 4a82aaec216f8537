"""AEDAT files as cameras make them, with what stands between events, and what readers of other people find in them.

``python -m tests.events.vendor tests/golden/aedat_readers.npz`` made the golden arrays, with dv 1.0.12 of iniVation and
spikingjelly 2.0.0 beside neurodeploy.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np

from neurodeploy.events import Sensor
from tests.events import encoders
from tests.events.support import random_events

HEAD = struct.Struct("<hhiiiiii")
DAVIS = Sensor(240, 180)


def jaer() -> bytes:
    """A DAVIS240C of jAER whose clock passes 2^31, with samples of frames and of the IMU between the events."""
    events = random_events(5, 300, DAVIS, start=(1 << 31) - 150_000)
    data = encoders.aedat2(events, "DAVIS240C")
    start = data.index(b"DAVIS240C\r\n") + 11
    head, words = data[:start] + b"# created 27 November \xc3\xb1\r\n#End Of ASCII Header\r\n", data[start:]
    pairs = [words[at : at + 8] for at in range(0, len(words), 8)]
    for place, kind in ((200, 0b00), (120, 0b01), (60, 0b11)):  # reset read, signal read, IMU
        time = pairs[place][4:]
        pairs.insert(place, struct.pack(">I", 1 << 31 | 90 << 22 | 17 << 12 | kind << 10 | 513) + time)
    return head + b"".join(pairs)


def caer() -> bytes:
    """A DAVIS240C of cAER whose clock passes 2^31, with frames, samples of the IMU and special events between."""
    events = random_events(6, 300, DAVIS, start=(1 << 31) - 150_000)
    head = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DAVIS240C\r\n#Start-Time: 2017-05-11 (TZ+0200)\r\n"
    packets = [head + b"#!END-HEADER\r\n"]
    for first in range(0, len(events), 70):
        some = events[first : first + 70]
        for upper in np.unique(some["t"] >> 31):
            packets.append(packet(some[some["t"] >> 31 == upper], int(upper)))
        packets += [other(0, 8, 3), other(2, 36 + 2 * 24 * 18, 1), other(3, 36, 5)]
    return b"".join(packets)


def packet(events: Any, upper: int, room: int = 0) -> bytes:
    """Events of polarity of cAER; ``room``: for how many more there is room, which holds what was there before."""
    words = [struct.pack("<II", x << 17 | y << 2 | p << 1 | 1, t & 0x7FFFFFFF) for t, x, y, p in events.tolist()]
    number = len(words)
    return (
        HEAD.pack(1, 1, 8, 4, upper, number + room, number, number) + b"".join(words) + b"\x01\x02\x03\x04" * 2 * room
    )


def other(kind: int, size: int, number: int) -> bytes:
    """A packet of another kind, whose bytes look like events."""
    return HEAD.pack(kind, 1, size, 4, 0, number, number, number) + b"\xff" * size * number


def dvs128() -> bytes:
    """A DVS128 of jAER."""
    return encoders.aedat2(random_events(7, 300, Sensor(128, 128)), "DVS128")


FILES = {"jaer": jaer, "caer": caer, "dvs128": dvs128}


def read_by_others(path: Path, name: str) -> Any:
    """Rows t, x, y, p as iniVation's reader finds them; of a DVS128, which it lacks, as SpikingJelly does."""
    if name == "dvs128":
        from spikingjelly.datasets.cifar10_dvs import _load_origin_data  # pyright: ignore

        columns: Any = _load_origin_data(path)
        return np.stack([columns[column].astype(np.int64) for column in "txyp"], 1)
    from dv.LegacyAedatFile import LegacyAedatFile  # pyright: ignore

    events: Any = LegacyAedatFile(str(path))
    return np.array([(each.timestamp, each.x, each.y, each.polarity) for each in events], np.int64)


def main(target: str) -> None:
    """Write what others read from every file into ``target``, by name."""
    rows: dict[str, Any] = {}
    for name, make in FILES.items():
        with NamedTemporaryFile(suffix=".aedat") as file:
            path = Path(file.name)
            path.write_bytes(make())
            rows[name] = read_by_others(path, name)
    np.savez_compressed(target, **rows)


if __name__ == "__main__":
    main(sys.argv[1])
