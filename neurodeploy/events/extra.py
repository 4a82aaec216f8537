"""Packages that only some formats need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from neurodeploy.errors import UnavailableError


def need(package: str, where: str) -> Any:
    """A package of the extra ``events``. Raises UnavailableError where it is not installed."""
    try:
        return import_module(package)
    except ImportError as error:
        what = f"reading this format needs the package {package.partition('.')[0]} ({error})"
        raise UnavailableError(what, where, 'pip install "neurodeploy[events]"') from error
