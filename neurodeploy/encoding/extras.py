"""Packages that only some parts need."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from neurodeploy.errors import UnavailableError


def need(module: str, extra: str) -> Any:
    """An optional package, imported now. Raises UnavailableError naming the extra that brings it."""
    if not has(module):
        package = module.partition(".")[0]
        raise UnavailableError(f"{package} is not installed", "encoding", f'pip install "neurodeploy[{extra}]"')
    return import_module(module)


def has(module: str) -> bool:
    """Whether an optional package is installed; it is not imported to find out."""
    return find_spec(module.partition(".")[0]) is not None
