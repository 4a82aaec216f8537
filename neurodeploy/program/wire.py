"""``program.json`` as typed values, by ``msgspec``: unknown keys, words and kinds are refused while it is read.

Of the libraries that do this, ``msgspec`` is one package without dependencies, reads the frozen dataclasses that this
code already has, never turns a text into a number, and says where in the document a value is wrong.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from neurodeploy.program.population import Compare, Reset
from neurodeploy.program.population import Kind as PopulationKind
from neurodeploy.program.projection import Kind as ProjectionKind

Size = Annotated[int, Meta(ge=0, lt=1 << 31)]
Number = Annotated[int, Meta(ge=-(1 << 62), le=1 << 62)]
Name = Annotated[str, Meta(min_length=1, max_length=4096)]


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the values of a field stand: the name of an array in ``program.npz``."""

    array: str


class OutputFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a population sends."""

    kind: Literal["binary", "count", "graded"]
    width: Number
    signed: bool
    scale: Number


class InputFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An ``Input``."""

    name: Name
    shape: tuple[Size, ...]
    scale: Number
    bits: Number
    signed: bool
    rounding: Literal["half-even"]
    ends: tuple[Number, Number] | None = None


class PopulationFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ``Population``."""

    name: Name
    shape: tuple[Size, ...]
    kind: PopulationKind
    scale: Number
    current_decay: Number | Stored
    membrane_decay: Number | Stored
    threshold: Number | Stored
    bias: Number | Stored
    compare: Compare
    reset: Reset
    reset_value: Number
    every_step: bool
    floor: Number | None
    ceiling: Number | None
    fire_once: bool
    max_spikes_per_step: Number
    initial_membrane: Number | Stored
    initial_current: Number | Stored
    shift: Number
    output: OutputFile
    inserted: bool
    unit: float | Stored = 1.0


class ProjectionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ``Projection``."""

    name: Name
    source: Name
    target: Name
    kind: ProjectionKind
    weights: Stored
    shift: Number
    delay: Size
    message_bits: Number
    stride: tuple[Size, ...]
    padding: tuple[Size, ...]
    dilation: tuple[Size, ...]
    groups: Size
    order: Literal["sum"]
    inserted: bool


class HeadFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ``Head``; its weights stand in ``program.npz`` under ``post/NAME``."""

    kind: Name
    node: Name
    parameters: dict[str, float | int | str]
    weights: list[str]


class EncoderFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ``HostEncoder``."""

    node: Name
    features: Size
    settings: dict[str, Any]


class ProgramFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``program.json``."""

    format: int
    numerics: dict[str, int | bool | str]
    inputs: tuple[InputFile, ...]
    populations: tuple[PopulationFile, ...]
    projections: tuple[ProjectionFile, ...]
    outputs: tuple[Name, ...]
    provenance: dict[str, tuple[str, ...]]
    post: HeadFile | None = None
    pre: EncoderFile | None = None
