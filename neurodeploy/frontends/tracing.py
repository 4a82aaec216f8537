"""One step of a module, watched: which layer receives what which other layer sent.

Known layers and neurons are leaves. Between them only what has a meaning in NIR may happen: sums, multiples, changes of
shape. Everything else that touches a watched value is refused by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from neurodeploy.errors import NeurodeployError, RefusedError
from neurodeploy.frontends.frameworks import is_leaf, is_neuron, is_ours
from neurodeploy.frontends.operations import (
    DATA,
    DIFFERENCES,
    DROPOUTS,
    DROPPING,
    FRESH,
    FUNCTIONAL,
    MODULES,
    NEGATIONS,
    PRODUCTS,
    QUOTIENTS,
    REMEDY,
    SHAPING,
    STATES,
    SUMS,
    in_place,
    moved,
    number_of,
    tensors,
)
from neurodeploy.network.shapes import Shape

SAMPLES = 3
"""Of one step; not one, so that a batch is never taken for a channel."""


@dataclass(frozen=True, eq=False)
class Step:
    """A node in the making. ``sources`` are added; one that stands there twice counts twice.

    ``module``: where ``layer`` stands in the whole.
    """

    name: str
    sources: tuple[str, ...]
    layer: nn.Module | None = None
    module: str = ""
    operation: str = ""
    argument: Any = None


@dataclass(frozen=True)
class Value:
    """What a tensor is: the sum of what ``sources`` sent, ``shape`` without batch and time; or a layer's state."""

    sources: tuple[str, ...]
    shape: Shape
    state_of: str | None = None


