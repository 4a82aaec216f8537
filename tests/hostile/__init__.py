"""Hostile inputs by seed: a sound file of each kind with one thing in it changed as a forger or a fault would.

``outcome`` opens the file as a user's command would, and says how that ended.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.bundle import Bundle
from neurodeploy.contract import Contract
from neurodeploy.errors import CapabilityError, InputError, RefusedError
from neurodeploy.network.network import Network
from neurodeploy.program.program import Program
from neurodeploy.program.store import program_files, read_program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from tests.hostile.kinds import KINDS, Files

REFUSED, READ = "refused", "read"
SLOW = 10.0
"""Seconds that a file may take, at most."""


def files_of(kind: str, seed: int) -> Files:
    """The changed file, and those that belong to it."""
    return KINDS[kind].make(np.random.default_rng([seed, *kind.encode()]))


def content(files: Files) -> str:
    """What tells these files from others."""
    parts = (part for name, data in sorted(files.items()) for part in (name.encode(), hashlib.sha256(data).digest()))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def outcome(kind: str, seed: int) -> tuple[str, object]:
    """How opening the changed file ended: ``read`` (with what it holds), ``refused``, or the error none should be."""
    with tempfile.TemporaryDirectory() as place:
        for name, data in files_of(kind, seed).items():
            (Path(place) / name).write_bytes(data)
        try:
            return READ, KINDS[kind].read(Path(place))
        except (InputError, CapabilityError, RefusedError) as error:
            return REFUSED, error
        except Exception as error:
            return f"{type(error).__name__}: {error}", error


def sent_to(program: Program, seed: int) -> dict[str, Any]:
    """A stimulus for a program that was read: over all that its inputs send, and beyond."""
    rng = np.random.default_rng([seed, 1])
    return {
        node.name: rng.integers(node.output.low - 1, node.output.high + 1, (1, 6, *node.shape), endpoint=True)
        * 2.0**-node.scale
        for node in program.inputs
    }


def is_right(value: object, seed: int) -> bool:
    """Whether what was read has a meaning: the reference runs it, and what it says of itself is the same again."""
    if isinstance(value, Bundle):
        return is_right(value.program, seed)
    if isinstance(value, Program):
        with np.errstate(all="ignore"):
            return is_lossless(value) and bool(run_program(value, sent_to(value, seed)).entries)
    if isinstance(value, Network):
        with np.errstate(all="ignore"):
            ones = {name: np.ones((1, 3, *value.shapes[name])) for name in value.input_names}
            return bool(run_network(value, ones).entries)
    if isinstance(value, Contract):
        return Contract.from_json(value.to_json()) == value
    return True


def is_lossless(program: Program) -> bool:
    """Whether a program that was read is the same after it is written and read again."""
    files = program_files(program)
    return program_files(read_program(files)) == files
