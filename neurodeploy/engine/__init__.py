"""Programs compiled to machine code, run over a batch on threads: the same Trace as the reference, faster."""

from neurodeploy.engine.run import run_compiled

__all__ = ["run_compiled"]
