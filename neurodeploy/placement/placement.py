"""A placement as a value: which neurons stand on which core, what every core uses, and the traffic between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from neurodeploy.document import Block as Shown
from neurodeploy.document import line, plain_text, quiet
from neurodeploy.finding import Finding
from neurodeploy.html import html_document
from neurodeploy.placement.block import Block
from neurodeploy.placement.chip import RESOURCES, Chip
from neurodeploy.placement.packing import Cores
from neurodeploy.placement.traffic import Traffic
from neurodeploy.table import Table

FORMAT = 1
ROWS = 24
"""Cores that a terminal shows; the rest stand in ``--json``."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the neurons of a program stand.

    - ``chip``, ``chips``: the machine, and how many of it; ``strategy``: how cores were chosen.
    - ``cores``: the blocks of every core, by its number; a number counts through the cores of all chips.
    - ``used``: what every core uses of each resource.
    - ``traffic``: messages of the stimulus, or of one event of every neuron; ``first_fit_hops``: tiles that the same
      messages cross under the strategy first-fit.
    """

    chip: Chip
    chips: int
    strategy: str
    cores: Cores
    used: tuple[Mapping[str, int], ...]
    traffic: Traffic
    first_fit_hops: int
    stimulus: str
    findings: tuple[Finding, ...] = ()

    @property
    def occupied(self) -> tuple[int, ...]:
        """Numbers of the cores that hold something."""
        return tuple(number for number, blocks in enumerate(self.cores) if blocks)

    def core_of(self, population: str, neuron: tuple[int, ...]) -> int:
        """The core of a neuron. Raises KeyError where there is no such neuron."""
        for number, blocks in enumerate(self.cores):
            for block in blocks:
                spans = zip(block.starts, neuron, block.stops, strict=True)
                if block.population == population and all(start <= i < stop for start, i, stop in spans):
                    return number
        raise KeyError((population, neuron))

    def stored(self) -> dict[str, Any]:
        """What a bundle keeps: chip, strategy and blocks; all else follows from them and the program."""
        return {
            "format": FORMAT,
            "chip": msgspec.to_builtins(self.chip),
            "chips": self.chips,
            "strategy": self.strategy,
            "cores": [[block.to_json() for block in blocks] for blocks in self.cores],
        }

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``place --json`` prints it."""
        return {
            **self.stored(),
            "used": [dict(used) for used in self.used],
            "traffic": {**self.traffic.to_json(), "first_fit_hops": self.first_fit_hops, "of": self.stimulus},
            "findings": [finding.to_json() for finding in self.findings],
        }

    def blocks(self) -> list[Shown]:
        """What it shows of itself."""
        head = f"{len(self.occupied)} cores of {self.chips * self.chip.cores.value} on {self.chips} {self.chip.name}"
        return [
            line(f"{head}, strategy {self.strategy}", heading=True),
            self._limits(),
            self._table(),
            quiet(self.traffic_words),
            *(quiet(str(finding)) for finding in self.findings),
        ]

    @property
    def traffic_words(self) -> str:
        """Messages and hops in one line, with what the strategy saved."""
        traffic = self.traffic
        words = f"messages ({self.stimulus}): {traffic.messages:,}, of which {traffic.within:,} stay on their core; "
        words += f"{int(traffic.host.sum()):,} from the host; {traffic.hops:,} hops"
        if self.strategy == "first-fit":
            return words
        saved = 1 - traffic.hops / self.first_fit_hops if self.first_fit_hops else 0.0
        return f"{words}, first-fit {self.first_fit_hops:,} ({100 * saved:.1f} % saved)"

    def _limits(self) -> Table:
        rows: list[tuple[object, ...]] = []
        for name in RESOURCES:
            limit = getattr(self.chip.limits, name)
            amounts = [self.used[core][name] for core in self.occupied]
            most = max(amounts, default=0)
            share = "" if limit.value is None else f"{100 * most / limit.value:.0f} %"
            known = "not known" if limit.value is None else limit.value
            rows.append((name.replace("_", " "), most, known, share, sum(amounts), limit.status, limit.source))
        columns = ("resource", ">fullest core", ">limit", ">share", ">all cores", "status", "source")
        return Table("what cores use", columns, rows)

    def _table(self) -> Table:
        rows = [self._row(core) for core in self.occupied[:ROWS]]
        more = len(self.occupied) - len(rows)
        title = f"cores ({more} more in --json)" if more else "cores"
        columns = ("core", "tile", *(f">{name.replace('_', ' ')}" for name in RESOURCES), "holds")
        return Table(title, columns, rows)

    def _row(self, core: int) -> tuple[object, ...]:
        limits = [(self.used[core][name], self.chip.limit(name)) for name in RESOURCES]
        shares = [str(used) if limit is None else f"{used}/{limit}" for used, limit in limits]
        column, row = self.chip.tile(core)
        return core, f"{column},{row}", *shares, _holds(self.cores[core])

    def __repr__(self) -> str:
        return plain_text(self.blocks())

    def _repr_html_(self) -> str:
        return html_document(self.blocks())


def _holds(blocks: tuple[Block, ...]) -> str:
    return " ".join(f"{block.population}({block.size})" for block in blocks)