@dataclass(eq=False)
class Watch(TorchFunctionMode):
    """Collects the steps of a module while it runs; with ``names_only`` it just knows what runs."""

    names_only: bool = False
    steps: list[Step] = field(default_factory=list[Step])

    def __post_init__(self) -> None:
        super().__init__()
        self._values: dict[int, tuple[torch.Tensor, Value]] = {}
        self._running: list[tuple[str, nn.Module]] = []
        self._inside = 0
        self._kept: list[torch.Tensor] = []
        self._names = {"input", "output"}
        self.ran = Counter[str]()

    def mark(self, tensor: torch.Tensor, value: Value) -> None:
        """From now on ``tensor`` is ``value``."""
        self._values[id(tensor)] = (tensor, value)

    def value(self, tensor: Any) -> Value | None:
        """What ``tensor`` is, if it was watched."""
        found = self._values.get(id(tensor))
        return found[1] if found is not None and found[0] is tensor else None

    @property
    def where(self) -> str:
        """The innermost module that runs."""
        names = [name for name, _ in self._running if name]
        return f"layer {names[-1]}" if names else "module"

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self._inside:
            given = [each for each in tensors((args, kwargs)) if self.value(each) is not None]
            if given:
                self._happened(func, args, kwargs or {}, given, result)
        return result

    def _happened(self, func: Any, args: Any, kwargs: Any, given: list[torch.Tensor], result: Any) -> None:
        name, results = getattr(func, "__name__", str(func)), list(tensors(result))
        if in_place(name) and any(each is args[0] for each in given):
            self._alone(name, args[0])
        if name in FRESH or (not results and name not in DATA):
            return
        if not results:
            raise RefusedError(f"its flow depends on values ({name})", self.where, "let every step do the same")
        values = [value for each in given if (value := self.value(each)) is not None]
        state = next((value.state_of for value in values if value.state_of is not None), None)
        if state is not None:
            if name in SHAPING:
                for each in results:
                    self.mark(each, Value((), (), state))
                return
            raise RefusedError(
                f"{name} reads the state of layer {state}, which no other layer sees", self.where, STATES
            )
        if name in SHAPING and len(given) == 1 and len(results) == 1:
            self.mark(results[0], self._reshaped(name, values[0], moved(func, args, kwargs, given[0])))
        elif (sources := self._arithmetic(name, args, kwargs, values)) is not None:
            self.mark(results[0], Value(sources, values[0].shape))
        else:
            raise self._refused(name)

    def _alone(self, name: str, tensor: torch.Tensor) -> None:
        """What is changed in place must stand nowhere else: not under another name, nor in a neuron's memory."""
        place = tensor.untyped_storage().data_ptr()
        others = [each for each, _ in self._values.values() if each is not tensor]
        if name == "__setitem__" or any(each.untyped_storage().data_ptr() == place for each in (*others, *self._kept)):
            raise RefusedError(
                f"{name} changes values in place that others see", self.where, "make a new tensor of them"
            )

    def _refused(self, name: str) -> RefusedError:
        if name in DROPOUTS:
            return RefusedError("its dropout drops values when it evaluates, too", self.where, DROPPING)
        if self._running and is_ours(self._running[-1][1]):
            return RefusedError(f"{_in_a_line(self._running[-1][1])} has no exact form here", self.where, LAYERS)
        remedy = MODULES.format(name) if name in FUNCTIONAL else REMEDY
        return RefusedError(f"{name} of what layers send has no exact form here", self.where, remedy)

    def _reshaped(self, name: str, value: Value, places: torch.Tensor) -> Value:
        """``places``: the number of the value of the watched tensor that each value of the result is."""
        shape = tuple(places.shape)
        if torch.equal(places.reshape(-1), torch.arange(places.numel())) and places.numel() == value_count(value):
            if shape[len(shape) - len(value.shape) :] == value.shape:
                return value
            if shape[-1:] == (prod(value.shape),):
                return Value((self._step("flatten", value.sources, "flatten"),), shape[-1:])
        if name in DROPOUTS or (self._running and is_ours(self._running[-1][1])):
            raise self._refused(name)
        raise RefusedError(f"{name} takes the values of a step apart", self.where, REMEDY)

    def _arithmetic(self, name: str, args: Any, kwargs: Any, values: list[Value]) -> tuple[str, ...] | None:
        """The sources of a sum or a multiple; None for anything else."""
        if name in NEGATIONS and len(values) == 1:
            return (self._scaled(values[0], -1.0),)
        if len(args) != 2 or kwargs.keys() - {"alpha"} or kwargs.get("alpha", 1) != 1:
            return None
        left, right = self.value(args[0]), self.value(args[1])
        if left is not None and right is not None and left.shape == right.shape:
            if name in SUMS:
                return left.sources + right.sources
            return (*left.sources, self._scaled(right, -1.0)) if name in DIFFERENCES else None
        other = args[1] if left is not None else args[0]
        number = number_of(other)
        if len(values) != 1 or number is None:
            return None
        if number == 0 and (name in SUMS or (name in DIFFERENCES and left is not None)):
            return values[0].sources
        if name in PRODUCTS:
            return (self._scaled(values[0], number),)
        if name in QUOTIENTS and left is not None and number != 0:
            return (self._scaled(values[0], 1.0 / number),)
        return None

    def _scaled(self, value: Value, factor: float) -> str:
        return self._step("scale", value.sources, "scale", factor)

    def _step(self, name: str, sources: tuple[str, ...], operation: str, argument: Any = None) -> str:
        running = [each for each, module in self._running[-1:] if each and is_ours(module)]
        chosen = running[0] if running else name
        self.steps.append(Step(self._new(chosen), sources, None, "", operation, argument))
        return self.steps[-1].name

    def _new(self, name: str) -> str:
        count, chosen = 1, name
        while chosen in self._names:
            count += 1
            chosen = f"{name}_{count}"
        self._names.add(chosen)
        return chosen

    def entered(self, name: str, module: nn.Module) -> None:
        """``module`` begins to run."""
        self._running.append((name, module))
        self.ran[name] += is_leaf(module) and not self._inside
        self._inside += is_leaf(module)

    def left(self, name: str, module: nn.Module, given: Any, sent: Any) -> None:
        """``module`` has run: where it is a leaf, what it sent is its own."""
        self._running.pop()
        if not is_leaf(module):
            return
        self._inside -= 1
        if not self._inside and not self.names_only:
            self._leaf(name, module, list(tensors(given)), list(tensors(sent)))

    def _leaf(self, name: str, module: nn.Module, given: list[torch.Tensor], sent: list[torch.Tensor]) -> None:
        values = [self.value(each) for each in given]
        if not values or values[0] is None or values[0].state_of is not None:
            what = "receives what no known layer sends" if not values or values[0] is None else "receives a state"
            raise RefusedError(what, f"layer {name}", "feed it what a layer or neuron sends; own code is not read")
        if any(each is not None and each.state_of is None for each in values[1:]):
            raise RefusedError("receives several values", f"layer {name}", "add them before")
        if is_neuron(module) and any(step.layer is module for step in self.steps):
            raise RefusedError("is called more than once in a step", f"layer {name}", "use a neuron layer of its own")
        lead = given[0].ndim - len(values[0].shape)
        self.steps.append(Step(self._new(name or "neuron"), values[0].sources, module, name))
        self._kept += [*sent[1:], *(each for each in module.buffers() if each.numel())]
        for each in sent[1:]:
            self.mark(each, Value((), (), name))
        self.mark(sent[0], Value((self.steps[-1].name,), tuple(sent[0].shape[lead:])))


