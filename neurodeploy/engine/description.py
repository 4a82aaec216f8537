"""What the engine must know of compiled code to run it; kept beside the library, so that nothing is rendered again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.port import Port

if TYPE_CHECKING:
    from neurodeploy.codegen.module import Rendering

MADE_BY = ("codegen", "step", "analysis", "program", "numerics.py", "integers.py", "window.py", "foreign.py")
"""What a rendering depends on beside its program."""


@dataclass(frozen=True)
class Description:
    """The prefix of its functions, the memory of one sample, and its nodes."""

    prefix: str
    context_bytes: int
    ports: tuple[Port, ...]

    @staticmethod
    def of(rendering: Rendering) -> Description:
        """The description of what a rendering compiles to."""
        return Description(rendering.prefix, rendering.context_bytes, rendering.ports)

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Description:
        """What ``to_text`` wrote."""
        data = _tuples(json.loads(text))
        fields: list[dict[str, Any]] = [{**port, "layout": Layout(**port["layout"])} for port in data["ports"]]
        ports = [Port(**port) for port in fields]
        return Description(data["prefix"], data["context_bytes"], tuple(ports))


@cache
def codegen_digest() -> str:
    """A digest of the code generator: it changes whenever a program might be rendered differently."""
    digest = hashlib.sha256()
    home = Path(__file__).parents[1]
    sources = {str(path): path for part in MADE_BY for path in _sources(home / part)}
    for name in sorted(sources):
        with sources[name].open("rb", buffering=0) as file:
            digest.update(name[len(str(home)) :].encode() + b"\0" + file.read())
    return digest.hexdigest()


def _sources(place: Path) -> Iterator[Path]:
    """Python files of a folder and below, or the one that ``place`` is."""
    if place.suffix == ".py":
        yield place
    elif place.is_dir():
        for entry in place.iterdir():
            yield from _sources(entry)


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
