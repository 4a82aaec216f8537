"""A live PyTorch module as a Network, and the same module run as it is.

Any module: its forward pass is watched for one step (``tracing``) in the form in which it takes its steps
(``playing``); every layer it calls becomes the equal nodes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from neurodeploy.contract import Terms
from neurodeploy.errors import RefusedError
from neurodeploy.frontends.framework import Layout
from neurodeploy.frontends.frameworks import adder, is_neuron, layer_kind
from neurodeploy.frontends.norse_sequential import stateful
from neurodeploy.frontends.operations import tensors
from neurodeploy.frontends.playing import Observed, arrange, find_layout, fresh, given_back, ran, run_module
from neurodeploy.frontends.torch_layers import add_layer
from neurodeploy.frontends.tracing import SAMPLES, Step, Value, Watch, failed, hooked
from neurodeploy.host import Host
from neurodeploy.network import InputRange, Network, NetworkBuilder, Source
from neurodeploy.network.shapes import SPIKING, Shape
from neurodeploy.trace import Trace

WEIGHTED, NORMS = ("Conv1d", "Conv2d", "Linear"), ("BatchNorm1d", "BatchNorm2d")


@dataclass(frozen=True, eq=False)
class Traced:
    """What a module does in a step: its steps in order, and what it returns."""

    layout: Layout
    steps: tuple[Step, ...]
    output: tuple[str, ...]


def module_network(module: nn.Module, shape: Shape, values: InputRange, dt: float, host: Host | None = None) -> Network:
    """The Network of a module whose input has ``shape`` (without batch and time), its ``source`` the module itself.

    Batch normalization is folded into the layer before it. Raises RefusedError naming the layer, and its type or what
    it does, for what has no exact NIR form.
    """
    module = stateful(_written(module).eval())
    traced = trace(module, shape)
    build = NetworkBuilder(Terms(dt=dt))
    build.input("input", shape, values)
    written = _write(build, traced)
    build.output("output", _joined(build, traced.output, written))
    network = build.build(host)
    observed = _observed(traced, network)

    def run(stimulus: Mapping[str, NDArray[Any]]) -> Trace:
        return run_module(module, traced.layout, observed, stimulus)

    return replace(network, source=Source(type(module).__name__, run))


def trace(module: nn.Module, shape: Shape) -> Traced:
    """Watch ``module`` for one step of seeded input. Raises RefusedError for what it may not do."""
    layout = find_layout(module, shape)
    copied = fresh(module, SAMPLES)
    frames = torch.rand((SAMPLES, 1, *shape), generator=torch.Generator().manual_seed(0))
    given = frames[:, 0] if layout == "step" else arrange(frames, layout)
    watch, result = _watched(copied, given, shape)
    again = given_back(copied, result) if layout == "step" else None
    second = None if again is None else _watched(copied, given.clone(), shape, again)[0].steps
    _check_second(watch.steps, second, ran(module, layout, shape) if second is None else Counter())
    output = next((value for each in tensors(result) if (value := watch.value(each)) is not None), None)
    if output is None or output.state_of is not None:
        what = "its forward pass returns no output of a layer" if output is None else "it returns a layer's state first"
        raise RefusedError(what, "module", "return what the last layer sends, of one step or of all")
    return Traced(layout, _needed(watch.steps, output.sources), output.sources)


def _watched(module: nn.Module, given: torch.Tensor, shape: Shape, states: tuple[Any, ...] = ()) -> tuple[Watch, Any]:
    watch = Watch()
    watch.mark(given, Value(("input",), shape))
    try:
        with torch.no_grad(), hooked(module, watch), watch:
            return watch, module(given, *states)
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        raise failed(watch, error) from error


def _check_second(steps: Sequence[Step], second: Sequence[Step] | None, counts: Counter[str]) -> None:
    """Raises RefusedError where the second step does something else than the first.

    ``second``: its steps; None where it cannot be watched alone, then ``counts`` says what ran in both.
    """
    once = Counter(step.module for step in steps if step.layer is not None)
    same = all(counts[name] in (once[name], 2 * once[name]) for name in counts | once)
    if second is not None:
        same = [_deed(step) for step in second] == [_deed(step) for step in steps]
    if not same:
        what = "its second step does something else than its first"
        raise RefusedError(what, "module", "let every step do the same, with what it is given and its neurons keep")


def _deed(step: Step) -> tuple[Any, ...]:
    return step.name, step.sources, step.module, step.operation, step.argument


def _written(module: nn.Module) -> nn.Module:
    """The module as its author wrote it, not as PyTorch compiled it."""
    if isinstance(module, torch.jit.ScriptModule):
        what = "a TorchScript module does not show what its layers do"
        raise RefusedError(what, "module", "give the module that it was made from")
    return getattr(module, "_orig_mod", module)


def _needed(steps: Sequence[Step], output: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps that lead to the output or a neuron."""
    wanted, kept = set(output), list[Step]()
    for step in reversed(steps):
        if step.name in wanted or (step.layer is not None and is_neuron(step.layer)):
            wanted |= set(step.sources)
            kept.append(step)
    return tuple(reversed(kept))


def _write(build: NetworkBuilder, traced: Traced) -> dict[str, str]:
    """Append every step; the result says which node stands for each."""
    uses = Counter(source for step in traced.steps for source in set(step.sources)) + Counter(set(traced.output))
    norms = {step.sources[0]: step for step in traced.steps if _kind(step) in NORMS and len(step.sources) == 1}
    written, folded = {"input": "input"}, set[str]()
    for step in traced.steps:
        if step.name in folded:
            continue
        norm = norms.get(step.name) if _kind(step) in WEIGHTED and uses[step.name] == 1 else None
        written[step.name] = _append(build, step, _joined(build, step.sources, written), norm)
        if norm is not None:
            written[norm.name] = written[step.name]
            folded.add(norm.name)
    return written


def _append(build: NetworkBuilder, step: Step, sources: tuple[str, ...], norm: Step | None) -> str:
    if step.operation == "flatten":
        return build.flatten(step.name, sources)
    if step.operation == "scale":
        return build.scale(step.name, sources, step.argument)
    layer: Any = step.layer
    neuron = adder(layer)
    if neuron is not None:
        return neuron(build, step.name, sources, layer)
    return add_layer(build, step.name, sources, layer, None if norm is None else norm.layer)


def _joined(build: NetworkBuilder, sources: tuple[str, ...], written: Mapping[str, str]) -> tuple[str, ...]:
    """The nodes that are added; one that stands there several times is multiplied instead."""
    counts = Counter(written[each] for each in sources)
    return tuple(name if n == 1 else _multiple(build, name, n) for name, n in counts.items())


def _multiple(build: NetworkBuilder, name: str, count: int) -> str:
    multiple = f"{name}_times_{count}"
    return multiple if build.has(multiple) else build.scale(multiple, name, float(count))


def _kind(step: Step) -> str | None:
    return None if step.layer is None else layer_kind(step.layer)


def _observed(traced: Traced, network: Network) -> dict[str, Observed]:
    """What of the module each population's record is."""
    names = {step.name: step.module for step in traced.steps if step.name in network.populations}
    return {name: Observed(layer, not isinstance(network.nodes[name], SPIKING)) for name, layer in names.items()}