LAYERS = (
    "known layers: Conv1d, Conv2d, Linear, BatchNorm after them, Flatten, AvgPool2d, MaxPool2d on spikes, and the "
    "neurons of Norse, snnTorch, SpikingJelly and sinabs that NIR can say"
)


def value_count(value: Value) -> int:
    """How many numbers the watched tensors of a value hold."""
    return SAMPLES * prod(value.shape)


@contextmanager
def hooked(module: nn.Module, watch: Watch) -> Generator[None]:
    """Tell ``watch`` when a module inside runs."""
    handles: list[Any] = []
    for name, each in module.named_modules():
        raw: list[Any] = []
        before, after = _before(watch, name), _after(watch, name, raw)
        handles += [
            each.register_forward_pre_hook(before),
            each.register_forward_hook(_keeping(raw), prepend=True),
            each.register_forward_hook(after, with_kwargs=True),
        ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _before(watch: Watch, name: str) -> Any:
    def hook(module: nn.Module, _: Any) -> None:
        watch.entered(name, module)

    return hook


def _keeping(raw: list[Any]) -> Any:
    """Keeps what a module sends before the hooks of others see it."""

    def hook(_: nn.Module, __: Any, sent: Any) -> None:
        raw[:] = [sent]

    return hook


def _after(watch: Watch, name: str, raw: list[Any]) -> Any:
    def hook(module: nn.Module, args: Any, kwargs: Any, sent: Any) -> None:
        if is_leaf(module) and raw.pop() is not sent:
            raise RefusedError("a forward hook changes what it sends", f"layer {name}", "remove the hook")
        watch.left(name, module, (args, kwargs), sent)

    return hook


def _in_a_line(module: nn.Module) -> str:
    return str(module) if "\n" not in str(module) else type(module).__name__


def failed(watch: Watch, error: BaseException) -> NeurodeployError:
    """What a failing forward pass is told as."""
    if isinstance(error, NeurodeployError):
        return error
    return RefusedError(f"its forward pass fails on one step: {reason_of(error)}", watch.where, FAILS)


def reason_of(error: BaseException) -> str:
    """The first line of what an error says; where it says nothing, its kind."""
    kind, lines = type(error).__name__, str(error).splitlines()
    return lines[0] if lines and not isinstance(error, SystemExit) else f"{kind} {error}".strip()


FAILS = "check --input-shape, and let forward(x) or forward(x, state=None) take one step, or all of them"
