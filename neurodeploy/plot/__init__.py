"""Pictures of reports and traces as matplotlib figures, for papers and notebooks; they need the extra ``plot``.

Every function returns a ``matplotlib.figure.Figure``: ``figure.savefig("raster.svg")`` writes it.
"""

from neurodeploy.plot.graph import graph
from neurodeploy.plot.shares import coverage
from neurodeploy.plot.spikes import divergence, membrane, raster

__all__ = ["coverage", "divergence", "graph", "membrane", "raster"]
