"""Signals to spikes and back.

A *coder* is what a user tunes: a method with its parameters, in float. It is a frozen value with ``encode``,
``decode`` where an inverse exists, ``fit`` and ``optimize``. A *deployed encoder* (``deployed``) is a coder with the
range and the width of its samples fixed, as ``encoder.json`` holds it; ``neurodeploy.streams`` states it in integers.

The coders follow the papers that they come from. ``neurodeploy.encoding.compat`` follows spike-encoding 1.8.2 instead;
``DIFFERENCES.md`` in this folder lists where the two differ.
"""

from neurodeploy.encoding.arrays import merge, split
from neurodeploy.encoding.bens_spiker import BensSpiker
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.datasets import load_shd
from neurodeploy.encoding.gymnasium import Gymnasium
from neurodeploy.encoding.kernels import engine
from neurodeploy.encoding.latency import Latency
from neurodeploy.encoding.leaky import LeakyIntegrateAndFire
from neurodeploy.encoding.objectives import OBJECTIVES, Objective
from neurodeploy.encoding.plot import picture
from neurodeploy.encoding.population import Population
from neurodeploy.encoding.pulse_width import PulseWidth
from neurodeploy.encoding.rate import Rate
from neurodeploy.encoding.scaler import Scaler
from neurodeploy.encoding.search import Search
from neurodeploy.encoding.step_forward import Delta, StepForward
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
