"""Carry trained spiking networks to neuromorphic hardware and prove, spike for spike, that they arrived."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurodeploy.flow import check, export, load, run
    from neurodeploy.target import installed_targets as targets

__version__ = "0.1.0"
__all__ = ["__version__", "check", "export", "load", "run", "targets"]

_PLACES = {
    "load": ("neurodeploy.flow", "load"),
    "export": ("neurodeploy.flow", "export"),
    "run": ("neurodeploy.flow", "run"),
    "check": ("neurodeploy.flow", "check"),
}


def __getattr__(name: str) -> Any:
    """Import on first use, so that importing the package costs nothing."""
    if name == "targets":
        return import_module("neurodeploy.targets")
    if name not in _PLACES:
        raise AttributeError(f"module 'neurodeploy' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)
