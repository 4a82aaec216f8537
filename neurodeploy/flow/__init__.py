"""The Python API: load, export, run, check."""

from neurodeploy.flow.checking import check
from neurodeploy.flow.exporting import export, lower
from neurodeploy.flow.loading import load
from neurodeploy.flow.running import run

__all__ = ["check", "export", "load", "lower", "run"]
