"""The chip itself. It knows its files and nothing of the program they were made from."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LARGEST = 2**31 - 1
DECAY_ONE = 4096

Spikes = np.ndarray
"""Booleans of shape ``(samples, steps, neurons)``."""


@dataclass
class Record:
    """Spikes, membranes after reset and currents of a core, each ``(samples, steps, neurons)``."""

    spikes: np.ndarray
    membrane: np.ndarray
    current: np.ndarray


def simulate(
    files: Mapping[str, bytes], inputs: Mapping[str, Spikes], forced: Mapping[str, Spikes] | None = None
) -> dict[str, Record]:
    """Run the chip on spikes from outside. With ``forced`` all synapses read these spikes instead of the cores' own."""
    chip = json.loads(files["chip.json"])
    tables = [np.load(io.BytesIO(files[each["table"]]), allow_pickle=False) for each in chip["synapses"]]
    samples, steps = next(iter(inputs.values())).shape[:2]
    shape = {name: (samples, steps, core["count"]) for name, core in chip["neurons"].items()}
    records = {
        name: Record(np.zeros(size, bool), np.zeros(size, np.int64), np.zeros(size, np.int64))
        for name, size in shape.items()
    }
    states = {name: [_full(core, key, samples) for key in ("first_current", "first_membrane")]
              for name, core in chip["neurons"].items()}  # fmt: skip
    sent = {**inputs, **{name: record.spikes for name, record in records.items()}}
    heard = sent if forced is None else {**sent, **forced}
    for t in range(steps):
        for name in chip["order"]:
            core, state = chip["neurons"][name], states[name]
            drive = np.zeros((samples, core["count"]), np.int64)
            for synapses, table in zip(chip["synapses"], tables, strict=True):
                if synapses["to"] == name and t >= synapses["delay"]:
                    drive += _saturated(_arriving(heard[synapses["from"]][:, t - synapses["delay"]], table))
            spikes = _step(core, state, _saturated(drive))
            record = records[name]
            record.spikes[:, t], record.current[:, t], record.membrane[:, t] = spikes, state[0], state[1]
    return records


def _arriving(spikes: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The rows of all neurons that fired, added up event by event."""
    total = np.zeros((len(spikes), table.shape[1]), np.int64)
    for sample, neuron in np.argwhere(spikes):
        total[sample] += table[neuron]
    return total


def _step(core: Mapping[str, object], state: list[np.ndarray], drive: np.ndarray) -> np.ndarray:
    """One step of every neuron of a core; the state is current and membrane."""
    current = _saturated(_shrunk(state[0], core["current_decay"]) + drive)
    membrane = _saturated(_shrunk(state[1], core["membrane_decay"]) + current + np.asarray(core["bias"]))
    threshold = np.asarray(core["threshold"])
    fires = membrane >= threshold if core["fires_at_threshold"] else membrane > threshold
    after = membrane - threshold if core["subtracts"] else np.zeros_like(membrane)
    state[0], state[1] = current, np.where(fires, after, membrane)
    return fires


def _shrunk(values: np.ndarray, decay: object) -> np.ndarray:
    """What a decay in 4096ths leaves of values, truncated toward zero."""
    kept = np.abs(values) * (DECAY_ONE - np.asarray(decay)) // DECAY_ONE
    return np.where(values < 0, -kept, kept)


def _saturated(values: np.ndarray) -> np.ndarray:
    """Values in the symmetric range of 32 bits."""
    return np.clip(values, -LARGEST, LARGEST)


def _full(core: Mapping[str, object], key: str, samples: int) -> np.ndarray:
    return np.zeros((samples, core["count"]), np.int64) + np.asarray(core[key], np.int64)
