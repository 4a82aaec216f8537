"""The installed spike-encoding 1.8.2, which compat is compared with where it can be had."""

import pytest
import torch

from benchmarks.package import theirs

__all__ = ["need_package", "patched_encoder", "theirs"]


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
