"""Options of a stage: each is a field of its dataclass, whose metadata holds the help text and the values it takes.

From these fields come the ``-O`` options of the command line, their texts and defaults in ``export --stages``, and the
messages for bad values. A field without such metadata is no option: only code can set it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, cast

from neurodeploy.errors import InputError, choices
from neurodeploy.numerics import Numerics

EVERY_LAYER = "*"
"""Stands for all layers that are not named."""


class Domain(Protocol):
    """The values that an option takes."""

    def describe(self, machines: Sequence[Numerics]) -> str:
        """The values in words, for the first of ``machines``; without machines, for any."""
        ...

    def check(self, key: str, value: Any, machines: Sequence[Numerics]) -> None:
        """Raises InputError for a value that the option does not take."""
        ...

    def read(self, key: str, text: str, machines: Sequence[Numerics]) -> Any:
        """The value that a text stands for. Raises InputError."""
        ...


@dataclass(frozen=True)
class WholeNumber:
    """Whole numbers from ``least`` to the ``most`` that a machine allows; ``limit`` says in words what that is."""

    least: int
    most: Callable[[Numerics], int]
    limit: str

    def describe(self, machines: Sequence[Numerics]) -> str:
        """The range in words."""
        most = str(self.most(machines[0])) if machines else self.limit
        return f"a whole number from {self.least} to {most}"

    def check(self, key: str, value: Any, machines: Sequence[Numerics]) -> None:
        """Raises InputError for another type, and for a number out of range."""
        if not self._takes(value, machines):
            raise self._bad(key, value, machines)

    def read(self, key: str, text: str, machines: Sequence[Numerics]) -> int:
        """The number that a text of digits stands for. Raises InputError."""
        if not text.isdecimal() or not self._takes(int(text), machines):
            raise self._bad(key, text, machines)
        return int(text)

    def _takes(self, value: Any, machines: Sequence[Numerics]) -> bool:
        if not isinstance(value, int) or isinstance(value, bool) or value < self.least:
            return False
        return not machines or value <= self.most(machines[0])

    def _bad(self, key: str, value: Any, machines: Sequence[Numerics]) -> InputError:
        example = self.most(machines[0]) if machines else self.least
        return InputError(f"{value!r} is not {self.describe(machines)}", f"-O {key}", f"write e.g. {key}={example}")


@dataclass(frozen=True)
class PerLayer:
    """A value for all layers, values for layers by name, or both: ``6``, ``6,conv1:16``, ``conv1:16``.

    It is read as a value, or as values by the name of a layer, where ``*`` stands for all that are not named.
    ``example``: what the text may look like.
    """

    each: WholeNumber | OneOf
    example: str

    def describe(self, machines: Sequence[Numerics]) -> str:
        """The range in words."""
        return f"{self.each.describe(machines)}, or one per layer as in {self.example}"

    def check(self, key: str, value: Any, machines: Sequence[Numerics]) -> None:
        """Raises InputError for a value that none of its layers takes."""
        values: Mapping[str, Any] = {EVERY_LAYER: value}
        if isinstance(value, Mapping):
            values = cast("Mapping[str, Any]", value)
        for each in values.values():
            self.each.check(key, each, machines)

    def read(self, key: str, text: str, machines: Sequence[Numerics]) -> Any:
        """The value that a text stands for, or the values by layer. Raises InputError."""
        if ":" not in text:
            return self.each.read(key, text, machines)
        values: dict[str, Any] = {}
        for part in text.split(","):
            name, _, value = part.strip().rpartition(":")
            name = name.strip() or EVERY_LAYER
            if name in values:
                raise InputError(f"{part.strip()!r} comes twice", f"-O {key}", "give each layer one value")
            values[name] = self.each.read(key, value.strip(), machines)
        return values


@dataclass(frozen=True)
class Share:
    """A number above 0 and up to 1."""

    def describe(self, machines: Sequence[Numerics]) -> str:
        """The range in words."""
        return "a number above 0, at most 1"

    def check(self, key: str, value: Any, machines: Sequence[Numerics]) -> None:
        """Raises InputError for another type, and for a number out of range."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value <= 1:
            raise InputError(f"{value!r} is not {self.describe(machines)}", f"-O {key}", f"write e.g. {key}=0.95")

    def read(self, key: str, text: str, machines: Sequence[Numerics]) -> float:
        """The number that a text stands for. Raises InputError."""
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        self.check(key, number if 0 < number <= 1 else text, machines)
        return number


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def describe(self, machines: Sequence[Numerics]) -> str:
        """The words to choose from."""
        return " or ".join(self.words)

    def check(self, key: str, value: Any, machines: Sequence[Numerics]) -> None:
        """Raises InputError for anything else."""
        if value not in self.words:
            raise InputError(
                f"{value!r} is not {self.describe(machines)}", f"-O {key}", choices(str(value), self.words)
            )

    def read(self, key: str, text: str, machines: Sequence[Numerics]) -> str:
        """The word itself. Raises InputError."""
        self.check(key, text, machines)
        return text


