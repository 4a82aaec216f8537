"""Make lava-nc 0.10.0 importable on Python 3.11 and later, and keep its traces under control.

Import this before anything of Lava.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any


def import_variable_models() -> None:
    """Import the one module whose dataclass defaults Python >= 3.11 rejects.

    ``lava.magma.compiler.var_model`` uses a dataclass instance as a field default; it needs a hash to pass.
    """
    plain: Callable[..., Any] = dataclasses.dataclass

    def hashable(cls: type | None = None, /, **options: Any) -> Any:
        options.setdefault("unsafe_hash", True)
        return plain(**options) if cls is None else plain(cls, **options)

    dataclasses.dataclass = hashable
    try:
        importlib.import_module("lava.magma.compiler.var_model")
    finally:
        dataclasses.dataclass = plain


import_variable_models()
