"""Whether PyTorch and Norse can be imported, and Norse without its pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from neurodeploy.extras import missing_extra

PICTURES = "norse.torch.utils.plot.plot"
"""What Norse draws with. Importing it takes matplotlib, which takes longer than Norse itself."""


def need_torch() -> None:
    """Raises UnavailableError naming the extra where torch or norse is missing."""
    try:
        import torch  # noqa: F401  # pyright: ignore[reportUnusedImport]

        _import_norse()
    except ImportError as error:
        raise missing_extra("torch", f"PyTorch sources need the extra 'torch': {error}") from error


def _import_norse() -> None:
    """Import Norse; its functions that draw are imported when they are called."""
    if "norse" in sys.modules:
        return
    sys.modules[PICTURES] = _Pictures(PICTURES)
    try:
        import_module("norse")
    finally:
        del sys.modules[PICTURES]


class _Pictures(ModuleType):
    """Stands in for a module of functions: each imports the module when it is called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def draw(*args: Any, **keywords: Any) -> Any:
            return getattr(import_module(PICTURES), name)(*args, **keywords)

        return draw
