"""A live PyTorch module as a Network whose source is the module itself.

The module may be any composition of known layers and neurons: its forward pass is watched for one step (``tracing``) in
the form in which it takes its steps (``layouts``), and every layer that it calls becomes the equal nodes.
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
from neurodeploy.finding import Finding
from neurodeploy.frontends.frameworks import adder, is_neuron, layer_kind
from neurodeploy.frontends.hooks import hooked
from neurodeploy.frontends.layouts import calls_in_trial, find_form
from neurodeploy.frontends.norse_sequential import stateful
from neurodeploy.frontends.operations import tensors
from neurodeploy.frontends.playing import Form, Observed, arranged, fresh, run_module, states_of
from neurodeploy.frontends.refusals import failed
from neurodeploy.frontends.torch_layers import add_layer
from neurodeploy.frontends.tracing import SAMPLES, Step, Value, Watch
from neurodeploy.host import Host
from neurodeploy.network import InputRange, Network, NetworkBuilder, Source
from neurodeploy.network.shapes import NEURONS, SPIKING, Shape
from neurodeploy.trace import Trace

RESET_EVERY_STEP = "the forward pass resets this neuron in every step, so it keeps nothing from one step to the next"
RESET_PER_SAMPLE = "where it should integrate over time, reset it before a sample, outside of the step"
WEIGHTED, NORMS = ("Conv1d", "Conv2d", "Linear"), ("BatchNorm1d", "BatchNorm2d")


@dataclass(frozen=True, eq=False)
class Traced:
    """What a module does in one step: its steps in order, and the sources whose sum it returns."""

    form: Form
    steps: tuple[Step, ...]
    output: tuple[str, ...]


def module_network(module: nn.Module, shape: Shape, values: InputRange, dt: float, host: Host | None = None) -> Network:
    """The Network of a module, which remains at hand as its ``source``.

    Args:
        module: a composition of known layers and neurons. It is put into evaluation mode.
        shape: of its input in one step, without batch and time.
        values: the range of its input.
        dt: the length of a step in seconds.
        host: what stands beside the network on the host.

    Raises:
        RefusedError: for what has no exact NIR form, naming the layer, and its type or what it does.
    """
    module = stateful(_as_written(module).eval())
    traced = trace(module, shape)
    build = NetworkBuilder(Terms(dt=dt))
    build.input("input", shape, values)
    nodes = _write(build, traced)
    build.output("output", _joined(build, traced.output, nodes))
    network = _restarted(build.build(host), traced)
    observed = _observed(traced, network)

    def run(stimulus: Mapping[str, NDArray[Any]]) -> Trace:
        return run_module(module, traced.form, observed, stimulus)

    return replace(network, source=Source(type(module).__name__, run))


def _restarted(network: Network, traced: Traced) -> Network:
    """``network`` with the neurons that its module resets in every step reset in every step, and a finding for each."""
    contract, findings = network.contract, list(network.findings)
    for step in traced.steps:
        if step.layer is None or step.module not in traced.form.restarting:
            continue
        plain = isinstance(network.nodes[step.name], NEURONS)
        if not plain or any(step.name in edge for edge in network.recurrent_edges):
            fault = "is reset in every step, and what it sent before returns to it"
            raise RefusedError(fault, f"layer {step.module}", RESET_PER_SAMPLE)
        contract = contract.override(step.name, reset_timing="every-step")
        findings.append(Finding("reset-every-step", "warning", step.name, RESET_EVERY_STEP, RESET_PER_SAMPLE))
    return replace(network, contract=contract, findings=tuple(findings))


def trace(module: nn.Module, shape: Shape) -> Traced:
    """Watch ``module`` for one step of seeded input. Raises RefusedError for what has no exact form."""
    form = find_form(module, shape)
    copied = fresh(module, SAMPLES)
    frames = torch.rand((SAMPLES, 1, *shape), generator=torch.Generator().manual_seed(0))
    frame = frames[:, 0] if form.layout == "step" else arranged(frames, form.layout)
    watch, result = _watched(copied, frame, shape)
    if form.layout == "step":
        second, _ = _watched(copied, frame.clone(), shape, states_of(copied, form, result))
        same = [_signature(step) for step in second.steps] == [_signature(step) for step in watch.steps]
    else:
        same = _same_counts(watch.steps, calls_in_trial(module, form, shape))
    if not same:
        fault = "its second step does something else than its first"
        raise RefusedError(fault, "module", "let every step do the same, with what it is given and its neurons keep")
    output = next((value for tensor in tensors(result) if (value := watch.value(tensor)) is not None), None)
    if output is None or output.state_of is not None:
        fault = (
            "its forward pass returns no output of a layer" if output is None else "it returns a layer's state first"
        )
        raise RefusedError(fault, "module", "return what the last layer sends, of one step or of all")
    return Traced(form, _needed(watch.steps, output.sources), output.sources)


def _watched(module: nn.Module, frame: torch.Tensor, shape: Shape, states: tuple[Any, ...] = ()) -> tuple[Watch, Any]:
    watch = Watch()
    watch.mark(frame, Value(("input",), shape))
    try:
        with torch.no_grad(), hooked(module, watch), watch:
            return watch, module(frame, *states)
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        raise failed(error, watch.where) from error


def _signature(step: Step) -> tuple[Any, ...]:
    return step.name, step.sources, step.module, step.operation, step.argument


def _same_counts(steps: Sequence[Step], calls: Counter[str]) -> bool:
    """Whether every layer of one step runs once or twice in two; they cannot be watched apart."""
    once = Counter(step.module for step in steps if step.layer is not None)
    return all(calls[name] in (once[name], 2 * once[name]) for name in calls | once)


def _as_written(module: nn.Module) -> nn.Module:
    """The module as its author wrote it, not as PyTorch compiled it."""
    if isinstance(module, torch.jit.ScriptModule):
        fault = "a TorchScript module does not show what its layers do"
        raise RefusedError(fault, "module", "give the module that it was made from")
    return getattr(module, "_orig_mod", module)


def _needed(steps: Sequence[Step], output: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps that lead to the output or to a neuron."""
    needed, kept = set(output), list[Step]()
    for step in reversed(steps):
        if step.name in needed or (step.layer is not None and is_neuron(step.layer)):
            needed |= set(step.sources)
            kept.append(step)
    return tuple(reversed(kept))


