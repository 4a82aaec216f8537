"""What a case of the walk over remedies is, and the places in the source that refuse a network."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from neurodeploy.errors import CannotRepresentError, CapabilityError, NeurodeployError, RefusedError
from neurodeploy.finding import Finding

ROOT = Path(__file__).parents[2]
ROOMS = (
    "neurodeploy/frontends",
    "neurodeploy/passes",
    "neurodeploy/embedded",
    "neurodeploy/program/rules.py",
    "neurodeploy/program/latency.py",
    "neurodeploy/network/builder.py",
    "neurodeploy/target.py",
    "targets",
)
ERRORS = ("RefusedError", "CannotRepresentError")
HELPERS = ("need", "refused", "violation", "outside", "_need", "_within")
"""Functions that make an error or a finding for their callers."""

Place = str
"""``file:line`` of the call that makes an error."""


@dataclass(frozen=True)
class Case:
    """A network that is refused, and the one that follows the remedy.

    ``refused`` raises; ``followed`` does not. ``says``: words of the remedy that ``followed`` takes literally.
    """

    refused: Callable[[], object]
    says: str
    followed: Callable[[], object]


def places() -> dict[Place, str]:
    """Every call in the rooms that refuses a network or finds an error in it, with its last argument as written."""
    found: dict[Place, str] = {}
    for room in ROOMS:
        at = ROOT / room
        for path in sorted(at.rglob("*.py")) if at.is_dir() else [at]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _refuses(node):
                    written = ast.unparse(node.args[-1]) if node.args else ""
                    found[f"{path.relative_to(ROOT)}:{node.lineno}"] = written
    return found


def _refuses(call: ast.Call) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    error = len(call.args) > 1 and isinstance(call.args[1], ast.Constant) and call.args[1].value == "error"
    return name in (*ERRORS, *HELPERS) or (name == "Finding" and error)


def refusal_of(case: Case) -> tuple[str, frozenset[Place]]:
    """The remedies of a case that hold its words, and the places that made them."""
    made: list[tuple[tuple[str, str], Place]] = []
    with recorded(made):
        try:
            case.refused()
        except (RefusedError, CannotRepresentError) as error:
            told = {(error.what, error.remedy)}
        except CapabilityError as error:
            told = {(finding.message, finding.remedy) for finding in error.findings if case.says in finding.remedy}
            assert told, error
        else:
            raise AssertionError("it is not refused")
    return "\n".join(remedy for _, remedy in told), frozenset(place for words, place in made if words in told)


@contextmanager
def recorded(made: list[tuple[tuple[str, str], Place]]) -> Iterator[None]:
    """While it is open, every refusal and finding that is made is put down with the places that make it."""
    plain: dict[Any, Any] = {kind: kind.__init__ for kind in (RefusedError, CannotRepresentError, Finding)}

    def recording(kind: type[NeurodeployError | Finding]) -> Any:
        def made_by(self: Any, *args: Any, **kwargs: Any) -> None:
            plain[kind](self, *args, **kwargs)
            said = self.message if isinstance(self, Finding) else self.what
            frame: FrameType | None = sys._getframe(1)
            while frame is not None:  # where it is made, and the callers of helpers
                made.append(((said, self.remedy), _place(frame)))
                frame = frame.f_back if frame.f_code.co_name in HELPERS else None

        return made_by

    for kind in plain:
        kind.__init__ = recording(kind)
    try:
        yield
    finally:
        for kind, written in plain.items():
            kind.__init__ = written


def _place(frame: FrameType) -> Place:
    path = Path(frame.f_code.co_filename)
    return f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{frame.f_lineno}"
