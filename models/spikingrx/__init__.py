"""SpikingRx: a spiking OFDM receiver from I/Q grids to log-likelihood ratios, with its configurations and stimuli."""

from .layers import ConvBlock, Readout, SpikeNorm, StemConv
from .model import SpikingRx
from .neurons import IF, LIF, TriangularSurrogate
from .presets import PRESETS, build, stimulus
from .reference import MODEL, run
from .sew import CONNECT, Connect, SEWBlock, SpikingShortcut

__all__ = [
    "CONNECT",
    "IF",
    "LIF",
    "MODEL",
    "PRESETS",
    "Connect",
    "ConvBlock",
    "Readout",
    "SEWBlock",
    "SpikeNorm",
    "SpikingRx",
    "SpikingShortcut",
    "StemConv",
    "TriangularSurrogate",
    "build",
    "run",
    "stimulus",
]