def _write(build: NetworkBuilder, traced: Traced) -> dict[str, str]:
    """Append the nodes of every step; the result is the node that stands for a step, by the step's name.

    A batch normalization is folded into the layer before it where that layer sends to nothing else.
    """
    uses = Counter(source for step in traced.steps for source in set(step.sources)) + Counter(set(traced.output))
    norms = {step.sources[0]: step for step in traced.steps if _kind(step) in NORMS and len(step.sources) == 1}
    nodes, folded = {"input": "input"}, set[str]()
    for step in traced.steps:
        if step.name in folded:
            continue
        norm = norms.get(step.name) if _kind(step) in WEIGHTED and uses[step.name] == 1 else None
        nodes[step.name] = _append(build, step, _joined(build, step.sources, nodes), norm)
        if norm is not None:
            nodes[norm.name] = nodes[step.name]
            folded.add(norm.name)
    return nodes


def _append(build: NetworkBuilder, step: Step, sources: tuple[str, ...], norm: Step | None) -> str:
    if step.operation == "flatten":
        return build.flatten(step.name, sources)
    if step.operation == "scale":
        return build.scale(step.name, sources, step.argument)
    layer: Any = step.layer
    add_neuron = adder(layer)
    if add_neuron is not None:
        return add_neuron(build, step.name, sources, layer)
    return add_layer(build, step.name, sources, layer, None if norm is None else norm.layer)


def _joined(build: NetworkBuilder, sources: tuple[str, ...], nodes: Mapping[str, str]) -> tuple[str, ...]:
    """The nodes whose sum ``sources`` are; a node that would be added several times is multiplied instead."""
    counts = Counter(nodes[source] for source in sources)
    return tuple(name if count == 1 else _multiple(build, name, count) for name, count in counts.items())


def _multiple(build: NetworkBuilder, name: str, count: int) -> str:
    multiple = f"{name}_times_{count}"
    return multiple if build.has(multiple) else build.scale(multiple, name, float(count))


def _kind(step: Step) -> str | None:
    return None if step.layer is None else layer_kind(step.layer)


def _observed(traced: Traced, network: Network) -> dict[str, Observed]:
    """By population, the layer of the module whose output it stands for."""
    layers = {step.name: step.module for step in traced.steps if step.name in network.populations}
    return {name: Observed(layer, not isinstance(network.nodes[name], SPIKING)) for name, layer in layers.items()}
