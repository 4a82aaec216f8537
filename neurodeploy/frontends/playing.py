"""A module run as it is, over whole samples: in the form in which it takes its steps, which is found by trying."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.framework import Layout
from neurodeploy.frontends.frameworks import framework_of, is_neuron, kind_of, prepare
from neurodeploy.frontends.operations import STATES, tensors
from neurodeploy.frontends.tracing import FAILS, Watch, failed, hooked, reason_of
from neurodeploy.network.shapes import Shape
from neurodeploy.trace import Entry, Trace

LAYOUTS: tuple[Layout, ...] = ("step", "time-first", "batch-first", "merged")
STEPS, SAMPLES = 2, 3


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer: whether it was given a state, and what it sent.

    ``states``: every tensor it was given beside its input; ``kept``: every tensor it returned. Of short runs only.
    """

    with_state: bool
    sent: torch.Tensor
    states: tuple[torch.Tensor, ...] = ()
    kept: tuple[torch.Tensor, ...] = ()


@dataclass(frozen=True)
class Observed:
    """What a node's record is of: a layer's output; ``graded`` values stay real."""

    layer: str
    graded: bool = False


def fresh(module: nn.Module, samples: int) -> nn.Module:
    """A copy that remembers nothing of earlier runs and expects ``samples`` samples."""
    try:
        copied = copy.deepcopy(module)
    except Exception:  # a module that cannot be copied is used itself
        copied = module
    prepare(copied, samples)
    return copied


def arrange(frames: torch.Tensor, layout: Layout) -> torch.Tensor:
    """``(B, T, *shape)`` as the layout has it."""
    if layout == "time-first":
        return frames.transpose(0, 1).contiguous()
    return frames.flatten(0, 1) if layout == "merged" else frames


def play(module: nn.Module, layout: Layout, frames: torch.Tensor) -> None:
    """Run ``module`` on ``(B, T, *shape)``. The states it returns it is given back in the next step."""
    with torch.no_grad():
        if layout != "step":
            module(arrange(frames, layout))
            return
        given: tuple[Any, ...] = ()
        for frame in frames.unbind(1):
            given = given_back(module, module(frame, *given))


