"""The layers of a ``.net`` as nodes, one block of SLAYER behind the other.

Rules:

1. Numbers are those of SLAYER: integers of the file divided by 64. Current and membrane lie on its grid
   (``state_grid``).
2. SLAYER sends the output of every block one step late (``delay_shift``). The Network leaves this latency out: its
   raster is the same, with block n shifted n steps earlier. A bias drives its block before any input arrives, so all
   blocks before the last one with a bias keep their step of latency, as a Delay node.
3. A block whose current decays within one step is a LIF; one whose membrane never decays is an IF.
4. A finding names every layer that ``netx`` reads differently from how SLAYER runs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError, RefusedError
from neurodeploy.finding import Finding
from neurodeploy.frontends.lava_dl.layers import Cuba, Layer, NetFile
from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.profiles.lava_dl import DECAY_ONE, WEIGHT_SCALE, tau_of, tie_terms

Array = NDArray[Any]
Shape = tuple[int, ...]


@dataclass
class Chain:
    """The network under construction, with the findings so far."""

    file: NetFile
    build: NetworkBuilder
    findings: list[Finding]

    def __post_init__(self) -> None:
        biased = [n for n, layer in enumerate(self.file.layers) if layer.bias is not None and np.any(layer.bias)]
        self.last_bias = max(biased, default=-1)
        self.shifts: set[str] = set()

    def name(self, role: str) -> str:
        """The name of the node with this role: as the file notes it, or else the role itself."""
        return self.file.names.get(role, role)

    def say(self, slug: str, node: str, message: str, remedy: str) -> None:
        """Note a finding of severity warning."""
        self.findings.append(Finding(slug, "warning", node, message, remedy))

    def input_block(self, at: str, layer: Layer, number: int) -> str:
        """Append SLAYER's Input block: the stimulus times a weight plus a bias, into a neuron."""
        assert layer.neuron is not None
        shape = self.build.shape(at)
        weight = 1.0 if layer.weight is None else float(layer.weight.flat[0]) / WEIGHT_SCALE
        bias = 0.0 if layer.bias is None else float(layer.bias.flat[0]) / WEIGHT_SCALE
        name = self.name(f"scale{number}")
        if not bias:
            at = at if weight == 1 else self.build.scale(name, at, weight)
        elif len(shape) == 3:
            kernel = np.full((shape[0], 1, 1, 1), weight, np.float32)
            at = self.build.conv(name, at, kernel, np.full(shape[0], bias, np.float32), groups=shape[0])
        else:
            size = prod(shape)
            at = at if len(shape) == 1 else self.build.flatten(self.name(f"flatten{number}"), at)
            at = self.build.linear(name, at, weight * np.eye(size, dtype=np.float32), np.full(size, bias, np.float32))
        return self.send(self.neuron(at, layer.neuron, None, number), layer, number)

    def layer(self, at: str, layer: Layer, number: int) -> str:
        """Append one layer behind ``at``; the result is its last node."""
        if layer.kind == "flatten":
            return self.build.flatten(self.name(f"flatten{number}"), at)
        sum_of = self.synapse(at, layer, number)
        if layer.neuron is None:
            name = self.build.add(self.name(f"sum{number}"), [sum_of])
            fault = "a dense layer without dynamics sends its weighted sum in SLAYER; netx reads an integrating neuron"
            self.say("lava-dl-no-neuron", name, fault, "export it with dynamics=True")
            return name
        if layer.shape and prod(layer.shape) != prod(self.build.shape(sum_of)):
            fault = f"its shape is {layer.shape}, its weights give {self.build.shape(sum_of)}"
            raise InputError(fault, layer.where, "export the network again")
        at = self.neuron(sum_of, layer.neuron, layer.bias, number)
        if layer.recurrent is not None:
            back = self.build.linear(self.name(f"back{number}"), at, _real(layer.recurrent))
            self.build.connect(back, at)
        return self.send(at, layer, number)

    def synapse(self, at: str, layer: Layer, number: int) -> str:
        """Append the layer's weighted sum."""
        assert layer.weight is not None
        name = self.name(f"{layer.kind.removesuffix('_rec')}{number}")
        weight, shape = _real(layer.weight), self.build.shape(at)
        if layer.kind in ("dense", "dense_rec"):
            if len(shape) > 1 and shape[1:] == (1,) * (len(shape) - 1):
                at = self.build.flatten(self.name(f"flatten{number}"), at)
            if self.build.shape(at) != weight.shape[1:]:
                fault = f"its {weight.shape[1]} inputs meet an output of shape {self.build.shape(at)}"
                raise InputError(fault, layer.where, "put slayer's Flatten block between, or export again")
            return self.build.linear(name, at, weight)
        if len(shape) != 3:
            fault = f"a {layer.kind} layer behind an output of shape {shape}"
            raise InputError(fault, layer.where, "it needs (C, H, W)")
        if layer.kind == "pool":
            return self.pool(name, at, layer, number)
        channels = weight.shape[1] * layer.groups
        if shape[0] != channels or len(weight) % layer.groups:
            fault = f"its {channels} input channels in {layer.groups} groups meet {shape[0]}"
            raise InputError(fault, layer.where, "export the network again")
        return self.build.conv(name, at, weight, None, layer.stride, layer.padding, layer.dilation, layer.groups)

    def pool(self, name: str, at: str, layer: Layer, number: int) -> str:
        """Append SLAYER's pooling: sums of windows that tile the image, which is padded with zeros at its end."""
        assert layer.weight is not None
        channels, *sizes = self.build.shape(at)
        kernel = layer.weight.shape[2:]
        added = tuple(n % k for n, k in zip(sizes, kernel, strict=True))
        tiled = all((n + more) % k == 0 for n, more, k in zip(sizes, added, kernel, strict=True))
        if layer.stride != kernel or any(layer.padding) or layer.dilation != (1, 1) or not tiled:
            fault = (
                f"pooling {kernel} with stride {layer.stride} and padding {layer.padding} of an image {tuple(sizes)}"
            )
            raise RefusedError(fault, layer.where, "pool by windows that tile the image: stride = kernel_size")
        window = _real(layer.weight[0, 0])
        if not any(added) and np.all(window == window.flat[0]):
            factor = float(window.flat[0])
            at = self.build.pool(name, at, kernel, kernel)
            return at if factor == 1 else self.build.scale(self.name(f"weight{number}"), at, factor)
        wide = np.pad(window, [(more, 0) for more in added])
        full = np.broadcast_to(wide, (channels, 1, *wide.shape))
        return self.build.conv(name, at, full, stride=kernel, padding=added, groups=channels)

    def neuron(self, at: str, cuba: Cuba, bias: Array | None, number: int) -> str:
        """Append the layer's CUBA neurons."""
        name, shape, dt = self.name(f"cuba{number}"), self.build.shape(at), self.build.dt
        threshold = np.full(shape, cuba.threshold / WEIGHT_SCALE)
        node = cuba_node(cuba, shape, _rest(cuba, bias, shape, name), dt)
        ties = {} if cuba.readout else tie_terms(threshold)
        if ties:
            fault = f"SLAYER loses its epsilon at a threshold of {threshold.flat[0]:g} and fires at it; Lava does not"
            self.say("lava-dl-coarse-threshold", name, fault, "keep thresholds below 64")
        return self.build.place(name, at, node, **ties)

    def send(self, at: str, layer: Layer, number: int) -> str:
        """Append the axonal delays of the block's output."""
        late = np.zeros(1) if layer.delay is None else layer.delay
        shape = self.build.shape(at)
        if late.size not in (1, shape[0], prod(shape)):
            raise InputError(f"{late.size} delays for an output of shape {shape}", layer.where, "export again")
        if layer.delay is not None and np.any(late) and len(shape) > 1:
            fault = "netx leaves out the delays of a convolution or pooling layer"
            self.say("lava-dl-lost-delay", at, fault, "delay a dense layer instead")
        shift = 1 if number < self.last_bias else 0
        if not shift and layer.delay is None:
            return at
        seconds = (late + shift) * self.build.dt
        seconds = seconds.reshape(shape if late.size == prod(shape) else () if late.size == 1 else (-1,))
        name = self.build.delay(self.name(f"delay{number}"), at, seconds)
        self.shifts |= {name} if layer.delay is None else set()
        return name


