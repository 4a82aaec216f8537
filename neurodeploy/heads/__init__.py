"""How the host makes a task value of the spikes of a run: heads by name, and the list of those a file may hold."""

from neurodeploy.heads.kind import BoundHead, HeadKind, Reading, Setting
from neurodeploy.heads.own import HEADS, apply_head, head_of_output, task_value
from neurodeploy.heads.registry import ChosenHead, choose_head, fitting_heads, installed_heads

__all__ = [
    "HEADS",
    "BoundHead",
    "ChosenHead",
    "HeadKind",
    "Reading",
    "Setting",
    "apply_head",
    "choose_head",
    "fitting_heads",
    "head_of_output",
    "installed_heads",
    "task_value",
]
