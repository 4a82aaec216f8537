"""Runs the chip on a stimulus and returns what every population did."""

import numpy as np

from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact
from neurodeploy.trace import Entry, Trace
from toychip.simulator import simulate


def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
    """What the chip does with a stimulus; with ``drive`` every synapse is fed that trace's outputs."""
    program = artifact.program
    sent = {each.name: each.quantize(stimulus[each.name]) for each in program.inputs}
    lead = next(iter(sent.values())).shape[:2]
    forced = None if drive is None else {name: _events(entry.output) for name, entry in drive.entries.items()}
    records = simulate(artifact.files, {name: _events(values) for name, values in sent.items()}, forced)
    entries = {each.name: Entry(sent[each.name], each.output.kind == "graded", each.scale) for each in program.inputs}
    for p in program.populations:
        record, shape = records[p.name], (*lead, *p.shape)
        v, u = (record.membrane.reshape(shape), record.current.reshape(shape)) if states else (None, None)
        entries[p.name] = Entry(record.spikes.reshape(shape).astype(np.int64), v=v, u=u, state_scale=p.scale)
    return Trace(entries, {"rung": "toychip"})


def _events(output: np.ndarray) -> np.ndarray:
    """Integers ``(samples, steps, *shape)`` as spikes ``(samples, steps, neurons)``."""
    return (output != 0).reshape(*output.shape[:2], -1)
