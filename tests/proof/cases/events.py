"""Long recordings are read and framed in memory that does not grow with them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from neurodeploy.events import EVENT, Events, Sensor, make_events
from tests.proof.case import Counts, ProofCase

EVENTS = 100_000_000
LIMIT = 1 << 30
"""Bytes of resident memory, interpreter and libraries included."""

FEW = 3_000_000
GROWTH = 40 << 20
"""Bytes that a process may need beyond what it has before it opens a recording of 3 M events, which are 48 MB."""

ROUNDED = 64 << 20
SENSOR = Sensor(240, 180)
SPAN = 8_000_000
"""Microseconds of a recording, whatever its number of events: what the clock of N-MNIST can count."""

PART = 1 << 20

Columns = NDArray[np.int64]
Parts = Iterator[Events]

READ = """
import json, re, sys
from pathlib import Path
import numpy as np
from neurodeploy.events import Frames, Sensor, open_events

def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before = peak()
columns, frames = np.zeros((2, int(sys.argv[2])), np.int64), 0
source = open_events(sys.argv[1], Sensor(int(sys.argv[2]), int(sys.argv[3])))
for block in Frames(window="10ms").stream(source):
    columns += block.sum(axis=(0, 2))
    frames += len(block)
print(json.dumps({"columns": columns.tolist(), "frames": frames, "before": before, "peak": peak()}))
"""
"""A process of its own: it alone has its peak of resident memory."""


@dataclass(frozen=True)
class Reading:
    """What a process found that framed a recording: events of each polarity by column, frames, and its peak memory.

    ``before`` is the peak (bytes) before the recording was opened, ``peak`` at the end.
    """

    columns: Columns
    frames: int
    before: int
    peak: int


def made(seed: int, count: int) -> Parts:
    """Random events at an even pace, part by part, the same for the same seed."""
    random = np.random.default_rng(seed)
    for first in range(0, count, PART):
        size = min(PART, count - first)
        t = np.arange(first, first + size) * SPAN // count
        x, y = random.integers(0, SENSOR.width, size), random.integers(0, SENSOR.height, size)
        yield make_events(t, x, y, random.integers(0, 2, size))


def tallied(parts: Parts, columns: Columns) -> Parts:
    """The same parts, counted into ``columns`` (ON and OFF by column) as they pass."""
    for events in parts:
        for channel, chosen in enumerate((events["p"], ~events["p"])):
            columns[channel] += np.bincount(events["x"][chosen], minlength=SENSOR.width)
        yield events


def read(path: Path) -> Reading:
    """Frame a recording in a process of its own."""
    command = [sys.executable, "-c", READ, str(path), str(SENSOR.width), str(SENSOR.height)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return Reading(np.array(found["columns"]), found["frames"], found["before"], found["peak"])


def write_dat(path: Path, parts: Parts, count: int) -> None:
    """Prophesee's DAT."""
    with path.open("wb") as file:
        file.write(f"% Version 2\n% Width {SENSOR.width}\n% Height {SENSOR.height}\n".encode() + b"\x0c\x08")
        for events in parts:
            place = events["p"].astype(np.uint32) << 28 | events["y"].astype(np.uint32) << 14 | events["x"]
            file.write(np.stack([events["t"].astype("<u4"), place.astype("<u4")], axis=1).tobytes())


def write_nmnist(path: Path, parts: Parts, count: int) -> None:
    """The five bytes of N-MNIST, of a larger sensor."""
    with path.open("wb") as file:
        for events in parts:
            t = events["t"]
            upper = events["p"].astype(np.int64) << 7 | t >> 16
            rows = np.stack([events["x"], events["y"], upper, t >> 8 & 255, t & 255], axis=1)
            file.write(rows.astype(np.uint8).tobytes())


def write_hdf5(path: Path, parts: Parts, count: int) -> None:
    """One dataset per column, in chunks."""
    with h5py.File(path, "w") as file:
        columns = {
            name: file.create_dataset(f"events/{name}", (count,), EVENT[name], chunks=(PART,)) for name in "txyp"
        }
        first = 0
        for events in parts:
            for name, column in columns.items():
                column[first : first + len(events)] = events[name]
            first += len(events)


