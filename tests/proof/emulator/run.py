"""One run of a compiled program in the emulated computer: what it is given, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.module import Port, Rendering
from neurodeploy.engine.batch import STATES, Records
from tests.proof.emulator.memory import CONTEXT, DONE, GIVEN, LINE, MADE, SECTOR, UNTOUCHED

Array = NDArray[Any]


class RunError(Exception):
    """A run did not come to its end, or wrote where it must not."""


@dataclass(frozen=True)
class Place:
    """An array of a node, ``at`` bytes into its region; ``key`` is "given", "output" or a state."""

    port: Port
    key: str
    dtype: np.dtype[Any]
    at: int
    end: int


@dataclass(frozen=True, eq=False)
class Run:
    """A program run once from its start.

    ``given``: what its inputs send, ``(steps, *shape)`` integers; ``states``: whether these are recorded. Arrays are
    aligned as their elements are and no better, with bytes around them that nobody may write.
    """

    rendering: Rendering
    given: Mapping[str, Array]
    states: bool

    def __post_init__(self) -> None:
        room = GIVEN + len(self.stimulus) <= MADE and MADE + self.record_bytes <= CONTEXT
        if not room:
            raise RunError(f"{self.rendering.prefix} is too large for the emulated computer")

    @property
    def steps(self) -> int:
        """How many."""
        return len(next(iter(self.given.values())))

    @property
    def record_bytes(self) -> int:
        """The size of what it leaves."""
        return _size(self._records())

    @property
    def stimulus(self) -> bytes:
        """What it is given, as it stands in memory."""
        places = self._inputs()
        region = np.zeros(_size(places), dtype=np.uint8)
        for each in places:
            rows = self.given[each.port.name].reshape(self.steps, -1)[:, each.port.layout.order]
            region[each.at : each.end] = np.frombuffer(rows.astype(each.dtype).tobytes(), dtype=np.uint8)
        return region.tobytes()

    @property
    def pointers(self) -> list[int]:
        """Five addresses a node, as the loop of compiled code takes them; 0 where there is no array."""
        known = {(each.port.name, each.key): GIVEN + each.at for each in self._inputs()}
        known |= {(each.port.name, each.key): MADE + each.at for each in self._records()}
        return [known.get((port.name, key), 0) for port in self.rendering.ports for key in ("given", "output", *STATES)]

    def read(self, left: bytes) -> Records:
        """What was recorded, inputs included, as one sample. Raises RunError."""
        if not whole(left):
            raise RunError(f"{self.rendering.prefix} did not come to its end")
        raw = np.frombuffer(left, dtype=np.uint8)
        between = np.arange(len(raw)) >= 8
        records: Records = {name: {"output": values[None]} for name, values in self.given.items()}
        for each in self._records():
            between[each.at : each.end] = False
            layout = each.port.layout
            rows = raw[each.at : each.end].copy().view(each.dtype).reshape(self.steps, -1)
            values = rows[:, layout.place].reshape(1, self.steps, *layout.shape)
            records.setdefault(each.port.name, {})[each.key] = values
        strays = np.flatnonzero(between & (raw != UNTOUCHED))
        if len(strays):
            where = "beside its arrays" if strays[0] >= LINE else "behind its context"
            raise RunError(f"{self.rendering.prefix} wrote {where}, first at byte {strays[0]} of its records")
        return records

    def _inputs(self) -> list[Place]:
        ports = (port for port in self.rendering.ports if port.is_input)
        return self._placed(((port, "given", port.dtype) for port in ports), 0)

    def _records(self) -> list[Place]:
        wanted: list[tuple[Port, str, str]] = []
        for port in self.rendering.ports:
            keys = STATES if self.states and port.states else ()
            own = [(port, "output", port.dtype), *((port, key, port.states) for key in keys)]
            wanted += [] if port.is_input else own
        return self._placed(wanted, LINE)

    def _placed(self, wanted: Iterable[tuple[Port, str, str]], start: int) -> list[Place]:
        places: list[Place] = []
        for port, key, name in wanted:
            dtype = np.dtype(name)
            at = -(-start // LINE) * LINE + dtype.itemsize
            places.append(Place(port, key, dtype, at, at + self.steps * port.layout.size * dtype.itemsize))
            start = places[-1].end + LINE
        return places


def whole(left: bytes) -> bool:
    """Whether a run that left this came to its end."""
    return int.from_bytes(left[:8], "little") == DONE


def _size(places: list[Place]) -> int:
    """The bytes of a region in whole sectors, with a line behind its last array."""
    return -(-(max((each.end for each in places), default=0) + LINE) // SECTOR) * SECTOR
