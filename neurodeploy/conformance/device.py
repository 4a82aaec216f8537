"""A target as the suite sees it: what it declares, and its runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from neurodeploy.capabilities import Capabilities
from neurodeploy.errors import CapabilityError, NeurodeployError
from neurodeploy.numerics import Numerics
from neurodeploy.program.program import Program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Feed
from neurodeploy.trace import Trace


class Run(Protocol):
    """Runs an artifact, with or without states, cascaded or isolated."""

    def __call__(self, artifact: Artifact, stimulus: Stimulus, states: bool, drive: Trace | None) -> Trace: ...


@dataclass(frozen=True, eq=False)
class Device:
    """A target under numerics.

    - ``declared``: raises CapabilityError for a program that its capabilities or rules refuse.
    - ``lower``, ``run``, ``opens``: what it then does with one that they allow.
    """

    name: str
    numerics: Numerics
    capabilities: Capabilities
    declared: Callable[[Program], object]
    lower: Callable[[Program], Artifact]
    run: Run
    opens: Callable[[Artifact, int], Feed | None]

    def refusal(self, program: Program) -> str | None:
        """Why its own declaration refuses a program, or None."""
        try:
            self.declared(program)
        except CapabilityError as error:
            return "; ".join(dict.fromkeys(finding.message for finding in error.findings)) or error.what
        return None


def words(error: NeurodeployError) -> str:
    """An error in one line."""
    findings = getattr(error, "findings", ())
    more = "; ".join(finding.message for finding in findings)
    return " ".join(f"{error.what}{': ' if more else ''}{more}".split())
