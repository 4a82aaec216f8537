"""Reference network ``gestures``: a recurrent network with axonal delays that tells which two strokes a hand made.

from neurodeploy.models.gestures import PRESETS, build, classify, stimulus

config = PRESETS["trained"]
shown = stimulus(config, samples=120)
spikes = build(config)(torch.from_numpy(shown["input"]))
accuracy = (classify(spikes["gesture"]).numpy() == shown.labels).mean()
"""

from .network import GesturesNet, classify
from .presets import PRESETS, build, stimulus
from .reference import MODEL, network, run
from .strokes import CLASSES, gestures

__all__ = ["CLASSES", "MODEL", "PRESETS", "GesturesNet", "build", "classify", "gestures", "network", "run", "stimulus"]
