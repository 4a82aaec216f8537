"""A Program as the files that the chip loads: ``chip.json`` and a table of synapses for every projection."""

import io
import json
from typing import Any

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.target import Artifact, Options

NEURONS_PER_CORE = "neurons-per-core"
CHIP = "chip.json"


def lower(program: Program, options: Options) -> Artifact:
    """The files of a program. Raises InputError for an option that is no number of neurons."""
    room = options[NEURONS_PER_CORE]
    if not room.isdecimal() or int(room) < 1:
        raise InputError(f"{room!r} is no number of neurons", f"-O {NEURONS_PER_CORE}", "give a whole number from 1")
    cores = sum(-(-p.size // int(room)) for p in program.populations)
    chip: dict[str, Any] = {
        "order": list(program.order),
        "neurons": {p.name: _neurons(p) for p in program.populations},
        "synapses": [
            {"from": p.source, "to": p.target, "delay": p.delay, "table": f"synapses{number}.npy"}
            for number, p in enumerate(program.projections)
        ],
    }
    files = {CHIP: json.dumps(chip, indent=1).encode()}
    files |= {f"synapses{number}.npy": _table(p.weights.T) for number, p in enumerate(program.projections)}
    return Artifact(program, files, notes=(f"{cores} cores of {room} neurons",))


def _neurons(p: Population) -> dict[str, Any]:
    """The constants of a population, each a number or a list of one per neuron."""
    constants = {
        "current_decay": p.current_decay,
        "membrane_decay": p.membrane_decay,
        "threshold": p.threshold,
        "bias": p.bias,
        "first_membrane": p.initial_membrane,
        "first_current": p.initial_current,
    }
    plain = {name: np.asarray(value).ravel().tolist() for name, value in constants.items()}
    return {"count": p.size, "fires_at_threshold": p.compare == ">=", "subtracts": p.reset == "subtract", **plain}


def _table(rows: np.ndarray) -> bytes:
    """One row of weights per source neuron, as the bytes of an ``.npy`` file."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(rows, np.int32), allow_pickle=False)
    return buffer.getvalue()
