"""Pulse 2.0, a framework that exists only here.

- Its neuron: ``v += x - v * dt / tau``; it fires at the threshold too and then subtracts it, in the same step.
- Its exporter writes tau in milliseconds, r = 1 and v_reset = 0, all in half precision; dt is 0.5 ms, which it does
  not write.
"""

import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.raw import RawNode
from neurodeploy.profiles.evidence import dtypes_are, every, kinds
from neurodeploy.profiles.profile import Evidence, Profile, Translation


def translate(node: RawNode, _terms: Terms) -> Translation:
    """Time constants from milliseconds to seconds; the drive is added as it is."""
    tau = node.number("tau")
    return (node if tau is None else node.change(tau=np.asarray(tau, np.float64) / 1e3)), {"input_gain": "unit"}


def _in_milliseconds(node: RawNode) -> bool:
    tau = node.number("tau")
    return tau is not None and bool(np.all(np.asarray(tau) >= 1.0))


PROFILE = Profile(
    "pulse-2.0",
    "leaky neurons that subtract their threshold; half a millisecond per step",
    Terms(dt=5e-4, reset="subtract", fires_at=">=", input_gain="unit"),
    translate,
    evidence=(
        Evidence("parameters in float16", 4, dtypes_are("float16")),
        Evidence("time constants of 1 and more: milliseconds", 2, every(_in_milliseconds, "LIF")),
        Evidence("only neurons Pulse exports", 1, kinds("LIF")),
    ),
    assumes={"dt": "files of Pulse do not tell dt: its only one, 0.5 ms, was taken"},
)