def given_back(module: nn.Module, result: Any) -> tuple[Any, ...]:
    """What of a step's result is a state of the next: all where there is a place for each, else all but the first.

    A place for a state is an argument by position that has no default, or None.
    """
    if not isinstance(result, tuple):
        return ()
    given: tuple[Any, ...] = tuple(result)
    taken = list(signature(module.forward).parameters.values())[1:]
    if any(each.kind is each.VAR_POSITIONAL for each in taken):
        return given[1:]
    taken = [each for each in taken if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if len(given) > 1 and len(given) == sum(each.default in (each.empty, None) for each in taken):
        return given
    return given[1:] if len(taken) >= len(given) - 1 else ()


def find_layout(module: nn.Module, shape: Shape) -> Layout:
    """How ``module`` takes its steps: a short run of each form that its neurons allow, and one must fit.

    Raises RefusedError with what kept the first of them from running.
    """
    forms = [
        framework.layouts(kind_of(each)[1], each) for each in module.modules() if (framework := framework_of(each))
    ]
    wanted: list[Layout] = [each for each in LAYOUTS if all(_allows(form, each) for form in forms)]
    if not wanted:
        told = ", ".join(sorted({each for form in forms for each in form}))
        raise RefusedError(f"its neurons take their steps in different forms: {told}", "module", "use one form in all")
    reasons = [_misfit(module, layout, shape) for layout in wanted]
    for layout, reason in zip(wanted, reasons, strict=True):
        if reason is None:
            return layout
    dtypes = {each.dtype for each in module.parameters() if each.is_floating_point()} - {torch.float32}
    if dtypes:
        raise RefusedError(f"its weights are {dtypes.pop()}, and its input float32", "module", "use module.float()")
    raise next(each for each in reasons if each is not None)


def _allows(form: tuple[Layout, ...], layout: Layout) -> bool:
    """Whether a neuron of that form can stand in such a module: one for single steps also inside a loop over them."""
    return layout in form or (layout in ("time-first", "batch-first") and "step" in form)


def _misfit(module: nn.Module, layout: Layout, shape: Shape) -> Exception | None:
    """Why ``module`` cannot be run in this form; None where it can."""
    copied = fresh(module, SAMPLES)
    frames = torch.rand((SAMPLES, STEPS, *shape), generator=torch.Generator().manual_seed(0))
    watch = Watch(names_only=True)
    try:
        with recorded(copied, _neurons(copied), states=True) as calls, hooked(copied, watch):
            play(copied, layout, frames)
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        return failed(watch, error)
    return next((found for name in calls if (found := _miscalled(copied, name, calls[name], layout)) is not None), None)


def _miscalled(module: nn.Module, name: str, made: list[Call], layout: Layout) -> Exception | None:
    """Why a neuron's calls are not those of one step after the other, nor one for all steps."""
    framework, neuron = framework_of(module.get_submodule(name)), module.get_submodule(name)
    forms = () if framework is None else framework.layouts(kind_of(neuron)[1], neuron)
    leads = [tuple(call.sent.shape[:2]) for call in made]
    stepped = "step" in forms and len(made) == STEPS and all(lead[:1] == (SAMPLES,) for lead in leads)
    at_once = {"time-first": (STEPS, SAMPLES), "batch-first": (SAMPLES, STEPS), "merged": (SAMPLES * STEPS,)}
    lead = at_once.get(layout, ())
    if not made:
        return None
    if not (stepped or (layout in forms and len(made) == 1 and leads[0][: len(lead)] == lead)):
        what = f"is called {len(made)} times in {STEPS} steps, with {leads[0]} for {SAMPLES} samples"
        return RefusedError(what, f"layer {name}", FAILS)
    if stepped and framework is not None and framework.given_state and not all(call.with_state for call in made[1:]):
        return RefusedError("is not given its state in the second step", f"layer {name}", FAILS)
    if stepped and not all(_continues(before, after) for before, after in pairwise(made)):
        return RefusedError("is given another state than it returned in the step before", f"layer {name}", STATES)
    return None


def _continues(before: Call, after: Call) -> bool:
    """Whether the states given to a call are those that the call before returned."""
    kept = before.kept[len(before.kept) - len(after.states) :]
    return all(map(torch.equal, kept, after.states)) and len(kept) == len(after.states)


def ran(module: nn.Module, layout: Layout, shape: Shape) -> Counter[str]:
    """How often every known layer runs in ``STEPS`` steps."""
    copied = fresh(module, SAMPLES)
    watch = Watch(names_only=True)
    with hooked(copied, watch):
        play(copied, layout, torch.rand((SAMPLES, STEPS, *shape), generator=torch.Generator().manual_seed(0)))
    return watch.ran


def _neurons(module: nn.Module) -> list[str]:
    return [name for name, each in module.named_modules() if is_neuron(each)]


@contextmanager
def recorded(module: nn.Module, names: Iterable[str], states: bool = False) -> Generator[dict[str, list[Call]]]:
    """While it is open, every call of the named layers is written down, with ``states`` what they keep, too."""
    calls: dict[str, list[Call]] = {name: [] for name in names}
    handles = [
        module.get_submodule(name).register_forward_hook(_recorder(made, states), with_kwargs=True)
        for name, made in calls.items()
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _recorder(made: list[Call], states: bool) -> Any:
    def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], sent: Any) -> None:
        state = args[1] if len(args) > 1 else kwargs.get("state")
        given = tuple(each.clone() for each in tensors((args, kwargs)))[1:] if states else ()
        kept = tuple(each.clone() for each in tensors(sent)) if states else ()
        made.append(Call(state is not None, next(tensors(sent)).detach().clone(), given, kept))

    return hook


def run_module(
    module: nn.Module, layout: Layout, observed: Mapping[str, Observed], stimulus: Mapping[str, NDArray[Any]]
) -> Trace:
    """Run the module itself on ``(B, T, *shape)`` and record what every node stands for."""
    frames = np.asarray(stimulus["input"], np.float32)
    copied = fresh(module, len(frames))
    try:
        with recorded(copied, [each.layer for each in observed.values()]) as calls:
            play(copied, layout, torch.from_numpy(frames.copy()))
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        what = f"its forward pass fails after some steps: {reason_of(error)}"
        raise RefusedError(what, "module", "let every step do the same") from error
    entries = {"input": Entry(frames, graded=True)}
    for node, each in observed.items():
        values = _joined([call.sent for call in calls[each.layer]], layout, *frames.shape[:2]).numpy()
        entries[node] = Entry(values, graded=True) if each.graded else Entry(np.rint(values).astype(np.int64))
    return Trace(entries, {"rung": "source"})


def _joined(sent: list[torch.Tensor], layout: Layout, samples: int, steps: int) -> torch.Tensor:
    """What a layer sent, ``(B, T, *shape)``."""
    if len(sent) == steps and (layout == "step" or steps > 1):
        return torch.stack(sent, 1)
    if layout == "time-first":
        return sent[0].reshape(steps, samples, *sent[0].shape[2:]).transpose(0, 1)
    return sent[0] if layout == "batch-first" else sent[0].unflatten(0, (samples, steps))
