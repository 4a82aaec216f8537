"""Pictures of networks, reports and traces as matplotlib figures; they need the extra ``plot``.

Every function returns a ``matplotlib.figure.Figure``: ``figure.savefig("raster.svg")`` writes it. Its attribute ``alt``
says in words what it shows; a notebook keeps that beside the image. Colors are told apart by color-blind readers, and
marks, hatches or dashes differ beside them.
"""

from neurodeploy.plot.agreement import agreement, losses
from neurodeploy.plot.cores import conformance, cores
from neurodeploy.plot.curves import bars, curves
from neurodeploy.plot.frames import frames
from neurodeploy.plot.graph import graph
from neurodeploy.plot.integers import kernels, room, weights
from neurodeploy.plot.shares import coverage
from neurodeploy.plot.spikes import divergence, membrane, raster

__all__ = [
    "agreement",
    "bars",
    "conformance",
    "cores",
    "coverage",
    "curves",
    "divergence",
    "frames",
    "graph",
    "kernels",
    "losses",
    "membrane",
    "raster",
    "room",
    "weights",
]
