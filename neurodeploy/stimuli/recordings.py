"""An event-camera recording as the stimulus of a network with one input ``(C, H, W)``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.events import Frames, Sensor, open_events
from neurodeploy.events.frames import Polarity, Values
from neurodeploy.events.source import EventSource
from neurodeploy.finding import Finding
from neurodeploy.network.network import Network
from neurodeploy.stimuli.arrays import from_arrays
from neurodeploy.stimulus import Origin, Stimulus

FIT = "fit"


@dataclass(frozen=True)
class Framing:
    """How a recording becomes frames; what is None follows from the network's input.

    - ``window`` or ``count``: the events of a frame, as ``Frames`` has them.
    - ``polarity``: without one, ``both`` for two channels (ON, OFF) and ``merged`` for one; a finding says so.
    - ``downscale``: a whole number, or ``"fit"`` for the input's height and width as SpikeSEG rescales.
    - ``values``: without them, ``binary`` for a binary input, ``normalized`` on the declared grid for a graded one up
      to 1, ``counts`` for the rest.
    - ``columns``, ``time_unit``, ``sort``: as ``open_events`` has them.
    """

    window: str | None = None
    count: int | None = None
    polarity: str | None = None
    downscale: int | Literal["fit"] = 1
    values: str | None = None
    columns: str | None = None
    time_unit: str | None = None
    sort: str | None = None

    @property
    def asked(self) -> str | None:
        """The first option that was given, as the command line spells it."""
        options = (
            name for name, value in vars(self).items() if value is not None and (name, value) != ("downscale", 1)
        )
        return next((name.replace("_", "-") for name in options), None)


@dataclass(frozen=True, eq=False)
class Recording:
    """An open recording, and how it becomes frames of the input ``name``; ``findings``: what was chosen for it."""

    source: EventSource
    frames: Frames
    name: str
    findings: tuple[Finding, ...]


def read_recording(path: Path, network: Network, framing: Framing, steps: int | None = None) -> Stimulus:
    """The stimulus of a network from a recording, one sample, ``(1, T, C, H, W)``; of its first ``steps`` where given.

    Raises as ``open_recording`` and ``Frames`` do.
    """
    recording = open_recording(path, network, framing)
    array = recording.frames.read(recording.source, steps).astype(np.float32)
    stimulus = from_arrays({recording.name: array}, network, Origin("recording", str(path)))
    return replace(stimulus, findings=recording.findings)


def open_recording(path: Path, network: Network, framing: Framing) -> Recording:
    """A recording whose frames fit the one input of a network.

    One that does not say the size of its sensor is taken to fit the input. Raises InputError where the input has no
    such shape, the frames have another, and where ``Frames`` does.
    """
    source = open_events(path, columns=framing.columns, time_unit=framing.time_unit, sort=framing.sort)
    name, shape = _input(network, path)
    frames = _frames(network, name, shape, framing, path)
    if source.sensor is None:
        if framing.downscale == FIT:
            problem = "the file does not say how large the sensor is"
            remedy = "save it with its width and height (neurodeploy.events.save_events), or give --downscale a number"
            raise InputError(problem, str(path), remedy)
        source = source.with_sensor(Sensor(shape[2] * frames.downscale, shape[1] * frames.downscale))
    framed = frames.shape(source.known_sensor())
    if framed != shape:
        problem = f"makes frames (C, H, W) = {framed} of its {source.sensor} pixels, the input {name!r} needs {shape}"
        raise InputError(problem, str(path), _remedy(source.known_sensor(), framed, shape))
    return Recording(source, frames, name, (*source.findings, *_chosen_polarity(framing, frames.polarity, name)))


def _chosen_polarity(framing: Framing, polarity: Polarity, name: str) -> tuple[Finding, ...]:
    """What became of the polarities where no option says it."""
    if framing.polarity is not None:
        return ()
    message = "ON and OFF events are merged into the one channel"
    remedy = "give --polarity merged, on, off or signed, whichever the network was trained on"
    if polarity == "both":
        message = "its two channels are ON, OFF; frames of tonic and SpikingJelly have OFF, ON"
        remedy = "give --polarity both-off-first for a network trained on those, or --polarity both"
    return (Finding("polarity-order", "info", name, message, remedy),)


def _input(network: Network, path: Path) -> tuple[str, tuple[int, int, int]]:
    names = network.input_names
    shape = network.shapes[names[0]]
    if len(names) != 1 or len(shape) != 3:
        inputs = ", ".join(f"{name} {network.shapes[name]}" for name in names)
        problem = f"a recording fits a network with one input (C, H, W), this one has {inputs}"
        raise InputError(problem, str(path), "make an .npz of it with neurodeploy.events.Frames")
    return names[0], shape


def _frames(network: Network, name: str, shape: tuple[int, int, int], framing: Framing, path: Path) -> Frames:
    if framing.window is None and framing.count is None:
        raise InputError("is a recording of events", str(path), "say what a frame is: --window 10ms, or --count 5000")
    if framing.polarity not in (None, *get_args(Polarity)):
        raise InputError(
            f"{framing.polarity!r} is not known", "--polarity", f"choose from {', '.join(get_args(Polarity))}"
        )
    if framing.values not in (None, *get_args(Values)):
        raise InputError(f"{framing.values!r} is not known", "--values", f"choose from {', '.join(get_args(Values))}")
    values = cast(Values, framing.values or _values(network, name))
    return Frames(
        window=framing.window,
        count=framing.count,
        polarity=cast(Polarity, framing.polarity or ("both" if shape[0] == 2 else "merged")),
        downscale=1 if framing.downscale == FIT else framing.downscale,
        size=shape[1:] if framing.downscale == FIT else None,
        values=values,
        grid=_grid(network, name) if values == "normalized" else None,
    )


def _values(network: Network, name: str) -> Values:
    declared = network.input_range(name)
    if declared.binary:
        return "binary"
    return "normalized" if declared.high <= 1 else "counts"


def _grid(network: Network, name: str) -> float | None:
    grid = network.input_range(name).grid
    return grid if grid is not None and grid <= 1 else None


def _remedy(sensor: Sensor, framed: tuple[int, int, int], shape: tuple[int, int, int]) -> str:
    """The options that would make the frames fit."""
    options: list[str] = []
    if framed[0] != shape[0]:
        if shape[0] > 2:
            return "no recording has more than two channels: make an .npz of it with neurodeploy.events.Frames"
        options.append("--polarity both" if shape[0] == 2 else "--polarity merged (or on, off, signed)")
    if framed[1:] != shape[1:]:
        factors = range(1, max(sensor.width, sensor.height) + 1)
        fits = (n for n in factors if (ceil(sensor.height / n), ceil(sensor.width / n)) == shape[1:])
        number = next(fits, None)
        options.append("--downscale fit" if number is None else f"--downscale {number}")
    return f"give {' and '.join(options)}"
