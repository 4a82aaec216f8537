"""A stimulus in blocks of steps, so that a recording of any length is shown in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurodeploy.events import is_recording
from neurodeploy.finding import Finding
from neurodeploy.network.network import Network
from neurodeploy.stimuli.arrays import from_arrays
from neurodeploy.stimuli.door import Source, open_stimulus
from neurodeploy.stimuli.recordings import Framing, Recording, open_recording
from neurodeploy.stimulus import Origin, Stimulus

STEPS = 256
"""Steps of a block of a stimulus that is held whole."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """``parts`` follow one another in time, each of ``batch`` samples; ``findings``: what was chosen to make them."""

    batch: int
    parts: Iterator[Stimulus]
    findings: tuple[Finding, ...]


def open_blocks(
    source: Source,
    network: Network,
    *,
    steps: int | None = None,
    samples: int | None = None,
    seed: int = 0,
    batch: bool = False,
    framing: Framing | None = None,
) -> Blocks:
    """What ``open_stimulus`` opens, in blocks; only a recording of events is never held whole. Raises as that does."""
    path = Path(source) if isinstance(source, str | Path) else None
    if path is not None and not batch and network.host.pre is None and is_recording(path):
        recording = open_recording(path, network, framing or Framing())
        return Blocks(1, _framed(recording, network, Origin("recording", str(path)), steps), recording.findings)
    whole = open_stimulus(source, network, steps=steps, samples=samples, seed=seed, batch=batch, framing=framing)
    starts = range(0, whole.steps, STEPS)
    parts = (whole.part(slice(None), slice(start, start + STEPS)) for start in starts)
    return Blocks(whole.batch, parts, whole.findings)


def _framed(recording: Recording, network: Network, origin: Origin, steps: int | None) -> Iterator[Stimulus]:
    for block in recording.frames.blocks(recording.source, steps):
        yield from_arrays({recording.name: block.astype(np.float32)}, network, origin)
