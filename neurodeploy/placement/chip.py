"""Chips as data: cores, mesh, and what one core holds, each limit with its source and how far it is trusted."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from neurodeploy.errors import InputError, choices
from neurodeploy.reading import read_bytes
from neurodeploy.reading.json import as_kind

BUILT_IN = Path(__file__).with_name("chips")
KIBI = 1 << 10
LARGEST = 64 * KIBI
RESOURCES: tuple[str, ...] = ("neurons", "synapse_bits", "in_axons", "out_axons", "thresholds", "synapse_formats")
"""What a core has a limited number of."""
WORDS = {
    "neurons": "neurons",
    "synapse_bits": "bits of synapse memory",
    "in_axons": "input axons",
    "out_axons": "output axons",
    "thresholds": "different thresholds",
    "synapse_formats": "synapse formats",
}
Status = Literal["measured", "source", "paper", "derived", "unverified"]
REMEDY = "write it like neurodeploy/placement/chips/loihi2.yaml; null stands for a limit that is not known"


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number with its ``source`` and ``status``; None where it is not known."""

    value: int | None
    status: Status
    source: str

    def __post_init__(self) -> None:
        if self.value is not None and self.value < 1:
            raise ValueError(f"a limit of {self.value}: give 1 or more, or null")


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number that must be known."""

    value: int
    status: Status
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.value <= 1 << 20:
            raise ValueError(f"{self.value} is out of range: give 1 to {1 << 20}")


class Flag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a chip can do something."""

    value: bool
    status: Status
    source: str


class Mesh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tiles of cores in rows and columns; a message takes a hop from tile to tile."""

    width: int
    height: int
    cores_per_tile: int
    status: Status
    source: str

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.cores_per_tile) < 1:
            raise ValueError("a mesh has at least one row, one column and one core per tile")


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one core holds.

    - ``neurons``; ``synapse_bits``: memory for weights and indices.
    - ``in_axons``: source neurons with a synapse on the core, counted per projection; ``out_axons``: of every neuron on
      it, the cores that it reaches, per projection.
    - ``thresholds``: different values on the core; ``synapse_formats``: projections that end on it.
    """

    neurons: Limit
    synapse_bits: Limit
    in_axons: Limit
    out_axons: Limit
    thresholds: Limit
    synapse_formats: Limit


class Chip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chip: its cores, where they stand, and what one of them holds.

    - ``numerics``: the integers that a source is quantized to. ``cores``: of one chip.
    - ``shared_kernels``: whether a core stores the kernel of a convolution once for all neurons on it.
    - ``index_bits``: what a stored synapse takes beside its weight. ``max_delay``: in steps.
    """

    format: Literal[1]
    name: str
    summary: str
    numerics: str
    cores: Known
    mesh: Mesh
    shared_kernels: Flag
    index_bits: Known
    max_delay: Limit
    limits: Limits

    def __post_init__(self) -> None:
        room = self.mesh.width * self.mesh.height * self.mesh.cores_per_tile
        if room < self.cores.value:
            raise ValueError(f"its mesh has room for {room} cores, and it has {self.cores.value}")

    def limit(self, resource: str) -> int | None:
        """How much of a resource one core has; None where that is not known."""
        limit: Limit = getattr(self.limits, resource)
        return limit.value

    def tile(self, core: int) -> tuple[int, int]:
        """Column and row of the tile of a core: tiles count down the columns; further chips stand to the right."""
        chip, place = divmod(core, self.cores.value)
        column, row = divmod(place // self.mesh.cores_per_tile, self.mesh.height)
        return chip * self.mesh.width + column, row

    @property
    def unverified(self) -> tuple[str, ...]:
        """Names of what nobody has verified."""
        parts = {name: getattr(self.limits, name) for name in RESOURCES}
        parts |= {"cores": self.cores, "mesh": self.mesh, "shared_kernels": self.shared_kernels}
        return tuple(name for name, part in parts.items() if part.status == "unverified")


def chip_names() -> tuple[str, ...]:
    """Names of the chips that come along."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.yaml")))


def find_chip(name: str) -> Chip:
    """A chip that comes along, or that of a YAML file.

    Raises InputError for an unknown name, and for a file that is no chip, with everything it lacks.
    """
    if name in chip_names():
        return read_chip(BUILT_IN / f"{name}.yaml")
    if name.endswith((".yaml", ".yml")):
        return read_chip(Path(name))
    raise InputError(f"unknown chip {name!r}", "--chip", f"{choices(name, chip_names())}; or give a file (.yaml)")


def read_chip(path: Path) -> Chip:
    """The chip of a YAML file. Raises InputError."""
    text = read_bytes(path, LARGEST)
    if len(text) > LARGEST:
        raise InputError(f"takes {len(text)} bytes, more than any chip's description", str(path), REMEDY)
    try:
        data = yaml.load(text, _Plain)  # a safe loader that refuses aliases too
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"is no YAML: {' '.join(str(error).split())}", str(path), REMEDY) from error
    return chip_of(data, str(path))


def chip_of(data: Any, where: str) -> Chip:
    """A chip from plain data. Raises InputError, with everything that is missing at once."""
    missing = _missing(data)
    if missing:
        raise InputError(f"is no chip: it lacks {', '.join(missing)}", where, REMEDY)
    return as_kind(data, Chip, where, "is no chip", REMEDY)


def _missing(data: Any) -> list[str]:
    if not isinstance(data, dict):
        return list(Chip.__struct_fields__)
    missing = [name for name in Chip.__struct_fields__ if name not in data]
    limits: Any = data.get("limits", {})
    if "limits" in data:
        missing += [f"limits.{name}" for name in RESOURCES if not isinstance(limits, dict) or name not in limits]
    return missing


class _Plain(yaml.SafeLoader):
    """Plain values only: no alias, which could unfold a small file into a huge value, and no key twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("it has an alias (*name); write the value out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.YAMLError(f"it gives {twice[0]} twice")
        return super().construct_mapping(node, deep)
