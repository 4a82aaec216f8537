"""The classes of spike-encoding 1.8.2, equal to it bit for bit, including the defects that change values.

``DIFFERENCES.md`` beside this package lists every difference to the coders of ``neurodeploy.encoding``.
"""

from neurodeploy.encoding.compat.bsa import BensSpikerAlgorithm
from neurodeploy.encoding.compat.factories import ConverterFactory, ScalerFactory
from neurodeploy.encoding.compat.lif import LIFBasedEncoding
from neurodeploy.encoding.compat.observations import BinEncoder, GymnasiumEncoder, poisson, rate
from neurodeploy.encoding.compat.pwm import PulseWidthModulation
from neurodeploy.encoding.compat.rate_step_forward import DeltaModulationConverter, RateStepForwardConverter
from neurodeploy.encoding.compat.shd import load_processed_shd
from neurodeploy.encoding.compat.step_forward import StepForwardConverter

__all__ = [
    "BensSpikerAlgorithm",
    "BinEncoder",
    "ConverterFactory",
    "DeltaModulationConverter",
    "GymnasiumEncoder",
    "LIFBasedEncoding",
    "PulseWidthModulation",
    "RateStepForwardConverter",
    "ScalerFactory",
    "StepForwardConverter",
    "load_processed_shd",
    "poisson",
    "rate",
]
