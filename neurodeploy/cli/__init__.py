"""The command line: one thin function per verb."""

from neurodeploy.cli.app import main

__all__ = ["main"]
