"""The environment of xylosim, made where a test first needs it: the target's own."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

from pathlib import Path

from neurodeploy.targets.xylo_sim import environment


def unavailable() -> str | None:
    """Why xylosim is neither here nor can be built here, or None."""
    return None if environment.available() is None else environment.unsupported()


def interpreter() -> Path:
    """The Python that has xylosim; made if it is missing, once for all processes.

    Raises UnavailableError with pip's own words where it cannot be made.
    """
    environment.install()
    return environment.interpreter()