def write_npz(path: Path, parts: Parts, count: int) -> None:
    """One array per column, stored one after the other: the parts wait on disk meanwhile."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        files = {name: (Path(folder) / name).open("w+b") for name in "txyp"}
        for events in parts:
            for name, file in files.items():
                file.write(events[name].tobytes())
        with zipfile.ZipFile(path, "w") as archive:
            for name, file in files.items():
                file.seek(0)
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    head: dict[str, Any] = {"descr": EVENT[name].str, "fortran_order": False, "shape": (count,)}
                    npy.write_array_header_1_0(member, head)
                    while data := file.read(1 << 24):
                        member.write(data)
                file.close()


def write_faery(path: Path, parts: Parts, count: int, evt: bool = False) -> None:
    """AEDAT4 or EVT3 by faery, whose decoder reads them."""
    faery = import_module("faery")
    decoded = np.dtype([("t", "<u8"), ("x", "<u2"), ("y", "<u2"), ("on", "?")])
    size = (SENSOR.width, SENSOR.height)
    if evt:
        encoder = faery.evt.Encoder(path, "evt3", False, size, True)
    else:
        encoder = faery.aedat.Encoder(path, _description(faery), ("lz4", 1))
    with encoder:
        for events in parts:
            for first in range(0, len(events), 1 << 14):
                some = events[first : first + (1 << 14)]
                packet = np.empty(len(some), decoded)
                for ours, theirs in zip("txyp", ("t", "x", "y", "on"), strict=True):
                    packet[theirs] = some[ours]
                if evt:
                    encoder.write({"events": packet})
                else:
                    encoder.write(0, packet)


def _description(faery: Any) -> list[Any]:
    """One stream of events, as DV describes it."""
    node, attribute = faery.aedat.DescriptionNode, faery.aedat.DescriptionAttribute
    size = {"sizeX": attribute("int", SENSOR.width), "sizeY": attribute("int", SENSOR.height)}
    kind = {"compression": attribute("string", "LZ4"), "typeIdentifier": attribute("string", "EVTS")}
    stream = node("0", "/outInfo/0/", kind, [node("info", "/outInfo/0/info/", size, [])])
    return [node("outInfo", "/outInfo/", {}, [stream])]


Write = Callable[[Path, Parts, int], None]
WRITERS: dict[str, tuple[str, Write]] = {
    "DAT": (".dat", write_dat),
    "N-MNIST": (".bin", write_nmnist),
    "HDF5": (".h5", write_hdf5),
    "npz": (".npz", write_npz),
    "AEDAT4": (".aedat4", write_faery),
    "EVT3": (".raw", partial(write_faery, evt=True)),
}
"""Formats by seed: seeds 0 and 6 are DAT files, and so on."""


def framed(folder: Path, seed: int, count: int) -> tuple[Reading, Columns]:
    """Write the recording of a seed, frame it in another process, and give what was found and what was written."""
    suffix, writer = list(WRITERS.values())[seed % len(WRITERS)]
    path = folder / f"recording{suffix}"
    written = np.zeros((2, SENSOR.width), np.int64)
    writer(path, tallied(made(seed, count), written), count)
    found = read(path)
    path.unlink()
    return found, written


def held(found: Reading, events: int) -> bool:
    """Whether a process stayed below its limit."""
    return found.peak - found.before < GROWTH if events < EVENTS else found.peak < LIMIT


def count(seeds: range) -> Counts:
    """A seed fails where its process held too much at any time, or where a column of its frames has another sum."""
    failed: list[int] = []
    tallies = {"events": 0, "frames": 0}
    for seed in seeds:
        events = FEW if seed < len(WRITERS) else EVENTS
        with tempfile.TemporaryDirectory() as folder:
            found, written = framed(Path(folder), seed, events)
        if not held(found, events) or int(written.sum()) != events or not np.array_equal(found.columns, written):
            failed.append(seed)
        if events == EVENTS:
            name = f"{list(WRITERS)[seed % len(WRITERS)]} MiB below"
            tallies[name] = -(-found.peak // ROUNDED) * (ROUNDED >> 20)
        tallies["events"] += events
        tallies["frames"] += found.frames
    return Counts(len(seeds), tuple(failed), tallies)


_PROVES = (
    f"recordings of 100 M events in {', '.join(WRITERS)} become frames of 10 ms, every event counted in its column and "
    "polarity, by a process that never holds 1 GiB; the first seeds have 3 M events and a process that needs less "
    "memory for them than they would take"
)
CASES = (ProofCase("events-memory", _PROVES, seeds=2 * len(WRITERS), batch=1, run=count),)
