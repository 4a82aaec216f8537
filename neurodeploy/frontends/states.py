"""What a neuron remembers from one call to the next, seen in a short run of its module.

After every call the states are changed a little, by a different amount in every number. So the states from which the
next call starts show where they come from: from the call before, or from a fresh start.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from neurodeploy.frontends.framework import Framework
from neurodeploy.frontends.operations import by_step, tensors

States = tuple[torch.Tensor, ...]


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a neuron.

    - ``lead``: the first two dimensions of what it sent.
    - ``received``: the states handed to it as arguments; ``returned``: every tensor it returned.
    - ``before``, ``after``: the states that it kept itself, as they were before and after the call.
    - ``rest``: the same of a neuron that has not run.
    """

    lead: tuple[int, ...]
    received: States
    returned: States
    before: States
    after: States
    rest: States


@contextmanager
def observed_states(module: nn.Module, neurons: Mapping[str, Framework]) -> Generator[dict[str, list[Call]]]:
    """While it is open, every call of the named neurons inside ``module`` is recorded, and their states changed."""
    calls: dict[str, list[Call]] = {name: [] for name in neurons}
    handles: list[Any] = []
    for name, framework in neurons.items():
        before: list[States] = []
        neuron = module.get_submodule(name)
        rest = snapshot(framework.remembered(neuron))
        handles += [
            neuron.register_forward_pre_hook(_before(framework, before)),
            neuron.register_forward_hook(_after(framework, rest, before, calls[name]), with_kwargs=True),
        ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def continues(framework: Framework, before: Call, after: Call) -> bool:
    """Whether a call starts from the states with which the call before it ended."""
    if not (after.received or framework.stateless_calls):
        return _equal(before.after, after.before)
    count = len(before.returned) - 1 if framework.stateless_calls else len(after.before)
    return len(after.received) == count and _equal(before.returned[len(before.returned) - count :], after.received)


def restarts(framework: Framework, before: Call, after: Call) -> bool:
    """Whether two calls in a row both start from rest. A neuron that needs its states as arguments never does."""
    same_way = bool(before.received) == bool(after.received)
    return same_way and not framework.stateless_calls and starts_at_rest(before) and starts_at_rest(after)


def starts_at_rest(call: Call) -> bool:
    """Whether a call starts from the states of a neuron that has not run; those handed to it must be zero."""
    if call.received:
        return not any(bool(state.any()) for state in call.received)
    return _equal(call.before, call.rest)


def snapshot(states: Sequence[Any]) -> States:
    """Copies of states; numbers become tensors, and lists count as all their tensors."""
    flat = [torch.as_tensor(state) for state in states if isinstance(state, int | float)]
    return tuple(state.detach().clone() for state in (*flat, *tensors(list(states))))


def _equal(left: States, right: States) -> bool:
    return len(left) == len(right) and all(map(_same, left, right))


def _same(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether two states are equal. One without numbers is at rest: all zeros."""
    if not left.numel() or not right.numel():
        return not bool(left.any()) and not bool(right.any())
    if left.ndim and right.ndim and left.shape != right.shape:
        return False
    return bool((left == right).all())


def _before(framework: Framework, before: list[States]) -> Any:
    def hook(neuron: nn.Module, _: Any) -> None:
        before[:] = [snapshot(framework.remembered(neuron))]

    return hook


def _after(framework: Framework, rest: States, before: list[States], calls: list[Call]) -> Any:
    def hook(neuron: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        received = snapshot(list(tensors((args, kwargs)))[1:])
        returned = list(tensors(by_step(result)))
        lead = tuple(returned[0].shape[:2])
        _change([*returned[1:], *tensors(list(framework.remembered(neuron)))], len(calls))
        after = snapshot(framework.remembered(neuron))
        calls.append(Call(lead, received, snapshot(returned), before.pop(), after, rest))

    return hook


def _change(states: Sequence[torch.Tensor], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for state in {id(state): state for state in states if state.is_floating_point()}.values():
        state.add_(torch.rand(state.shape, generator=generator, dtype=state.dtype))