@dataclass(frozen=True)
class MachineName:
    """The arithmetic of one of the machines at hand."""

    def describe(self, machines: Sequence[Numerics]) -> str:
        """The names to choose from."""
        return " or ".join(machine.name for machine in machines) or "the name of a machine's arithmetic"

    def check(self, key: str, value: Any, machines: Sequence[Numerics]) -> None:
        """Raises InputError for what is no machine's arithmetic; code may choose any."""
        if not isinstance(value, Numerics):
            raise self._bad(key, value, machines)

    def read(self, key: str, text: str, machines: Sequence[Numerics]) -> Numerics:
        """The machine of that name. Raises InputError."""
        for machine in machines:
            if machine.name == text:
                return machine
        raise self._bad(key, text, machines)

    def _bad(self, key: str, name: object, machines: Sequence[Numerics]) -> InputError:
        known = ", ".join(machine.name for machine in machines)
        return InputError(f"there are no numerics {name!r} here", f"-O {key}", f"choose: {known}")


def option(help_text: str, domain: Domain, default: Any = None) -> Any:
    """A field of a stage that is an option. A ``default`` of None leaves the choice to the machine."""
    return field(default=default, metadata={"help": help_text, "domain": domain})


@dataclass(frozen=True)
class StageOption:
    """An option as the command line knows it: ``-O key=value``; ``attribute`` is the field of its stage."""

    key: str
    attribute: str
    help: str
    default: Any
    domain: Domain

    def default_text(self) -> str:
        """The default in words."""
        return "what the machine has" if self.default is None else str(self.default)


def option_json(option: StageOption, machines: Sequence[Numerics]) -> dict[str, Any]:
    """An option as plain data: its help, its default (None: what the machine has) and the values it takes."""
    return {"help": option.help, "default": option.default, "takes": option.domain.describe(machines)}


def options_of(stage: object) -> tuple[StageOption, ...]:
    """The options of a stage (an instance or its class), in the order of its fields."""
    return tuple(
        StageOption(
            attribute.name.replace("_", "-"),
            attribute.name,
            attribute.metadata["help"],
            attribute.default,
            attribute.metadata["domain"],
        )
        for attribute in fields(stage)  # type: ignore[arg-type]
        if "domain" in attribute.metadata
    )


def check_options(stage: object, machines: Sequence[Numerics] = ()) -> None:
    """Raises InputError for an option that was set to a value out of its domain."""
    for known in options_of(stage):
        value = getattr(stage, known.attribute)
        if value != known.default:
            known.domain.check(known.key, value, machines)


def read_options(
    known: Iterable[StageOption], texts: Mapping[str, str], machines: Sequence[Numerics]
) -> dict[str, Any]:
    """Values by field name, for those of the ``known`` options that ``texts`` (by key) set. Raises InputError."""
    return {
        option.attribute: option.domain.read(option.key, texts[option.key], machines)
        for option in known
        if option.key in texts
    }
