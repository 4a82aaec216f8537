"""SpikeSEG: a spiking encoder that finds satellites in event-camera data, with its configurations and stimuli."""

from .config import EncoderConfig, EncoderConfigError, LayerConfig, PoolConfig
from .encoder import SpikeSEGEncoder
from .kernels import dog_kernels, gabor_kernels, normal_kernels
from .neurons import IFNeuron, LIFNeuron, create_neuron, spike_fn, spike_function
from .output import EncoderOutput, PoolingIndices
from .presets import PRESETS, build, encoder_config
from .reference import MODEL, run
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
