"""SpikeSEG: a spiking encoder that finds satellites in event-camera data, with its configurations and stimuli."""

from .build import PRESETS, build, encoder_config
from .config import EncoderConfig, EncoderConfigError, LayerConfig, PoolConfig
from .encoder import SpikeSEGEncoder
from .functional import spike_fn, spike_function
from .kernels import dog_kernels, gabor_kernels, normal_kernels
from .neurons import IFNeuron, LIFNeuron, create_neuron
from .output import EncoderOutput
from .pooling import PoolingIndices
from .record import run
from .reference import MODEL
from .stimulus import stimulus

__all__ = [
    "MODEL",
    "PRESETS",
    "EncoderConfig",
    "EncoderConfigError",
    "EncoderOutput",
    "IFNeuron",
    "LIFNeuron",
    "LayerConfig",
    "PoolConfig",
    "PoolingIndices",
    "SpikeSEGEncoder",
    "build",
    "create_neuron",
    "dog_kernels",
    "encoder_config",
    "gabor_kernels",
    "normal_kernels",
    "run",
    "spike_fn",
    "spike_function",
    "stimulus",
]
