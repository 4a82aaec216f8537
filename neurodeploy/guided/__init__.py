"""Stimuli that are searched for what they exercise: neurons that fire, synapses that carry, branches that are taken."""

from neurodeploy.guided.search import Effort, guided_stimulus

__all__ = ["Effort", "guided_stimulus"]
