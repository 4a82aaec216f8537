"""Programs compiled to machine code, run over a batch on threads: the same Trace as the reference, faster."""

from neurodeploy.engine.run import run_compiled
from neurodeploy.engine.stream import Stream, open_stream

__all__ = ["Stream", "open_stream", "run_compiled"]
