"""The digits classifier as a registered reference network."""

from neurodeploy.host import Head, Host
from neurodeploy.model import ReferenceModel

from .presets import PRESETS, build, stimulus

MODEL = ReferenceModel(
    "digits",
    "Convolutional spiking classifier of 8x8 handwritten digits, of Norse cells, trained on an 8-bit weight grid",
    PRESETS,
    build,
    stimulus,
    host=Host(Head("spike-count-argmax", "lif4")),
)
