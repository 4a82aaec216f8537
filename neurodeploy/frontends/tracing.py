"""One step of a module, watched: which layer receives what which other layer sent.

Known layers and neurons are leaves, whose inside is not looked into. Between them only what has a meaning in NIR may
happen: sums, multiples by a number, changes of shape. Any other function of a watched tensor is refused by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.frameworks import is_leaf, is_library_code, is_neuron, membrane_adder
from neurodeploy.frontends.operations import (
    DATA,
    DIFFERENCES,
    DROPOUTS,
    FRESH,
    FUNCTIONAL,
    JOINING,
    NEGATIONS,
    PRODUCTS,
    QUOTIENTS,
    RANKING,
    REDUCTIONS,
    REPEATING,
    SHAPING,
    STACKING,
    SUMS,
    in_place,
    joined_axis,
    moved,
    number_of,
    tensors,
)
from neurodeploy.frontends.pooling import POOLS, Pooling
from neurodeploy.frontends.refusals import (
    BEFORE_THE_SUM,
    BETWEEN_LAYERS,
    DROPOUT,
    KNOWN_LAYERS,
    SOFTMAX,
    STATES,
    USE_A_MODULE,
)
from neurodeploy.frontends.values import MEMBRANE, SAMPLES, Step, Value


@dataclass(eq=False)
class Watch(TorchFunctionMode):
    """Collects the steps of a module while it runs. With ``names_only`` it only counts which layers run.

    ``all_steps``: one call takes all steps. ``repeating``: they are equal and all watched; a layer that runs
    again on what it received before is in the next step.
    """

    names_only: bool = False
    repeating: bool = False
    all_steps: bool = False
    steps: list[Step] = field(default_factory=list[Step])

    def __post_init__(self) -> None:
        super().__init__()
        self._values: dict[int, tuple[torch.Tensor, Value]] = {}
        self._running: list[tuple[str, nn.Module]] = []
        self._leaves_running = 0
        self._states: list[torch.Tensor] = []
        self._names = {"input", "output"}
        self._calls = Counter[str]()
        self.calls = Counter[str]()

    def mark(self, tensor: torch.Tensor, value: Value) -> None:
        """From now on ``tensor`` holds ``value``."""
        self._values[id(tensor)] = (tensor, value)

    def value(self, tensor: Any) -> Value | None:
        """What ``tensor`` holds; None where it is not watched."""
        entry = self._values.get(id(tensor))
        return entry[1] if entry is not None and entry[0] is tensor else None

    @property
    def where(self) -> str:
        """The innermost module that runs, for messages."""
        names = [name for name, _ in self._running if name]
        return f"layer {names[-1]}" if names else "module"

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self._leaves_running:
            watched = [tensor for tensor in tensors((args, kwargs)) if self.value(tensor) is not None]
            if watched:
                self._called(func, args, kwargs or {}, watched, result)
        return result

    def entered(self, name: str, module: nn.Module) -> None:
        """``module`` begins to run."""
        self._running.append((name, module))
        self.calls[name] += is_leaf(module) and not self._leaves_running
        self._leaves_running += is_leaf(module)

    def left(self, name: str, module: nn.Module, arguments: Any, sent: Any) -> None:
        """``module`` has run on ``arguments`` and returned ``sent``; where it is a leaf, this is one more step."""
        self._running.pop()
        if not is_leaf(module):
            return
        self._leaves_running -= 1
        if not self._leaves_running and not self.names_only:
            self._leaf(name, module, list(tensors(arguments)), list(tensors(sent)), isinstance(sent, list))

    def _leaf(
        self, name: str, module: nn.Module, received: list[torch.Tensor], sent: list[torch.Tensor], by_step: bool
    ) -> None:
        values = [self.value(tensor) for tensor in received]
        if not values or values[0] is None or not values[0].sources:
            fault = "receives what no known layer sends" if not values or values[0] is None else "receives a state"
            raise RefusedError(fault, f"layer {name}", "feed it what a layer or neuron sends; own code is not read")
        _need_a_step(values[0], f"layer {name}")
        if any(value is not None and value.state_of is None for value in values[1:]):
            raise RefusedError("receives several values", f"layer {name}", "add them before")
        earlier = [step for step in self.steps if step.layer is module]
        again = [step for step in earlier if step.sources == values[0].sources] if self.repeating else []
        self._calls[name] += 1
        if again:
            step = again[0]
        elif earlier and is_neuron(module):
            fault = "is called more than once in a step"
            raise RefusedError(fault, f"layer {name}", "use a neuron layer of its own")
        else:
            step = Step(self._new_name(name or "neuron"), values[0].sources, module, name)
            self.steps.append(step)
        self._states += [*sent[1:], *(buffer for buffer in module.buffers() if buffer.numel())]
        lead = received[0].ndim - len(values[0].shape) - by_step
        shape, number = tuple(sent[0].shape[lead:]), self._calls[name] if is_neuron(module) else values[0].step
        for state in sent[1:]:
            self.mark(state, Value((), (), name))
        if len(sent) > 1 and membrane_adder(module) is not None:
            self.mark(sent[-1], Value((f"{step.name}{MEMBRANE}",), shape, name, number, values[0].steps))
        self.mark(sent[0], Value((step.name,), shape, None, number, values[0].steps))

    def _called(self, func: Any, args: Any, kwargs: Any, watched: list[torch.Tensor], result: Any) -> None:
        """A function outside of the leaves has run on watched tensors."""
        name, results = getattr(func, "__name__", str(func)), list(tensors(result))
        if in_place(name) and any(tensor is args[0] for tensor in watched):
            self._need_unshared(name, args[0])
        if name in FRESH or (not results and name not in DATA):
            return
        if not results:
            raise RefusedError(f"its flow depends on values ({name})", self.where, "let every step do the same")
        values = [value for tensor in watched if (value := self.value(tensor)) is not None]
        layer = next((value.state_of for value in values if value.state_of is not None and not value.sources), None)
        if layer is not None:
            self._state_called(name, layer, results)
        elif name in SHAPING and len(watched) == 1 and self._is_one_of_equal_steps(values[0], results):
            for tensor in results:
                self.mark(tensor, replace(values[0], steps=1))
        elif name in POOLS and len(values) == 1 and values[0].sources:
            self.mark(results[0], self._pooled(name, args, kwargs, values[0], results[0]))
        elif name in RANKING and len(values) == 1:
            if not values[0].over_time:
                raise RefusedError(f"{name} of the values of a step has no exact form here", self.where, SOFTMAX)
            self.mark(results[0], values[0])
        elif name in JOINING and _axis_of_shape(values[0], args, kwargs) is not None:
            self.mark(results[0], self._side_by_side(name, args, kwargs))
        elif name in STACKING and len(results) == 1 and (stacked := self._stacked(values, results[0])) is not None:
            self.mark(results[0], stacked)
        elif name in REPEATING and len(results) == 1 and results[0].numel() > watched[0].numel():
            self.mark(results[0], self._repeated(name, values[0], moved(func, args, kwargs, watched[0])))
        elif name in (SHAPING | REDUCTIONS | REPEATING) and len(watched) == 1 and len(results) == 1:
            self.mark(results[0], self._reshaped(name, values[0], moved(func, args, kwargs, watched[0])))
        elif (combined := self._arithmetic(name, args, kwargs, values)) is not None and (
            results[0].numel() == combined.watched_numbers
        ):
            self.mark(results[0], combined)
        else:
            raise self._refused(name)

    def _pooled(self, name: str, args: Any, kwargs: Any, value: Value, result: torch.Tensor) -> Value:
        """What a pooling by function gives, which is a step as that of a layer."""
        _need_a_step(value, self.where)
        pool = Pooling.called(name, args, kwargs)
        if pool.picks and "input" in value.sources:
            raise self._refused(name)
        lead = (args[0] if args else kwargs["input"]).ndim - len(value.shape)
        pooled = self._append(name, value.sources, "layer", pool)
        return replace(value, sources=(pooled,), shape=tuple(result.shape[lead:]), state_of=None)

    def _state_called(self, name: str, layer: str, results: Sequence[torch.Tensor]) -> None:
        """A function of a state: moved values stay a state of ``layer``, everything else is refused."""
        if name not in SHAPING:
            fault = f"{name} reads the state of layer {layer}, which no other layer sees"
            raise RefusedError(fault, self.where, STATES)
        for tensor in results:
            self.mark(tensor, Value((), (), layer))

    def _need_unshared(self, name: str, tensor: torch.Tensor) -> None:
        """A tensor that is changed in place must stand nowhere else: under no other name, nor in a neuron's memory."""
        memory = tensor.untyped_storage().data_ptr()
        watched = [entry for entry, _ in self._values.values() if entry is not tensor]
        shared = any(entry.untyped_storage().data_ptr() == memory for entry in (*watched, *self._states))
        if name == "__setitem__" or shared:
            fault = f"{name} changes values in place that others see"
            raise RefusedError(fault, self.where, "make a new tensor of them")

    def _refused(self, name: str) -> RefusedError:
        if name in DROPOUTS:
            return RefusedError("its dropout drops values when it evaluates, too", self.where, DROPOUT)
        if self._running and is_library_code(self._running[-1][1]):
            fault = f"{_one_line(self._running[-1][1])} has no exact form here"
            return RefusedError(fault, self.where, KNOWN_LAYERS)
        remedy = USE_A_MODULE.format(name) if name in FUNCTIONAL else BETWEEN_LAYERS
        return RefusedError(f"{name} of what layers send has no exact form here", self.where, remedy)

    def _reshaped(self, name: str, value: Value, positions: torch.Tensor) -> Value:
        """The value of a tensor in which number i of the watched tensor stands where ``positions`` is i."""
        shape = tuple(positions.shape)
        if name in REDUCTIONS and value.steps > 1 and positions.numel() * value.steps == value.watched_numbers:
            return replace(value, steps=1, over_time=True)
        in_order = torch.equal(positions.reshape(-1), torch.arange(positions.numel()))
        if in_order and positions.numel() == value.watched_numbers:
            if shape[len(shape) - len(value.shape) :] == value.shape:
                return replace(value, over_time=value.over_time or (name in REDUCTIONS and self.all_steps))
            if shape[-1:] == (prod(value.shape),):
                return replace(value, sources=(self._append("flatten", value.sources, "flatten"),), shape=shape[-1:])
        if name in REDUCTIONS or name in DROPOUTS or (self._running and is_library_code(self._running[-1][1])):
            raise self._refused(name)
        raise RefusedError(f"{name} takes the values of a step apart", self.where, BETWEEN_LAYERS)

    def _stacked(self, values: list[Value], result: torch.Tensor) -> Value | None:
        """One value in several steps; None where other values stand in the stack."""
        first = values[0]
        alike = all(
            (value.sources, value.shape, value.over_time) == (first.sources, first.shape, False) for value in values
        )
        stacked = replace(first, steps=sum(value.steps for value in values))
        return stacked if len(values) > 1 and alike and result.numel() == stacked.watched_numbers else None

    def _side_by_side(self, name: str, args: Any, kwargs: Any) -> Value:
        """Values whose channels stand side by side: the sum of each, placed among the channels of all."""
        parts, _ = joined_axis(args, kwargs)
        values = [value for part in parts if (value := self.value(part)) is not None]
        first, channels = values[0], sum(value.shape[0] for value in values)
        alike = all((v.shape[1:], v.steps, v.over_time) == (first.shape[1:], first.steps, False) for v in values)
        steps = {value.step for value in values} - {0}
        if len(values) < len(parts) or _axis_of_shape(first, args, kwargs) != 0 or not alike or len(steps) > 1:
            raise self._refused(name)
        sources, start = list[str](), 0
        for value in values:
            sources.append(self._append("beside", value.sources, "beside", (start, channels)))
            start += value.shape[0]
        return replace(first, sources=tuple(sources), shape=(channels, *first.shape[1:]), step=max(steps, default=0))

    def _repeated(self, name: str, value: Value, positions: torch.Tensor) -> Value:
        """A value that is the same in several steps."""
        count = positions.numel() // value.watched_numbers
        once = torch.arange(value.watched_numbers)
        time_first = positions.reshape(count, -1) == once
        batch_first = positions.reshape(SAMPLES, count, -1) == once.reshape(SAMPLES, 1, -1)
        if value.steps > 1 or not (bool(time_first.all()) or bool(batch_first.all())):
            raise self._refused(name)
        return replace(value, steps=count)

    def _is_one_of_equal_steps(self, value: Value, results: Sequence[torch.Tensor]) -> bool:
        """Whether each result is one step of a value that is the same in all of its steps."""
        numbers = value.watched_numbers // value.steps
        return value.steps > 1 and value.step == 0 and all(result.numel() == numbers for result in results)

    def _arithmetic(self, name: str, args: Any, kwargs: Any, values: list[Value]) -> Value | None:
        """What a sum, a difference or a multiple holds; None for any other function."""
        if name in NEGATIONS and len(values) == 1:
            return self._scaled(values[0], -1.0)
        if len(args) != 2 or kwargs.keys() - {"alpha"} or kwargs.get("alpha", 1) != 1:
            return None
        left, right = self.value(args[0]), self.value(args[1])
        if left is not None and right is not None and (left.shape, left.steps) == (right.shape, right.steps):
            if name in DIFFERENCES:
                return self._added(left, self._scaled(right, -1.0))
            return self._added(left, right) if name in SUMS else None
        number = number_of(args[1] if left is not None else args[0])
        if len(values) != 1 or number is None:
            return None
        if number == 0 and (name in SUMS or (name in DIFFERENCES and left is not None)):
            return replace(values[0], state_of=None)
        if name in PRODUCTS:
            return self._scaled(values[0], number)
        if name in QUOTIENTS and left is not None and number != 0:
            return self._scaled(values[0], 1.0 / number)
        return None

    def _added(self, left: Value, right: Value) -> Value:
        other_step = left.step != right.step and left.step and right.step
        if other_step or left.over_time or right.over_time:
            if left.sources != right.sources or (left.over_time and right.over_time):
                raise RefusedError("adds different values of different steps", self.where, BEFORE_THE_SUM)
            return replace(left, state_of=None, step=max(left.step, right.step), over_time=True)
        return replace(left, sources=left.sources + right.sources, state_of=None, step=max(left.step, right.step))

    def _scaled(self, value: Value, factor: float) -> Value:
        """A multiple. A sum over time stays that sum: its multiple ranks the same."""
        if value.over_time and factor > 0:
            return value
        return replace(value, sources=(self._append("scale", value.sources, "scale", factor),), state_of=None)

    def _append(self, name: str, sources: tuple[str, ...], operation: str, argument: Any = None) -> str:
        """Add a step for an operation; it has the name of the library module that runs, else ``name``."""
        equal = [
            step.name
            for step in self.steps
            if (step.operation, step.sources, step.argument) == (operation, sources, argument)
        ]
        if equal and self.repeating:
            return equal[0]
        running = [path for path, module in self._running[-1:] if path and is_library_code(module)]
        self.steps.append(Step(self._new_name(running[0] if running else name), sources, None, "", operation, argument))
        return self.steps[-1].name

    def _new_name(self, name: str) -> str:
        count, unused = 1, name
        while unused in self._names:
            count += 1
            unused = f"{name}_{count}"
        self._names.add(unused)
        return unused


def _need_a_step(value: Value, where: str) -> None:
    """Raises RefusedError for a sum over time where a layer wants the values of a step."""
    if value.over_time:
        raise RefusedError("receives a sum over time", where, BEFORE_THE_SUM)


def _axis_of_shape(value: Value, args: Any, kwargs: Any) -> int | None:
    """Which dimension of the ``value``'s shape a concatenation goes along; None where it is batch or time."""
    parts, axis = joined_axis(args, kwargs)
    axis -= parts[0].ndim - len(value.shape)
    return axis if axis >= 0 else None


def _one_line(module: nn.Module) -> str:
    return str(module) if "\n" not in str(module) else type(module).__name__
