"""The form in which a module takes its steps, found by running it for a short time in every form."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import torch
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.framework import Layout
from neurodeploy.frontends.frameworks import framework_of, is_neuron, kind_of
from neurodeploy.frontends.hooks import hooked
from neurodeploy.frontends.playing import Call, fresh, play, recorded
from neurodeploy.frontends.refusals import FORMS, STATES, failed
from neurodeploy.frontends.tracing import SAMPLES, Watch
from neurodeploy.network.shapes import Shape

LAYOUTS: tuple[Layout, ...] = ("step", "time-first", "batch-first", "merged")
STEPS = 2
"""Steps of a trial run."""


def find_layout(module: nn.Module, shape: Shape) -> Layout:
    """The first layout that the neurons of ``module`` allow and in which it runs. ``shape``: of one step's input.

    Raises RefusedError with the reason why the first of them failed, where none fits.
    """
    allowed_by_neurons = [
        framework.layouts(kind_of(part)[1], part) for part in module.modules() if (framework := framework_of(part))
    ]
    candidates: list[Layout] = [
        layout for layout in LAYOUTS if all(_allows(form, layout) for form in allowed_by_neurons)
    ]
    if not candidates:
        forms = ", ".join(sorted({layout for form in allowed_by_neurons for layout in form}))
        fault = f"its neurons take their steps in different forms: {forms}"
        raise RefusedError(fault, "module", "use one form in all")
    reasons = [_misfit(module, layout, shape) for layout in candidates]
    for layout, reason in zip(candidates, reasons, strict=True):
        if reason is None:
            return layout
    dtypes = {weights.dtype for weights in module.parameters() if weights.is_floating_point()} - {torch.float32}
    if dtypes:
        raise RefusedError(f"its weights are {dtypes.pop()}, and its input float32", "module", "use module.float()")
    raise next(reason for reason in reasons if reason is not None)


def calls_in_trial(module: nn.Module, layout: Layout, shape: Shape) -> Counter[str]:
    """How often every known layer runs in ``STEPS`` steps."""
    copied = fresh(module, SAMPLES)
    watch = Watch(names_only=True)
    with hooked(copied, watch):
        play(copied, layout, _frames(shape))
    return watch.calls


def _frames(shape: Shape) -> torch.Tensor:
    return torch.rand((SAMPLES, STEPS, *shape), generator=torch.Generator().manual_seed(0))


def _allows(form: tuple[Layout, ...], layout: Layout) -> bool:
    """Whether a neuron of that form can stand in such a module; one for single steps may stand in a loop over them."""
    return layout in form or (layout in ("time-first", "batch-first") and "step" in form)


def _misfit(module: nn.Module, layout: Layout, shape: Shape) -> Exception | None:
    """Why ``module`` cannot be run in this layout; None where it can."""
    copied = fresh(module, SAMPLES)
    watch = Watch(names_only=True)
    neurons = [name for name, part in copied.named_modules() if is_neuron(part)]
    try:
        with recorded(copied, neurons, states=True) as calls, hooked(copied, watch):
            play(copied, layout, _frames(shape))
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        return failed(error, watch.where)
    reasons = (_neuron_misfit(copied, name, calls[name], layout) for name in calls)
    return next((reason for reason in reasons if reason is not None), None)


def _neuron_misfit(module: nn.Module, name: str, calls: list[Call], layout: Layout) -> Exception | None:
    """Why a neuron's calls are neither one for every step, in order, nor one for all steps; None where they are."""
    neuron = module.get_submodule(name)
    framework = framework_of(neuron)
    forms = () if framework is None else framework.layouts(kind_of(neuron)[1], neuron)
    leads = [tuple(call.sent.shape[:2]) for call in calls]
    stepped = "step" in forms and len(calls) == STEPS and all(lead[:1] == (SAMPLES,) for lead in leads)
    at_once = {"time-first": (STEPS, SAMPLES), "batch-first": (SAMPLES, STEPS), "merged": (SAMPLES * STEPS,)}
    lead = at_once.get(layout, ())
    if not calls:
        return None
    if not (stepped or (layout in forms and len(calls) == 1 and leads[0][: len(lead)] == lead)):
        fault = f"is called {len(calls)} times in {STEPS} steps, with {leads[0]} for {SAMPLES} samples"
        return RefusedError(fault, f"layer {name}", FORMS)
    without_state = stepped and not all(call.with_state for call in calls[1:])
    if without_state and framework is not None and framework.stateless_calls:
        return RefusedError("is not given its state in the second step", f"layer {name}", FORMS)
    if stepped and not all(_continues(before, after) for before, after in pairwise(calls)):
        return RefusedError("is given another state than it returned in the step before", f"layer {name}", STATES)
    return None


def _continues(before: Call, after: Call) -> bool:
    """Whether the states handed to a call are those that the call before returned."""
    kept = before.kept[len(before.kept) - len(after.states) :]
    return all(map(torch.equal, kept, after.states)) and len(kept) == len(after.states)
