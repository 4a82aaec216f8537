"""What a sweep goes through: every combination of targets, options, stimuli, calibrations and seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from neurodeploy.errors import InputError
from neurodeploy.reading.door import read_text

LARGEST_SEED = (1 << 63) - 1
"""What a column of the table holds."""
NONE, OWN = "none", "own"
"""``none``: no calibration; ``own``: the model's own stimulus, or noise where it has none."""


@dataclass(frozen=True)
class Choices:
    """The values of every axis, in order. ``options``: by name, the values of an option."""

    targets: tuple[str, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    stimuli: tuple[str, ...] = (OWN,)
    calibrations: tuple[str, ...] = (NONE,)
    seeds: tuple[int, ...] = (0,)

    def __len__(self) -> int:
        size = len(self.targets) * len(self.stimuli) * len(self.calibrations) * len(self.seeds)
        for _, values in self.options:
            size *= len(values)
        return size

    def combinations(self) -> Iterator[tuple[str, tuple[tuple[str, str], ...], str, str, int]]:
        """Target, options, stimulus, calibration and seed of every row, the last varying fastest."""
        names = [name for name, _ in self.options]
        values = [values for _, values in self.options]
        for target, *rest in product(self.targets, *values, self.stimuli, self.calibrations, self.seeds):
            *chosen, stimulus, calibration, seed = rest
            options = tuple((name, str(value)) for name, value in zip(names, chosen, strict=True))
            yield str(target), options, str(stimulus), str(calibration), int(str(seed))


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """A sweep as a TOML file has it."""

    targets: list[str]
    options: dict[str, str | int | float | list[str | int | float]] = {}
    stimuli: list[str] = msgspec.field(default_factory=lambda: [OWN])
    calibrate: list[str] = msgspec.field(default_factory=lambda: [NONE])
    seeds: list[int] = msgspec.field(default_factory=lambda: [0])


def read_choices(path: Path) -> Choices:
    """The choices of a TOML file; names of stimuli are relative to it. Raises InputError."""
    what, remedy = (
        "is no sweep",
        'write e.g. targets = ["fixed"] and [options] weight-bits = [8, 4]; see docs/sweeps.md',
    )
    try:
        document = msgspec.toml.decode(read_text(path), type=Document)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(f"{what}: {error}", str(path), remedy) from error
    here = path.parent
    return choices_of(
        document.targets,
        {name: value if isinstance(value, list) else [value] for name, value in document.options.items()},
        [name if name == OWN else str(here / name) for name in document.stimuli],
        [name if name in (NONE, OWN) else str(here / name) for name in document.calibrate],
        document.seeds,
        str(path),
    )


def choices_of(
    targets: Sequence[str],
    options: Mapping[str, Sequence[Any]],
    stimuli: Sequence[str],
    calibrations: Sequence[str],
    seeds: Sequence[int],
    where: str = "sweep",
) -> Choices:
    """Choices of given values. Raises InputError where an axis is empty or names a value twice."""
    axes: dict[str, Sequence[Any]] = {"targets": targets, "stimuli": stimuli, "calibrate": calibrations, "seeds": seeds}
    axes |= {f"option {name}": values for name, values in options.items()}
    for name, values in axes.items():
        texts = list(map(str, values))
        if not texts:
            raise InputError(f"{name}: there is no value to go through", where, f"give {name} one value or more")
        if twice := sorted({text for text in texts if texts.count(text) > 1}):
            raise InputError(f"{name}: {twice[0]!r} stands there twice", where, "name every value once")
    if min(seeds) < 0 or max(seeds) > LARGEST_SEED:
        seed = min(seeds) if min(seeds) < 0 else max(seeds)
        raise InputError(f"seeds: {seed} is out of range", where, f"give whole numbers from 0 to {LARGEST_SEED}")
    chosen = tuple((name, tuple(map(str, values))) for name, values in options.items())
    return Choices(tuple(targets), chosen, tuple(stimuli), tuple(calibrations), tuple(seeds))
