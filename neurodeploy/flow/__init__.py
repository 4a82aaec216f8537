"""The Python API: load, export, run, check."""

from neurodeploy.flow.check import check
from neurodeploy.flow.export import export, lower
from neurodeploy.flow.run import run
from neurodeploy.flow.sources import load

__all__ = ["check", "export", "load", "lower", "run"]
