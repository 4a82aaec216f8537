"""The choice of kernels for the recurrences: numpy, or numba where the extra ``fast`` is installed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Literal

from neurodeploy.extras import has, need

Name = Literal["auto", "numpy", "numba"]

_chosen: ContextVar[Name] = ContextVar("engine", default="auto")


@contextmanager
def engine(name: Name) -> Generator[None]:
    """Use these kernels inside the block; results are the same bit for bit. Raises UnavailableError without numba."""
    if name == "numba":
        need("numba", "fast", "encoding")
    token = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(token)


def kernels() -> Any:
    """The module of kernels to use now; by default numba's where it is installed."""
    name = _chosen.get()
    compiled = has("numba") if name == "auto" else name == "numba"
    return import_module(f"neurodeploy.encoding.{'numba_kernels' if compiled else 'numpy_kernels'}")
