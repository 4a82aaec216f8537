"""The claims. Every module here gives its own as ``CASES``, a tuple of ProofCase."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from tests.proof.case import ProofCase


def all_cases() -> list[ProofCase]:
    """Every case of every module in this folder, by module name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
    return [case for name in names for case in import_module(name).CASES]
