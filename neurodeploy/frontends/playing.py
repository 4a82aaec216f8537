"""A module run as it is over whole samples, and what its layers do meanwhile."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neurodeploy.errors import InputError, RefusedError, out_of_memory
from neurodeploy.frontends.framework import Layout
from neurodeploy.frontends.frameworks import is_neuron, prepare
from neurodeploy.frontends.operations import by_step, tensors
from neurodeploy.frontends.pooling import Pooling
from neurodeploy.frontends.refusals import reason_of
from neurodeploy.integers import counts
from neurodeploy.trace import Entry, Trace


@dataclass(frozen=True)
class Form:
    """How a module takes its steps.

    - ``layout``: what it takes in one call.
    - ``hand_back``: for single steps, which part of a result is handed back in the next step: ``"states"``, all but the
      first part, or ``"everything"``.
    - ``steps``: for a still image, how many steps the module shows it.
    - ``inside``: how a layer inside receives all steps at once, where it does.
    - ``restarting``: the neurons that start from rest in every step, as the module resets them in every step.
    """

    layout: Layout
    hand_back: Literal["states", "everything"] = "states"
    steps: int = 0
    inside: Literal["time-first", "batch-first"] = "time-first"
    restarting: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Observed:
    """The layer whose output a node stands for; ``graded`` outputs stay real, others become integers.

    ``part``: which of the tensors that it returns is the output. ``pooled``: the poolings by function behind it.
    """

    layer: str
    graded: bool = False
    part: int = 0
    pooled: tuple[Pooling, ...] = ()


def fresh(module: nn.Module, samples: int) -> nn.Module:
    """A copy of ``module`` that remembers nothing of earlier runs and expects ``samples`` samples in one call.

    A module that cannot be copied is returned itself.
    """
    try:
        chosen = copy_of(module)
    except RefusedError:
        chosen = module
    prepare(chosen, samples)
    return chosen


def copy_of(module: nn.Module) -> nn.Module:
    """A deep copy of ``module``. Raises RefusedError where an object in it cannot be copied."""
    results = [tensor for part in module.modules() for tensor in _held(part) if not tensor.is_leaf]
    try:  # states of a module in training are results of a graph, which deepcopy refuses
        return copy.deepcopy(module, {id(tensor): tensor.detach().clone() for tensor in results})
    except Exception as error:  # the user's objects may refuse it in any way
        fault = f"it cannot be copied ({reason_of(error)}), and it is not to be changed"
        remedy = "keep that object out of the module, or save its state dict and name a function that builds it"
        raise RefusedError(fault, "module", remedy) from error


def _held(module: nn.Module) -> Generator[torch.Tensor]:
    """Every tensor that hangs on a module itself, in attributes and containers."""
    yield from tensors({name: value for name, value in vars(module).items() if name != "_modules"})


def arranged(frames: torch.Tensor, layout: Layout) -> torch.Tensor:
    """What ``layout`` takes in one call of frames ``(B, T, *shape)``; of single steps and a still image, the first."""
    if layout in ("step", "still"):
        return frames[:, 0]
    if layout == "time-first":
        return frames.transpose(0, 1).contiguous()
    return frames.flatten(0, 1) if layout == "merged" else frames


def play(module: nn.Module, form: Form, frames: torch.Tensor) -> None:
    """Run ``module`` on ``(B, T, *shape)``. The states it returns are handed back to it in the next step."""
    with torch.no_grad():
        if form.layout != "step":
            module(arranged(frames, form.layout))
            return
        states: tuple[Any, ...] = ()
        for frame in frames.unbind(1):
            states = states_of(module, form, module(frame, *states))


def states_of(module: nn.Module, form: Form, result: Any) -> tuple[Any, ...]:
    """What of a step's result is handed back in the next step.

    All of it where ``forward`` has a place for every part, or where the form says so; else all but the first part. A
    place for a state is an argument by position that has no default, or the default None.
    """
    if not isinstance(result, tuple):
        return ()
    parts: tuple[Any, ...] = tuple(result)
    if takes_any_number(module):
        return parts if form.hand_back == "everything" else parts[1:]
    places = [p for p in _parameters(module) if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(parts) > 1 and len(parts) == sum(place.default in (place.empty, None) for place in places):
        return parts
    return parts[1:] if len(places) >= len(parts) - 1 else ()


def takes_any_number(module: nn.Module) -> bool:
    """Whether ``forward`` takes its states as ``*states``."""
    return any(parameter.kind is parameter.VAR_POSITIONAL for parameter in _parameters(module))


def _parameters(module: nn.Module) -> list[Parameter]:
    return list(signature(module.forward).parameters.values())[1:]


@contextmanager
def recorded(module: nn.Module, observed: Iterable[Observed]) -> Generator[dict[Observed, list[torch.Tensor]]]:
    """While it is open, what the observed layers send is recorded, one entry per call."""
    sent: dict[Observed, list[torch.Tensor]] = {output: [] for output in observed}
    handles = [
        module.get_submodule(output.layer).register_forward_hook(_recorder(output, calls))
        for output, calls in sent.items()
    ]
    try:
        yield sent
    finally:
        for handle in handles:
            handle.remove()


def _recorder(output: Observed, calls: list[torch.Tensor]) -> Any:
    def hook(module: nn.Module, _: Any, result: Any) -> None:
        sent = by_step(result) if is_neuron(module) else result
        values = list(tensors(sent))[output.part].detach().clone()
        for pool in output.pooled:
            values = pool.applied(values)
        calls.append(values)

    return hook


def run_module(
    module: nn.Module, form: Form, observed: Mapping[str, Observed], stimulus: Mapping[str, NDArray[Any]]
) -> Trace:
    """Run a copy of ``module`` and record the layer that every node stands for.

    Args:
        form: how ``module`` takes its steps.
        observed: by node name, the layer to record.
        stimulus: ``input`` of shape ``(B, T, *shape)``.

    Raises:
        RefusedError: where its forward pass fails.
        InputError: where a module that repeats a still image is given other frames.
    """
    frames = np.asarray(stimulus["input"], np.float32)
    if form.layout == "still":
        _check_still(frames, form.steps)
    copied = fresh(module, len(frames))
    try:
        with recorded(copied, observed.values()) as sent:
            play(copied, form, torch.from_numpy(frames.copy()))
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        memory = out_of_memory(error, "module")
        if memory is not None:
            raise memory from error
        fault = f"its forward pass fails after some steps: {reason_of(error)}"
        raise RefusedError(fault, "module", "let every step do the same") from error
    entries = {"input": Entry(frames, graded=True)}
    for node, output in observed.items():
        values = joined(sent[output], form, *frames.shape[:2]).numpy()
        entries[node] = Entry(values, graded=True) if output.graded else Entry(counts(values))
    return Trace(entries, {"rung": "source"})


def joined(sent: list[torch.Tensor], form: Form, samples: int, steps: int) -> torch.Tensor:
    """What a layer sent in all its calls, as ``(B, T, *shape)``."""
    layout, taken = form.layout, steps
    if layout == "still":
        layout, taken = form.inside, form.steps
    if len(sent) == taken and (layout == "step" or taken > 1):
        return torch.stack(sent, 1)[:, :steps]
    if layout == "time-first":
        return sent[0].reshape(taken, samples, *sent[0].shape[2:]).transpose(0, 1)[:, :steps]
    return sent[0][:, :steps] if layout == "batch-first" else sent[0].unflatten(0, (samples, steps))


def _check_still(frames: NDArray[Any], steps: int) -> None:
    if frames.shape[1] > steps:
        fault = f"it shows its input for {steps} steps, and the stimulus has {frames.shape[1]}"
        raise InputError(fault, "stimulus", f"give {steps} steps or fewer")
    if np.any(frames != frames[:, :1]):
        fault = "it shows one image in all of its steps, and the frames of the stimulus differ"
        raise InputError(fault, "stimulus", "give the same frame in every step")
