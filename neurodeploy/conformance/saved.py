"""A failing case in a folder: its program, its stimulus, and how it ran."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import msgspec

from neurodeploy.atomic import new_folder
from neurodeploy.conformance.case import Case
from neurodeploy.conformance.modes import MODES, Mode
from neurodeploy.conformance.suite import Failure
from neurodeploy.errors import InputError
from neurodeploy.program.store import program_files, read_program
from neurodeploy.reading import read_bytes, read_json, stage
from neurodeploy.stimulus import Stimulus

ABOUT = "case.json"
FORMAT = 1
REMEDY = "give a folder that `neurodeploy targets conform -o` wrote"


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the folder says of its case."""

    format: int
    target: str
    case: str
    mode: str
    reason: str
    options: dict[str, str]


@dataclass(frozen=True, eq=False)
class Saved:
    """A case that failed, the mode in which it did, and the options of its target."""

    case: Case
    mode: Mode
    options: dict[str, str]


def check_free(folder: Path) -> None:
    """Raises InputError where ``folder`` exists and holds no case: it may be someone's work."""
    if folder.exists() and not (folder / ABOUT).is_file():
        raise InputError("exists and is no saved case", str(folder), "name another folder")


def save(failure: Failure, target: str, options: dict[str, str], folder: Path) -> None:
    """Write a failing case, whole or not at all; a case that is there is replaced. Raises as ``check_free`` does."""
    check_free(folder)
    about = About(FORMAT, target, failure.case.name, failure.mode, failure.reason, options)
    files = {**program_files(failure.case.program), ABOUT: json.dumps(msgspec.to_builtins(about), indent=1).encode()}
    with new_folder(folder) as place:
        stage(place, files)
        failure.case.stimulus.save(place / "stimulus.npz")


def read(folder: Path) -> Saved:
    """What ``save`` wrote. Raises InputError for anything else."""
    if not (folder / ABOUT).is_file():
        raise InputError("holds no saved case", str(folder), REMEDY)
    about = read_json(folder / ABOUT, About, "is no saved case", REMEDY)
    if about.format != FORMAT or about.mode not in MODES:
        raise InputError("is a case of another version", str(folder / ABOUT), "run the suite again")
    files = {name: read_bytes(folder / name) for name in ("program.json", "program.npz")}
    program = read_program(files, str(folder))
    stimulus = Stimulus.load(folder / "stimulus.npz")
    return Saved(Case(about.case, program, stimulus, stimulus.steps), about.mode, about.options)
