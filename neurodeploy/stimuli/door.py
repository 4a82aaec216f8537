"""The one door through which every stimulus comes in, checked once against the network that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events import is_recording
from neurodeploy.network.network import Network
from neurodeploy.stimuli.arrays import check_fit, from_arrays
from neurodeploy.stimuli.made import make_stimulus
from neurodeploy.stimuli.recordings import Framing, read_recording
from neurodeploy.stimuli.signals import SIGNAL, from_signal, read_signal_file
from neurodeploy.stimulus import ABOUT, Origin, Stimulus, read_arrays, stimulus_of

Source = Stimulus | Mapping[str, Any] | NDArray[Any] | str | Path | None
"""What ``open_stimulus`` opens."""


def open_stimulus(
    source: Source,
    network: Network,
    *,
    steps: int | None = None,
    samples: int | None = None,
    seed: int = 0,
    batch: bool = False,
    framing: Framing | None = None,
    checking: bool = False,
) -> Stimulus:
    """The stimulus of ``network`` that ``source`` names.

    - ``source``: a Stimulus; arrays by name of the input (``labels`` may stand beside them; ``input`` or a bare array
      suffices where there is one input); the path of a file; or None for the model's own stimulus, else 10 % noise.
      A network that an encoder heads takes a ``signal`` instead. Arrays are ``(T, *shape)`` or ``(B, T, *shape)``,
      signals ``(F, T)`` or ``(B, F, T)``.
    - ``steps``, ``samples``: of a stimulus that is made here, or the first of one that is given; ``seed``: of one that
      is made here.
    - ``batch``: the arrays must have a sample axis.
    - ``framing``: how a recording of events becomes frames.
    - ``checking``: None means the stimulus of the model's checks, where it has one.

    A Stimulus that fits is returned as it is. Raises InputError for what cannot be read or does not fit.
    """
    framing = framing or Framing()
    path = Path(source) if isinstance(source, str | Path) else None
    if path is not None and network.host.pre is None and is_recording(path):
        if batch:
            raise InputError("a recording is one sample", "--batch", "leave out the option")
        return read_recording(path, network, framing, steps)
    if framing.asked is not None:
        problem = "there is no recording of events to frame"
        raise InputError(problem, f"--{framing.asked}", "give one with --input, or leave out the option")
    if source is None:
        return make_stimulus(network, steps, samples, seed, checking)
    return _given(source, network, batch).first(steps, samples)


def _given(source: Stimulus | Mapping[str, Any] | NDArray[Any] | str | Path, network: Network, batch: bool) -> Stimulus:
    if isinstance(source, str | Path):
        return _read_file(Path(source), network, batch)
    if isinstance(source, Stimulus):
        return check_fit(source, network)
    if isinstance(source, np.ndarray):
        source = {"input" if network.host.pre is None else SIGNAL: source}
    return _of_arrays(source, network, Origin(), batch)


def _read_file(path: Path, network: Network, batch: bool) -> Stimulus:
    """An ``.npz`` of arrays, a saved Stimulus, or a file of signals for an encoder."""
    origin = Origin("file", str(path))
    if network.host.pre is not None and path.suffix.lower() != ".npz":
        return from_signal(read_signal_file(path), network, origin, batch)
    arrays = read_arrays(path)
    if ABOUT in arrays:
        return check_fit(stimulus_of(arrays, path), network)
    return _of_arrays(arrays, network, origin, batch)


def _of_arrays(arrays: Mapping[str, Any], network: Network, origin: Origin, batch: bool) -> Stimulus:
    make = from_arrays if network.host.pre is None else from_signal
    return make(arrays, network, origin, batch)
