"""The form in which a module takes its steps, found by running it for a short time in every form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import torch
from torch import nn

from neurodeploy.errors import EnvironmentFailureError, RefusedError
from neurodeploy.frontends.framework import Framework, Layout
from neurodeploy.frontends.frameworks import framework_of, kind_of
from neurodeploy.frontends.hooks import hooked
from neurodeploy.frontends.playing import Form, fresh, play, takes_any_number
from neurodeploy.frontends.refusals import FORMS, STATES, failed
from neurodeploy.frontends.states import Call, continues, observed_states, restarts, starts_at_rest
from neurodeploy.frontends.tracing import Watch
from neurodeploy.frontends.values import SAMPLES
from neurodeploy.network.shapes import Shape

LAYOUTS: tuple[Layout, ...] = ("step", "time-first", "batch-first", "merged", "still")
STEPS = 2
"""Steps of a trial run."""
CallKind = Literal["continues", "restarts"]


def find_form(module: nn.Module, shape: Shape) -> Form:
    """The first form that the neurons of ``module`` allow and in which it runs. ``shape``: of one step's input.

    Raises RefusedError with the reason why the first of them failed, where none fits.
    """
    neurons = _neurons(module)
    layouts = [framework.layouts(kind_of(part)[1], part) for part, framework in neurons.values()]
    candidates = [Form(layout) for layout in LAYOUTS if all(_allows(allowed, layout) for allowed in layouts)]
    if not candidates:
        listed = ", ".join(sorted({layout for allowed in layouts for layout in allowed}))
        fault = f"its neurons take their steps in different forms: {listed}"
        raise RefusedError(fault, "module", "use one form in all")
    if candidates[0].layout == "step" and takes_any_number(module):
        candidates.insert(1, Form("step", "everything"))
    reasons: list[RefusedError] = []
    for form in candidates:
        try:
            return _tried(module, form, shape)
        except RefusedError as error:
            reasons.append(error)
    dtypes = {weights.dtype for weights in module.parameters() if weights.is_floating_point()} - {torch.float32}
    if dtypes:
        raise RefusedError(f"its weights are {dtypes.pop()}, and its input float32", "module", "use module.float()")
    raise reasons[0]


def calls_in_trial(module: nn.Module, form: Form, shape: Shape) -> Counter[str]:
    """How often every known layer runs in ``STEPS`` steps."""
    copied = fresh(module, SAMPLES)
    watch = Watch(names_only=True)
    with hooked(copied, watch):
        play(copied, form, _frames(shape, STEPS))
    return watch.calls


def _neurons(module: nn.Module) -> dict[str, tuple[nn.Module, Framework]]:
    return {name: (part, found) for name, part in module.named_modules() if (found := framework_of(part)) is not None}


def _frames(shape: Shape, steps: int) -> torch.Tensor:
    return torch.rand((SAMPLES, steps, *shape), generator=torch.Generator().manual_seed(0))


def _allows(allowed: tuple[Layout, ...], layout: Layout) -> bool:
    """Whether a neuron with these layouts can stand in such a module; one for single steps may stand in a loop."""
    if layout == "still":
        return "merged" not in allowed
    return layout in allowed or (layout in ("time-first", "batch-first") and "step" in allowed)


def _tried(module: nn.Module, form: Form, shape: Shape) -> Form:
    """``form`` with what trial runs show of it. Raises RefusedError where ``module`` cannot run in it."""
    if form.layout in ("step", "still"):
        return _trial(module, form, shape, STEPS)
    _trial(module, form, shape, STEPS + 1)  # a module that loops over a still image makes one number of steps only
    return _trial(module, form, shape, STEPS)


def _trial(module: nn.Module, form: Form, shape: Shape, steps: int) -> Form:
    copied = fresh(module, SAMPLES)
    watch = Watch(names_only=True)
    neurons = _neurons(copied)
    frameworks = {name: framework for name, (_, framework) in neurons.items()}
    try:
        with observed_states(copied, frameworks) as calls, hooked(copied, watch):
            play(copied, form, _frames(shape, steps))
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        reason = failed(error, watch.where)
        if isinstance(reason, EnvironmentFailureError):
            raise reason from error
        raise RefusedError(reason.what, reason.where, reason.remedy) from error
    if any("batch-first" in framework.layouts(kind_of(part)[1], part) for part, framework in neurons.values()):
        form = replace(form, inside="batch-first")
    if form.layout == "still":
        form = replace(form, steps=_steps_inside(calls, form))
        steps = form.steps
    kinds = {name: _kind_of_calls(name, *neurons[name], calls[name], form, steps) for name in neurons}
    return replace(form, restarting=frozenset(name for name, kind in kinds.items() if kind == "restarts"))


def _steps_inside(calls: Mapping[str, list[Call]], form: Form) -> int:
    """How many steps a module that is shown one still image takes with it. Raises RefusedError where it is one."""
    axis = 0 if form.inside == "time-first" else 1
    counts = {len(of_one) if len(of_one) > 1 else (*of_one[0].lead, 1, 1)[axis] for of_one in calls.values() if of_one}
    if len(counts) != 1 or min(counts) < 2:
        raise RefusedError("its neurons take no steps of their own with one image", "module", FORMS)
    return counts.pop()


def _kind_of_calls(
    name: str, neuron: nn.Module, framework: Framework, calls: list[Call], form: Form, steps: int
) -> CallKind:
    """How the calls of a neuron in so many steps follow each other.

    Raises RefusedError where they are neither one for every step, in order, nor one for all steps.
    """
    if not calls:
        return "continues"
    allowed = framework.layouts(kind_of(neuron)[1], neuron)
    layout = form.inside if form.layout == "still" else form.layout
    leads = [call.lead for call in calls]
    stepped = "step" in allowed and len(calls) == steps and all(lead[:1] == (SAMPLES,) for lead in leads)
    at_once = {"time-first": (steps, SAMPLES), "batch-first": (SAMPLES, steps), "merged": (SAMPLES * steps,)}
    lead = at_once.get(layout, ())
    if not (stepped or (layout in allowed and len(calls) == 1 and leads[0][: len(lead)] == lead)):
        fault = f"is called {len(calls)} times in {steps} steps, with {leads[0]} for {SAMPLES} samples"
        raise RefusedError(fault, f"layer {name}", FORMS)
    if stepped and framework.stateless_calls and not all(call.received for call in calls[1:]):
        raise RefusedError("is not given its state in the second step", f"layer {name}", FORMS)
    if not framework.stateless_calls and not starts_at_rest(calls[0]):
        raise RefusedError("starts from a state that is not at rest", f"layer {name}", "let its states start at zero")
    if not stepped or all(continues(framework, *pair) for pair in pairwise(calls)):
        return "continues"
    if all(restarts(framework, *pair) for pair in pairwise(calls)):
        return "restarts"
    raise RefusedError("is given another state than it returned in the step before", f"layer {name}", STATES)
