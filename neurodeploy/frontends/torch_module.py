"""A live PyTorch module as a Network whose source is the module itself.

The module may be any composition of known layers and neurons: its forward pass is watched for one step (``traced``),
and every layer that it calls becomes the equal nodes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neurodeploy.contract import Terms
from neurodeploy.errors import RefusedError
from neurodeploy.finding import Finding
from neurodeploy.frontends.frameworks import adder, is_neuron, layer_kind, membrane_adder
from neurodeploy.frontends.norse_sequential import stateful
from neurodeploy.frontends.playing import Observed, run_module
from neurodeploy.frontends.readout import Readout, find_readout
from neurodeploy.frontends.torch_layers import add_layer
from neurodeploy.frontends.traced import Traced, trace
from neurodeploy.frontends.values import Step
from neurodeploy.host import Head, Host
from neurodeploy.network import InputRange, Network, NetworkBuilder, Source
from neurodeploy.network.shapes import NEURONS, SPIKING, Shape
from neurodeploy.stimulus import Origin, Stimulus
from neurodeploy.trace import Trace

RESET_EVERY_STEP = "the forward pass resets this neuron in every step, so it keeps nothing from one step to the next"
RESET_PER_SAMPLE = "where it should integrate over time, reset it before a sample, outside of the step"
GRAY = InputRange(0.0, 1.0, None)
"""What an image holds that a module shows itself, where nothing says so: any values from 0 to 1."""
WEIGHTED, NORMS = ("Conv1d", "Conv2d", "Linear"), ("BatchNorm1d", "BatchNorm2d")


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
    values = values if values.declared or traced.form.layout != "still" else GRAY
    build = NetworkBuilder(Terms(dt=dt))
    build.input("input", shape, values)
    nodes = _write(build, traced)
    end = _end(build, traced, nodes)
    build.output("output", end)
    outputs = _observed_outputs(traced)
    sent = build.shape(end[0])
    if _readout(module, traced, shape, outputs, prod(sent)) == "sum" and len(sent) == 1 and sent[0] > 1:
        host = host or Host(Head("spike-count-argmax", end[0]))
    network = _restarted(build.build(host), traced)
    observed = {
        name: replace(output, graded=not isinstance(network.nodes[name], SPIKING))
        for name, output in outputs.items()
        if name in network.populations
    }

    def run(stimulus: Mapping[str, NDArray[Any]]) -> Trace:
        return run_module(module, traced.form, observed, stimulus)

    maker = _still_images(shape, values, traced.form.steps) if traced.form.layout == "still" else None
    return replace(network, source=Source(type(module).__name__, run, maker))


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


def _as_written(module: nn.Module) -> nn.Module:
    """The module as its author wrote it, not as PyTorch compiled it."""
    if isinstance(module, torch.jit.ScriptModule):
        fault = "a TorchScript module does not show what its layers do"
        raise RefusedError(fault, "module", "give the module that it was made from")
    return getattr(module, "_orig_mod", module)


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
    if step.operation == "beside":
        return build.beside(step.name, sources, *step.argument)
    if step.operation == "layer":
        return add_layer(build, step.name, sources, step.argument.layer)
    layer: Any = step.layer
    add_neuron = membrane_adder(layer) if step.membrane else adder(layer)
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


def _end(build: NetworkBuilder, traced: Traced, nodes: Mapping[str, str]) -> tuple[str, ...]:
    """The nodes of the output. A weighted sum at the end becomes a population of its own, which sends real values."""
    ends, last = _joined(build, traced.output, nodes), _last(traced)
    if last is not None and last.layer is not None and (is_neuron(last.layer) or _kind(last) == "MaxPool2d"):
        return ends
    if traced.output == ("input",):
        return ends
    return (build.add(_readout_name(traced), ends),)


def _last(traced: Traced) -> Step | None:
    """The only step whose value is returned, or None."""
    return next((step for step in traced.steps if traced.output == (step.name,)), None)


def _readout_name(traced: Traced) -> str:
    names = {step.name for step in traced.steps}
    return next(name for name in ("readout", *(f"readout_{n}" for n in range(2, len(names) + 3))) if name not in names)


def _observed_outputs(traced: Traced) -> dict[str, Observed]:
    """By node, the layer of the module whose output it may stand for."""
    outputs = {s.name: Observed(s.module, part=-1 if s.membrane else 0) for s in traced.steps if s.layer is not None}
    for step in traced.steps:
        if step.operation == "layer" and step.argument.picks:
            spikes = outputs[step.sources[0]]
            outputs[step.name] = replace(spikes, pooled=(*spikes.pooled, step.argument))
    last = _last(traced)
    end = Observed("", part=traced.position) if last is None or last.layer is None else outputs[last.name]
    return {**outputs, _readout_name(traced): end}


def _readout(module: nn.Module, traced: Traced, shape: Shape, outputs: Mapping[str, Observed], width: int) -> Readout:
    if traced.form.layout == "step" or traced.output == ("input",):
        return "steps"
    return find_readout(module, traced.form, shape, outputs[_readout_name(traced)], traced.position, width)


def _still_images(shape: Shape, values: InputRange, steps: int) -> Callable[[int | None, int | None, int], Stimulus]:
    """A stimulus maker: images drawn evenly from the range of the input, each shown unchanged."""

    def make(length: int | None, samples: int | None, seed: int) -> Stimulus:
        images = np.random.default_rng(seed).uniform(values.low, values.high, (samples or 1, 1, *shape))
        if values.grid is not None:
            images = np.round(images / values.grid) * values.grid
        frames = np.repeat(images.astype(np.float32), length or steps, axis=1)
        return Stimulus({"input": frames}, origin=Origin("model"))

    return make
