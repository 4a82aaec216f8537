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

from neurodeploy.errors import CannotRepresentError, NeurodeployError, RefusedError

ROOT = Path(__file__).parents[2]
ROOMS = ("neurodeploy/frontends", "neurodeploy/passes")
REFUSALS = ("RefusedError", "CannotRepresentError", "need")
"""What refuses a network by name: the two errors, and the function that raises one unless a condition holds."""

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
    """Every call in the rooms that refuses a network, with its last argument as it is written."""
    found: dict[Place, str] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
                    written = ast.unparse(node.args[-1]) if node.args else ""
                    found[f"{path.relative_to(ROOT)}:{node.lineno}"] = written
    return found


def refusal_of(case: Case) -> tuple[NeurodeployError, frozenset[Place]]:
    """The error of a case, and the places that made an error of these words."""
    made: list[tuple[tuple[str, str], Place]] = []
    with recorded(made):
        try:
            case.refused()
        except (RefusedError, CannotRepresentError) as error:
            return error, frozenset(place for words, place in made if words == (error.what, error.remedy))
    raise AssertionError("it is not refused")


@contextmanager
def recorded(made: list[tuple[tuple[str, str], Place]]) -> Iterator[None]:
    """While it is open, every refusal that is made is put down with the places that make it."""
    plain = {kind: kind.__init__ for kind in (RefusedError, CannotRepresentError)}

    def recording(kind: type[NeurodeployError]) -> Any:
        def made_by(self: NeurodeployError, *args: Any, **kwargs: Any) -> None:
            plain[kind](self, *args, **kwargs)
            frame: FrameType | None = sys._getframe(1)
            for _ in range(2):  # where it is made, and the caller of ``need``
                if frame is not None:
                    made.append(((self.what, self.remedy), _place(frame)))
                    frame = frame.f_back if frame.f_code.co_name == "need" else None

        return made_by

    for kind in plain:
        kind.__init__ = recording(kind)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for kind, written in plain.items():
            kind.__init__ = written  # type: ignore[method-assign]


def _place(frame: FrameType) -> Place:
    path = Path(frame.f_code.co_filename)
    return f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{frame.f_lineno}"
