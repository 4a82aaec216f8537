"""What a module does in one step: its steps in the order in which they run, and what it returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.frameworks import check_neurons, is_neuron
from neurodeploy.frontends.hooks import hooked
from neurodeploy.frontends.layouts import STEPS, calls_in_trial, find_form
from neurodeploy.frontends.operations import tensors
from neurodeploy.frontends.playing import Form, arranged, fresh, states_of
from neurodeploy.frontends.refusals import MEMBRANES, failed
from neurodeploy.frontends.tracing import Watch
from neurodeploy.frontends.values import MEMBRANE, SAMPLES, Step, Value
from neurodeploy.network.shapes import Shape


@dataclass(frozen=True, eq=False)
class Traced:
    """What a module does in one step: its steps in order, and the sources whose sum it returns.

    ``position``: which of the tensors that it returns that sum is.
    """

    form: Form
    steps: tuple[Step, ...]
    output: tuple[str, ...]
    position: int = 0


def trace(module: nn.Module, shape: Shape) -> Traced:
    """Watch ``module`` for one step of seeded input. Raises RefusedError for what has no exact form."""
    check_neurons(module)
    form = find_form(module, shape)
    copied = fresh(module, SAMPLES)
    frame = arranged(torch.rand((SAMPLES, 1, *shape), generator=torch.Generator().manual_seed(0)), form.layout)
    watch, result = _watched(copied, frame, shape, form)
    if form.layout == "step":
        second, _ = _watched(copied, frame.clone(), shape, form, states_of(copied, form, result))
        same = [_signature(step) for step in second.steps] == [_signature(step) for step in watch.steps]
    else:
        same = _same_counts(watch.steps, calls_in_trial(module, form, shape), form.steps or STEPS)
    if not same:
        fault = "its second step does something else than its first"
        raise RefusedError(fault, "module", "let every step do the same, with what it is given and its neurons keep")
    returned = [(number, value) for number, tensor in enumerate(tensors(result)) if (value := watch.value(tensor))]
    if not returned or not returned[0][1].sources:
        fault = "it returns a layer's state first" if returned else "its forward pass returns no output of a layer"
        raise RefusedError(
            fault, "module", MEMBRANES if returned else "return what the last layer sends, of one step or of all"
        )
    position, output = returned[0]
    steps = _with_membranes(_needed(watch.steps, output.sources), output.sources)
    return Traced(form, steps, tuple(map(_sender, output.sources)), position)


def _with_membranes(steps: Sequence[Step], output: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps, those marked whose membrane is the source of another step or the output."""
    sources = {source for step in steps for source in step.sources} | set(output)
    membranes = {_sender(source) for source in sources if source.endswith(MEMBRANE)}
    both = sorted(membranes & sources)
    if both:
        raise RefusedError("sends both its spikes and its membrane", f"layer {both[0]}", "use a neuron layer for each")
    return tuple(
        replace(step, sources=tuple(map(_sender, step.sources)), membrane=step.name in membranes) for step in steps
    )


def _sender(source: str) -> str:
    return source.removesuffix(MEMBRANE)


def _watched(
    module: nn.Module, frame: torch.Tensor, shape: Shape, form: Form, states: tuple[Any, ...] = ()
) -> tuple[Watch, Any]:
    watch = Watch(repeating=form.layout == "still", all_steps=form.layout != "step")
    watch.mark(frame, Value(("input",), shape))
    try:
        with torch.no_grad(), hooked(module, watch), watch:
            return watch, module(frame, *states)
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        raise failed(error, watch.where) from error


def _signature(step: Step) -> tuple[Any, ...]:
    return step.name, step.sources, step.module, step.operation, step.argument


def _same_counts(steps: Sequence[Step], calls: Counter[str], number: int) -> bool:
    """Whether every layer runs as often in all ``number`` steps as in one, or in every step; none is watched alone."""
    once = Counter(step.module for step in steps if step.layer is not None)
    return all(calls[name] in (once[name], number * once[name]) for name in calls | once)


def _needed(steps: Sequence[Step], output: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps that lead to the output or to a neuron."""
    needed, kept = set(output), list[Step]()
    for step in reversed(steps):
        if needed & {step.name, f"{step.name}{MEMBRANE}"} or (step.layer is not None and is_neuron(step.layer)):
            needed |= set(step.sources)
            kept.append(step)
    return tuple(reversed(kept))
