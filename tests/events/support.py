"""Seeded events, and every format as a file of them."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurodeploy.events import EVENT, Sensor, from_array, make_events, save_events
from neurodeploy.events.source import EventSource
from tests.events import encoders

SENSOR = Sensor(120, 90)
SAMPLES = Path(os.environ.get("NEURODEPLOY_SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "samples"))

needs_faery = pytest.mark.skipif(find_spec("faery") is None, reason="faery is not installed (extra: events)")
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"there are no real recordings in {SAMPLES}; NEURODEPLOY_SAMPLES names another folder"
)


def random_events(seed: int, count: int, sensor: Sensor = SENSOR, duration: int = 300_000, start: int = 0) -> Any:
    """Events in order, some of them at one time, some of those side by side in a row."""
    rng = np.random.default_rng(seed)
    t = start + np.sort(rng.integers(0, duration, count))
    x, y = rng.integers(0, sensor.width, count), rng.integers(0, sensor.height, count)
    p = rng.integers(0, 2, count)
    for at in range(0, count - 4, 9):
        run = min(4, sensor.width - int(x[at]))
        t[at : at + run], y[at : at + run], p[at : at + run] = t[at], y[at], p[at]
        x[at : at + run] = x[at] + np.arange(run)
    return make_events(np.maximum.accumulate(t), x, y, p)


def events_of(source: EventSource) -> NDArray[Any]:
    """All events of a source."""
    return np.concatenate([np.empty(0, EVENT), *source.chunks()])


def _bytes(encode: Callable[[Any], bytes]) -> Callable[[Path, Any], None]:
    return lambda path, events: path.write_bytes(encode(events)) and None


def _sized(encode: Callable[[Any, int, int], bytes]) -> Callable[[Path, Any], None]:
    return _bytes(lambda events: encode(events, SENSOR.width, SENSOR.height))


def _hdf5(layout: str) -> Callable[[Path, Any], None]:
    return lambda path, events: encoders.hdf5(path, events, layout, SENSOR.width, SENSOR.height)


def _text(**how: Any) -> Callable[[Path, Any], None]:
    return lambda path, events: path.write_text(encoders.text(events, **how)) and None


def _columns(path: Path, events: Any) -> None:
    np.savez(path, timestamps=events["t"], x=events["x"].astype(np.int16), y=events["y"], polarity=events["p"] * 2 - 1)


WRITERS: dict[str, tuple[str, Callable[[Path, Any], None], bool]] = {
    "aedat4": (".aedat4", _sized(encoders.aedat4), True),
    "aedat2": (".aedat", _bytes(lambda events: encoders.aedat2(events, "DAVIS128")), False),
    "aedat3": (".aedat", _bytes(lambda events: encoders.aedat3(events, "DAVIS128")), False),
    "event-stream": (".es", _sized(encoders.event_stream), True),
    "dat": (".dat", _sized(encoders.dat), True),
    "evt2": (".raw", _sized(encoders.evt2), True),
    "evt3": (".raw", _sized(encoders.evt3), True),
    "nmnist": (".bin", _bytes(encoders.nmnist), False),
    "hdf5-columns": (".h5", _hdf5("columns"), True),
    "hdf5-dsec": (".h5", _hdf5("dsec"), False),
    "hdf5-table": (".hdf5", _hdf5("table"), True),
    "hdf5-seconds": (".h5", _hdf5("seconds"), True),
    "mat-5": (".mat", _bytes(encoders.mat5), False),
    "mat-5-one-two": (".mat", _bytes(lambda events: encoders.mat5(events, first_polarity=1)), False),
    "mat-7.3": (".mat", encoders.mat73, False),
    "csv": (".csv", _text(), False),
    "text-seconds": (".txt", _text(header="", separator=" ", seconds=True), False),
    "csv-named": (".csv", _text(header="# made by a test\ntimestamp;col;row;polarity", separator=";"), False),
    "npz": (".npz", lambda path, events: save_events(from_array(events, SENSOR), path), True),
    "npz-columns": (".npz", _columns, False),
    "npy": (".npy", lambda path, events: np.save(path, events), False),
}
"""Every format: suffix, how it is written, and whether it says how large the sensor is."""

FAERY = ("aedat4",)
FORMATS = [pytest.param(name, marks=needs_faery if name in FAERY else ()) for name in WRITERS]


def write(name: str, folder: Path, events: Any) -> Path:
    """A file of the format with these events."""
    suffix, writer, _ = WRITERS[name]
    path = folder / f"recording{suffix}"
    writer(path, events)
    return path
