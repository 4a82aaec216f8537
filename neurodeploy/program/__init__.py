"""The integer network: populations joined by projections under a machine's numerics."""

from neurodeploy.program.population import Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

__all__ = ["Input", "Output", "Population", "Program", "Projection"]
