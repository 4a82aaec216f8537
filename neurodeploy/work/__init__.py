"""Independent jobs on this process, on processes of this machine, or on a Dask cluster: one interface, one result."""

from neurodeploy.work.crew import Crew, Shared, content
from neurodeploy.work.opening import open_crew

__all__ = ["Crew", "Shared", "content", "open_crew"]
