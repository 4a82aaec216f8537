"""SpikingRx: a spiking OFDM receiver from I/Q grids to log-likelihood ratios, with its configurations and stimuli."""

from .build import PRESETS, build
from .connect import CONNECT, Connect
from .conv import ConvBlock
from .lif import IF, LIF
from .model import SpikingRx
from .norm import SpikeNorm
from .readout import Readout
from .record import run
from .reference import MODEL
from .sew import SEWBlock, SpikingShortcut
from .stem import StemConv
from .stimulus import stimulus
from .surrogate import TriangularSurrogate

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
