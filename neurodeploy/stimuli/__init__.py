"""Where stimuli come from: arrays, files, recordings, signals, a model's own maker, noise. One door opens them all."""

from neurodeploy.stimuli.blocks import Blocks, open_blocks
from neurodeploy.stimuli.door import Source, open_stimulus
from neurodeploy.stimuli.recordings import Framing

__all__ = ["Blocks", "Framing", "Source", "open_blocks", "open_stimulus"]
