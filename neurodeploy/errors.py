"""Every error a user can meet, each with the exit code of the command line.

An error carries what was wrong, where, and the remedy; its message is built from those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from neurodeploy.finding import Finding


@dataclass(eq=False)
class NeurodeployError(Exception):
    """Base of all errors: ``what`` happened, ``where`` (node, file, option), and the ``remedy``."""

    what: str
    where: str = ""
    remedy: str = ""

    exit_code: ClassVar[int] = 70

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  remedy: {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{remedy}"


class InputError(NeurodeployError):
    """A usage error or an input that cannot be read (exit code 2)."""

    exit_code = 2


class RefusedError(NeurodeployError):
    """A network neurodeploy cannot express exactly; refused by name (exit code 2)."""

    exit_code = 2


@dataclass(eq=False)
class CannotRepresentError(NeurodeployError):
    """A value that does not fit a machine's numerics, with the numbers (exit code 3)."""

    value: float = 0.0
    limit: float = 0.0

    exit_code: ClassVar[int] = 3


@dataclass(eq=False)
class CapabilityError(NeurodeployError):
    """A target cannot carry the network; lists every violation at once (exit code 3)."""

    findings: tuple[Finding, ...] = field(default_factory=tuple[Finding, ...])

    exit_code: ClassVar[int] = 3

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        lines += [f"  - {finding}" for finding in self.findings]
        return "\n".join(lines + ([f"  remedy: {self.remedy}"] if self.remedy else []))


class UnavailableError(NeurodeployError):
    """A target, an extra or a tool that is not installed (exit code 4)."""

    exit_code = 4


class EnvironmentFailureError(NeurodeployError):
    """The machine failed us: disk full, worker killed or timed out (exit code 6)."""

    exit_code = 6
