"""Optional packages, and the extra of neurodeploy that installs each of them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from neurodeploy.errors import UnavailableError


def install_command(extra: str) -> str:
    """What a user types to install an extra."""
    return f'pip install "neurodeploy[{extra}]"'


def missing_extra(extra: str, what: str, where: str = "") -> UnavailableError:
    """The error for something that needs an extra: ``what`` is missing, ``where``, and the command that installs it."""
    return UnavailableError(what, where, install_command(extra))


def need(module: str, extra: str, where: str) -> Any:
    """Import an optional module. Raises UnavailableError, which names its extra, where that fails."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        reason = "is not installed" if find_spec(package) is None else f"cannot be imported ({error})"
        raise missing_extra(extra, f"the package {package} {reason}", where) from error


def has(module: str) -> bool:
    """Whether the package of an optional module is installed; it is not imported to find out."""
    return find_spec(module.partition(".")[0]) is not None
