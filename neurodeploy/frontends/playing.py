"""A module run as it is over whole samples, and what its layers do meanwhile."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.framework import Layout
from neurodeploy.frontends.frameworks import prepare
from neurodeploy.frontends.operations import tensors
from neurodeploy.frontends.refusals import reason_of
from neurodeploy.trace import Entry, Trace


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer: what it sent, and whether a state was handed to it.

    ``states``, every tensor it received beside its input, and ``kept``, every tensor it returned, are recorded on
    request: they are meant for short runs.
    """

    with_state: bool
    sent: torch.Tensor
    states: tuple[torch.Tensor, ...] = ()
    kept: tuple[torch.Tensor, ...] = ()


@dataclass(frozen=True)
class Observed:
    """The layer whose output a node stands for; ``graded`` outputs stay real, others become integers."""

    layer: str
    graded: bool = False


def fresh(module: nn.Module, samples: int) -> nn.Module:
    """A copy of ``module`` that remembers nothing of earlier runs and expects ``samples`` samples in one call."""
    try:
        copied = copy.deepcopy(module)
    except Exception:  # a module that cannot be copied is used itself
        copied = module
    prepare(copied, samples)
    return copied


def arranged(frames: torch.Tensor, layout: Layout) -> torch.Tensor:
    """Frames ``(B, T, *shape)`` in the order of ``layout``, which takes all steps in one call."""
    if layout == "time-first":
        return frames.transpose(0, 1).contiguous()
    return frames.flatten(0, 1) if layout == "merged" else frames


def play(module: nn.Module, layout: Layout, frames: torch.Tensor) -> None:
    """Run ``module`` on ``(B, T, *shape)``. The states it returns are handed back to it in the next step."""
    with torch.no_grad():
        if layout != "step":
            module(arranged(frames, layout))
            return
        states: tuple[Any, ...] = ()
        for frame in frames.unbind(1):
            states = states_of(module, module(frame, *states))


def states_of(module: nn.Module, result: Any) -> tuple[Any, ...]:
    """What of a step's result is handed back in the next step.

    All of it where ``forward`` has a place for every part, else all but the first part. A place for a state is an
    argument by position that has no default, or the default None.
    """
    if not isinstance(result, tuple):
        return ()
    parts: tuple[Any, ...] = tuple(result)
    parameters = list(signature(module.forward).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return parts[1:]
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(parts) > 1 and len(parts) == sum(place.default in (place.empty, None) for place in places):
        return parts
    return parts[1:] if len(places) >= len(parts) - 1 else ()


@contextmanager
def recorded(module: nn.Module, names: Iterable[str], states: bool = False) -> Generator[dict[str, list[Call]]]:
    """While it is open, every call of the named layers is recorded; with ``states`` also what they are to remember."""
    calls: dict[str, list[Call]] = {name: [] for name in names}
    handles = [
        module.get_submodule(name).register_forward_hook(_recorder(recording, states), with_kwargs=True)
        for name, recording in calls.items()
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _recorder(recording: list[Call], states: bool) -> Any:
    def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], sent: Any) -> None:
        state = args[1] if len(args) > 1 else kwargs.get("state")
        received = tuple(tensor.clone() for tensor in tensors((args, kwargs)))[1:] if states else ()
        kept = tuple(tensor.clone() for tensor in tensors(sent)) if states else ()
        recording.append(Call(state is not None, next(tensors(sent)).detach().clone(), received, kept))

    return hook


def run_module(
    module: nn.Module, layout: Layout, observed: Mapping[str, Observed], stimulus: Mapping[str, NDArray[Any]]
) -> Trace:
    """Run a copy of ``module`` and record the layer that every node stands for.

    Args:
        layout: how ``module`` takes its steps.
        observed: by node name, the layer to record.
        stimulus: ``input`` of shape ``(B, T, *shape)``.

    Raises:
        RefusedError: where its forward pass fails.
    """
    frames = np.asarray(stimulus["input"], np.float32)
    copied = fresh(module, len(frames))
    try:
        with recorded(copied, [output.layer for output in observed.values()]) as calls:
            play(copied, layout, torch.from_numpy(frames.copy()))
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        fault = f"its forward pass fails after some steps: {reason_of(error)}"
        raise RefusedError(fault, "module", "let every step do the same") from error
    entries = {"input": Entry(frames, graded=True)}
    for node, output in observed.items():
        values = _joined([call.sent for call in calls[output.layer]], layout, *frames.shape[:2]).numpy()
        entries[node] = Entry(values, graded=True) if output.graded else Entry(np.rint(values).astype(np.int64))
    return Trace(entries, {"rung": "source"})


def _joined(sent: list[torch.Tensor], layout: Layout, samples: int, steps: int) -> torch.Tensor:
    """What a layer sent in all its calls, as ``(B, T, *shape)``."""
    if len(sent) == steps and (layout == "step" or steps > 1):
        return torch.stack(sent, 1)
    if layout == "time-first":
        return sent[0].reshape(steps, samples, *sent[0].shape[2:]).transpose(0, 1)
    return sent[0] if layout == "batch-first" else sent[0].unflatten(0, (samples, steps))
