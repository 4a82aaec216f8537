"""What a module returns of its output layer's steps: all of them, their sum, or the last.

A module that takes all steps in one call may add them up before it returns. It is run once more while its output layer
sends random values; what it returns of these shows which it is.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.operations import by_step, tensors
from neurodeploy.frontends.playing import Form, Observed, arranged, fresh, joined
from neurodeploy.frontends.refusals import BEFORE_THE_SUM
from neurodeploy.frontends.values import SAMPLES
from neurodeploy.network.shapes import Shape

Readout = Literal["steps", "sum", "last"]
STEPS = 4
REMEDY = (
    "return what the last layer sends in every step, or the sum or mean of it over time, and nothing after that but a "
    "softmax"
)


def find_readout(module: nn.Module, form: Form, shape: Shape, output: Observed, position: int, width: int) -> Readout:
    """What ``module`` returns of what ``output`` sends.

    Args:
        module: takes all steps in one call.
        form: how it takes them.
        shape: of its input in one step.
        output: its output layer.
        position: which of the tensors that it returns is its result.
        width: numbers that ``output`` sends in one step of one sample.

    Raises:
        RefusedError: where its result is nothing of that.
    """
    copied = fresh(module, SAMPLES)
    steps = form.steps or STEPS
    frames = torch.rand((SAMPLES, steps, *shape), generator=torch.Generator().manual_seed(0))
    sent: list[torch.Tensor] = []
    handle = copied.get_submodule(output.layer).register_forward_hook(_random(output.part, sent))
    try:
        with torch.no_grad():
            returned = copied(arranged(frames, form.layout))
    finally:
        handle.remove()
    if sum(part.numel() for part in sent) != SAMPLES * steps * width:
        raise RefusedError("it runs behind a sum over time", f"layer {output.layer}", BEFORE_THE_SUM)
    every_step = isinstance(returned, list) and len(returned) == steps
    result = list(tensors(by_step(returned) if every_step else returned))[position].flatten().double()
    values = joined(sent, form, SAMPLES, steps).double()
    if result.numel() == values.numel():
        return "steps"
    total, last = values.sum(1).flatten(), values[:, -1].flatten()
    if result.numel() == total.numel():
        if _is_multiple(result, total):
            return "sum"
        ranked, classes = _centered(total), result if bool((result < 0).any()) else result.log()
        if _is_multiple(_centered(classes), ranked):  # softmax of it, or its logarithm
            return "sum"
        if torch.allclose(result, last):
            return "last"
    raise RefusedError("it returns neither the steps of its last layer nor their sum", "module", REMEDY)


def _is_multiple(result: torch.Tensor, total: torch.Tensor) -> bool:
    factor = (result @ total) / (total @ total)
    return bool(factor > 0) and torch.allclose(result, factor * total, rtol=1e-4, atol=1e-5)


def _centered(values: torch.Tensor) -> torch.Tensor:
    """What every class has above the mean of its sample's classes."""
    by_sample = values.reshape(SAMPLES, -1)
    return (by_sample - by_sample.mean(1, keepdim=True)).flatten()


def _random(part: int, sent: list[torch.Tensor]) -> Any:
    def hook(_: nn.Module, __: Any, result: Any) -> Any:
        parts = list(tensors(by_step(result)))
        generator = torch.Generator().manual_seed(len(sent))
        drawn = torch.rand(parts[part].shape, generator=generator)
        sent.append(drawn)
        if isinstance(result, torch.Tensor | list):
            return drawn if isinstance(result, torch.Tensor) else list(drawn)
        returned = list(result)
        returned[part] = drawn
        return tuple(returned)

    return hook
