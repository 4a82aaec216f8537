"""Reference network ``digits``: a convolutional spiking classifier of 8x8 digits, trained on an 8-bit weight grid.

from neurodeploy.models.digits import PRESETS, build, classify, run_sequence, stimulus

config = PRESETS["default"]
shown = stimulus(config, samples=100, seed=1)
spikes = run_sequence(build(config), torch.from_numpy(shown["input"]))
accuracy = (classify(spikes["lif4"]).numpy() == shown.labels).mean()
"""

from .grid import MESSAGE_BITS, mantissas, rounded_parameters, scale_bits
from .network import DigitsNet, classify, run_sequence
from .presets import PRESETS, build, stimulus
from .reference import MODEL

__all__ = [
    "MESSAGE_BITS",
    "MODEL",
    "PRESETS",
    "DigitsNet",
    "build",
    "classify",
    "mantissas",
    "rounded_parameters",
    "run_sequence",
    "scale_bits",
    "stimulus",
]
