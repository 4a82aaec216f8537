"""SpikeSEG: a spiking encoder that finds satellites in event-camera data, with its configurations and stimuli.

A name is imported when it is first used: the decoder of the host runs where there is no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import EncoderConfig, EncoderConfigError, LayerConfig, PoolConfig
    from .encoder import SpikeSEGEncoder
    from .kernels import dog_kernels, gabor_kernels, normal_kernels
    from .neurons import IFNeuron, LIFNeuron, create_neuron, spike_fn, spike_function
    from .output import EncoderOutput, PoolingIndices
    from .presets import PRESETS, build, encoder_config
    from .reference import MODEL, run
    from .stimuli import stimulus

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

_PLACES = {
    "config": ("EncoderConfig", "EncoderConfigError", "LayerConfig", "PoolConfig"),
    "encoder": ("SpikeSEGEncoder",),
    "kernels": ("dog_kernels", "gabor_kernels", "normal_kernels"),
    "neurons": ("IFNeuron", "LIFNeuron", "create_neuron", "spike_fn", "spike_function"),
    "output": ("EncoderOutput", "PoolingIndices"),
    "presets": ("PRESETS", "build", "encoder_config"),
    "reference": ("MODEL", "run"),
    "stimuli": ("stimulus",),
}
"""By file, the names that stand there; no file is called like one of them."""


def __getattr__(name: str) -> object:
    for place, names in _PLACES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{place}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
