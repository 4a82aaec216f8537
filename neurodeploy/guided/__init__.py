"""Stimuli that are searched for what they exercise: neurons that fire, synapses that carry, branches that are taken."""

from neurodeploy.guided.messages import Drawn, drawn_messages
from neurodeploy.guided.search import Effort, guided_stimulus

__all__ = ["Drawn", "Effort", "drawn_messages", "guided_stimulus"]
