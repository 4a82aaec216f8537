"""Every error a user can meet, each with the exit code of the command line.

An error carries what was wrong, where, and the remedy; its message is built from those. Exit codes: 2 for usage,
unreadable input and refused networks, 3 for what a machine or target cannot do, 4 for what is not installed, 6 for a
machine that fails, 70 for a bug of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from neurodeploy.finding import Finding
from neurodeploy.foreign import shown

ALLOCATION = re.compile(r"DefaultCPUAllocator.* (\d+) bytes")
"""What torch says where the machine has no memory for a tensor."""


@dataclass(eq=False)
class NeurodeployError(Exception):
    """Base of all errors (exit code 70): ``what`` happened, ``where`` (node, file, option), and the ``remedy``.

    ``stage``: the stage of the pipeline that raised it, if one did.
    """

    what: str
    where: str = ""
    remedy: str = ""
    stage: str = field(default="", kw_only=True)

    exit_code: ClassVar[int] = 70

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  remedy: {self.remedy}" if self.remedy else ""
        stage = f"\n  stage: {self.stage}" if self.stage else ""
        return shown(f"{place}{self.what}{remedy}{stage}", lines=True)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``--json`` prints it: ``kind`` (the class), ``exit_code`` and every field; a stage if any."""
        names = [item.name for item in fields(self) if item.name != "stage" or self.stage]
        values = {name: getattr(self, name) for name in names}
        return {"kind": type(self).__name__, "exit_code": self.exit_code, **values}


class InputError(NeurodeployError):
    """A usage error or an input that cannot be read (exit code 2)."""

    exit_code = 2


class RefusedError(NeurodeployError):
    """A network that neurodeploy cannot express exactly; refused by name (exit code 2)."""

    exit_code = 2


@dataclass(eq=False)
class CannotRepresentError(NeurodeployError):
    """A value that does not fit a machine's numerics, with the numbers (exit code 3)."""

    value: float = 0.0
    limit: float = 0.0

    exit_code: ClassVar[int] = 3


@dataclass(eq=False)
class CapabilityError(NeurodeployError):
    """A network that a target cannot carry; ``findings`` holds every violation at once (exit code 3)."""

    findings: tuple[Finding, ...] = field(default_factory=tuple[Finding, ...])

    exit_code: ClassVar[int] = 3

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        lines += [f"  - {finding}" for finding in self.findings]
        return shown("\n".join(lines + ([f"  remedy: {self.remedy}"] if self.remedy else [])), lines=True)

    def to_json(self) -> dict[str, Any]:
        """Plain data; every finding as its own object."""
        return {**super().to_json(), "findings": [finding.to_json() for finding in self.findings]}


class UnavailableError(NeurodeployError):
    """A target, an extra or a tool that is not installed (exit code 4)."""

    exit_code = 4


class EnvironmentFailureError(NeurodeployError):
    """The machine failed: disk full, worker killed or timed out (exit code 6)."""

    exit_code = 6


def out_of_memory(error: BaseException, where: str = "") -> EnvironmentFailureError | None:
    """The failure that ``error`` of Python, numpy or torch is, if it is one of memory, with how much was asked for."""
    said = str(error)
    asked = ALLOCATION.search(said) if isinstance(error, RuntimeError) else None
    if not isinstance(error, MemoryError) and asked is None:
        return None
    if asked is not None:
        said = f"{int(asked[1]) / 2**30:,.1f} GiB were asked for at once"
    remedy = "free memory, or give fewer samples or steps; it may also be a limit (ulimit -v)"
    return EnvironmentFailureError(f"out of memory{f': {said}' if said else ''}", where, remedy)


def choices(name: object, known: Iterable[str], lead: str = "choose one of") -> str:
    """The remedy for a ``name`` that is not ``known``: the closest one where there is one, then all there are.

    A name from a file may be no text at all.
    """
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(str(name), names, 1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}{lead}: {', '.join(names) or 'none'}"
