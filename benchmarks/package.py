"""The installed spike-encoding 1.8.2, whether or not what it imports besides fits this environment."""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from typing import Any


def theirs(module: str, name: str) -> Any:
    """A class or function of the package.

    Its modules import torchmetrics for the default of one argument that nobody here uses. Where that does not import
    (it wants a torchvision that fits torch), the name alone stands in.
    """
    import torch

    try:
        importlib.import_module("torchmetrics")
    except (ImportError, RuntimeError):
        stand_in = types.ModuleType("torchmetrics")
        stand_in.MeanSquaredError = torch.nn.MSELoss  # type: ignore[attr-defined]
        sys.modules["torchmetrics"] = stand_in
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(f"spike_encoding.{module}"), name)
