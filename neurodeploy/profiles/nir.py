"""NIR's own reading: the equations of its docstrings, stepped by forward Euler.

Source: nir 1.0.8, ``nir/ir/neuron.py``: spike where v is strictly above the threshold, then v becomes v_reset; gains
and time constants as written, in seconds. NIR has no time step, so one must be given.
"""

from __future__ import annotations

from neurodeploy.contract import Terms
from neurodeploy.network.raw import RawNode
from neurodeploy.profiles.profile import Evidence, Profile, Translation


def translate(node: RawNode, _terms: Terms) -> Translation:
    """Everything as it stands."""
    return node, {}


PROFILE = Profile(
    "nir",
    "the specification's own reading; needs dt",
    Terms(reset="value"),
    translate,
    evidence=(Evidence("any NIR file can be read as its text says", 1, lambda _: True),),
    needs_dt=True,
)
