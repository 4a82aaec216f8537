"""Signals to spikes and back.

Every coder is a frozen value: ``encode``, ``decode`` where an inverse exists, ``fit`` and ``optimize``. The coders
follow the papers they come from; ``neurodeploy.encoding.compat`` is spike-encoding 1.8.2 instead, and
``DIFFERENCES.md`` beside this file lists where the two part.
"""

from neurodeploy.encoding.arrays import merge, split
from neurodeploy.encoding.bens_spiker import BensSpiker
from neurodeploy.encoding.coder import Coder, Search
from neurodeploy.encoding.datasets import load_shd
from neurodeploy.encoding.delta import Delta
from neurodeploy.encoding.engine import engine
from neurodeploy.encoding.gymnasium import Gymnasium
from neurodeploy.encoding.latency import Latency
from neurodeploy.encoding.leaky import LeakyIntegrateAndFire
from neurodeploy.encoding.objectives import OBJECTIVES, Objective
from neurodeploy.encoding.plot import picture
from neurodeploy.encoding.population import Population
from neurodeploy.encoding.pulse_width import PulseWidth
from neurodeploy.encoding.rate import Rate
from neurodeploy.encoding.scaler import Scaler
from neurodeploy.encoding.step_forward import StepForward
from neurodeploy.encoding.store import CODERS, Encoded, coder_from_json, coder_json, make_coder
from neurodeploy.encoding.tuning import Tuned, optimize

__all__ = [
    "CODERS",
    "OBJECTIVES",
    "BensSpiker",
    "Coder",
    "Delta",
    "Encoded",
    "Gymnasium",
    "Latency",
    "LeakyIntegrateAndFire",
    "Objective",
    "Population",
    "PulseWidth",
    "Rate",
    "Scaler",
    "Search",
    "StepForward",
    "Tuned",
    "coder_from_json",
    "coder_json",
    "engine",
    "load_shd",
    "make_coder",
    "merge",
    "optimize",
    "picture",
    "split",
]
