"""Where stimuli come from: arrays, files, recordings, signals, a model's own maker, noise. One door opens them all."""

from neurodeploy.stimuli.door import Source, open_stimulus
from neurodeploy.stimuli.recordings import Framing

__all__ = ["Framing", "Source", "open_stimulus"]
