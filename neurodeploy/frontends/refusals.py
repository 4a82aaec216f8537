"""What a user is told to do about a forward pass that cannot be read."""

from __future__ import annotations

from neurodeploy.errors import NeurodeployError, RefusedError, out_of_memory

BETWEEN_LAYERS = (
    "known between layers: sums, multiples by a number, flatten, cat of channels, poolings; else use a layer or a "
    "neuron"
)
USE_A_MODULE = "instead of the function {} use torch.nn's layer, made where the module is made"
KNOWN_LAYERS = (
    "known layers: Conv1d, Conv2d, Linear, BatchNorm, Flatten, ZeroPad, AvgPool, AdaptiveAvgPool, MaxPool on spikes, "
    "and the neurons of Norse, snnTorch, SpikingJelly and sinabs that NIR can say"
)
DROPOUT = "use nn.Dropout, or hand the function training=self.training, and let eval() reach it"
BEFORE_THE_SUM = "let it run in every step, before its values are added up over time"
SOFTMAX = "return the values without it, or their sum over time with it: the largest stays the largest"
MEMBRANES = (
    "return what the last layer sends; a membrane is read where its neuron never resets it: snnTorch's Leaky or "
    "Synaptic with reset_mechanism='none'"
)
STATES = "pass on what it sends, and use its state only as its own state of the next step"
FORMS = "check --input-shape, and let forward(x) or forward(x, state=None) take one step, or all of them"


def failed(error: BaseException, where: str) -> NeurodeployError:
    """The error for a forward pass that raised ``error`` in ``where``."""
    if isinstance(error, NeurodeployError):
        return error
    memory = out_of_memory(error, where)
    return memory or RefusedError(f"its forward pass fails on one step: {reason_of(error)}", where, FORMS)


def reason_of(error: BaseException) -> str:
    """The first line of an error's message; its type where it has none."""
    kind, lines = type(error).__name__, str(error).splitlines()
    return lines[0] if lines and not isinstance(error, SystemExit) else f"{kind} {error}".strip()
