"""A Network in float64 by compiled kernels, fed in chunks of steps; the plain runner stays its definition."""

from neurodeploy.floats.run import NetworkRun

__all__ = ["NetworkRun"]