def cuba_node(cuba: Cuba, shape: Shape, rest: Array, dt: float) -> Any:
    """The NIR neuron of SLAYER's CUBA neuron: a CubaLI for a readout, else an IF, LIF or CubaLIF."""
    ones, zeros = np.ones(shape), np.zeros(shape)
    membrane, synapse = ones * tau_of(cuba.voltage_decay, dt), ones * tau_of(cuba.current_decay, dt)
    threshold = ones * (cuba.threshold / WEIGHT_SCALE)
    if cuba.readout:
        return nir.CubaLI(tau_syn=synapse, tau_mem=membrane, r=ones, v_leak=rest, w_in=ones)
    if tau_of(cuba.current_decay, dt) > dt:
        return nir.CubaLIF(synapse, membrane, ones, rest, threshold, zeros, ones)
    if cuba.voltage_decay == 0:
        return nir.IF(ones, threshold, zeros)
    return nir.LIF(membrane, ones, rest, threshold, zeros)


def _rest(cuba: Cuba, bias: Array | None, shape: Shape, name: str) -> Array:
    """The resting membrane that adds ``bias`` every step. Raises RefusedError where the membrane never decays."""
    if bias is None or not np.any(bias):
        return np.zeros(shape)
    if bias.size not in (1, shape[0], prod(shape)):
        raise InputError(f"{bias.size} biases for an output of shape {shape}", f"node {name}", "export again")
    if cuba.voltage_decay == 0:
        fault = "a bias on a membrane that never decays is no leak toward a rest"
        raise RefusedError(fault, f"node {name}", "train with a voltage_decay above 0, or without normalization")
    values = _real(bias).astype(np.float64)
    values = values.reshape(shape) if bias.size == prod(shape) else values.reshape(-1, *[1] * (len(shape) - 1))
    return np.broadcast_to(values, shape) / (cuba.voltage_decay / DECAY_ONE)


def _real(integers: Array) -> NDArray[np.float32]:
    return (integers / WEIGHT_SCALE).astype(np.float32)
