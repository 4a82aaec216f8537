"""Many quantization choices, targets, stimuli and seeds, a row each: what it costs, and what of the spikes it keeps."""

from neurodeploy.sweeps.result import Sweep
from neurodeploy.sweeps.sweeping import sweep

__all__ = ["Sweep", "sweep"]
