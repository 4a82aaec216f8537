"""The installed spike-encoding 1.8.2, which compat is compared with where it can be had."""

import importlib
import sys
import types
import warnings

import pytest
import torch


def theirs(module, name):
    """A class or function of the package.

    Its modules import torchmetrics for the default of one argument that no test uses. Where that does not import (it
    wants a torchvision that fits torch), the name alone stands in.
    """
    try:
        importlib.import_module("torchmetrics")
    except (ImportError, RuntimeError):
        stand_in = types.ModuleType("torchmetrics")
        stand_in.MeanSquaredError = torch.nn.MSELoss
        sys.modules["torchmetrics"] = stand_in
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(f"spike_encoding.{module}"), name)


def need_package():
    """Skip where the package is not installed."""
    pytest.importorskip("spike_encoding", reason="spike-encoding 1.8.2 is compared with live where it is installed")


def patched_encoder():
    """The package's Gymnasium encoder, with the call that its constructor forgets."""
    original = theirs("gymnasium_encoder", "GymnasiumEncoder")

    class Patched(original):
        def __init__(self, *arguments, **options):
            torch.nn.Module.__init__(self)
            super().__init__(*arguments, **options)

    return Patched
