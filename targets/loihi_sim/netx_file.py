"""The network as a lava-dl ``.net`` file (HDF5, as ``lava.lib.dl.netx.hdf5.Network`` of lava-dl 0.6.0 reads it).

netx carries one chain of convolutions and dense layers of stock LIF neurons. It repacks dense weights into 8 bits, and
gets some wrong: those files are not written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.frontends.lava_dl.layers import Cuba
from neurodeploy.frontends.lava_dl.packing import packing_fault
from neurodeploy.frontends.lava_dl.write import file_bytes
from neurodeploy.frontends.lava_dl.write import neuron_entries as cuba_entries
from neurodeploy.program import Population, Program, Projection
from neurodeploy.window import on_plane

from .layout import Layout, is_convolution, spaces
from .neurons import decays, own_model_reasons

IntArray = NDArray[np.int64]
BIAS_EXPONENT = 6


@dataclass(frozen=True)
class NotAChainError(Exception):
    """Why netx cannot carry a program."""

    reason: str


def net_file(program: Program, laid: Mapping[str, Layout]) -> tuple[bytes | None, str]:
    """The bytes of the file and a note; None with the reason where there is none."""
    try:
        layers = chain(program)
        content = written(program, layers, laid)
    except NotAChainError as why:
        return None, f"no network.net: {why.reason}"
    bits = layers[0][0].message_bits
    messages = f", input_message_bits={bits}" if bits > 1 else ""
    return content, f"network.net: load with lava.lib.dl.netx.hdf5.Network(file{messages})"


def chain(program: Program) -> list[tuple[Projection, Population]]:
    """Each layer's synapses and neurons, from the input on."""
    if len(program.inputs) != 1:
        raise NotAChainError(f"{len(program.inputs)} inputs, netx has one")
    node = program.inputs[0].name
    layers: list[tuple[Projection, Population]] = []
    while leaving := [projection for projection in program.projections if projection.source == node]:
        if len(leaving) > 1 or len(program.into(leaving[0].target)) > 1:
            raise NotAChainError(f"paths part or meet at {node}, netx carries a chain")
        node = leaving[0].target
        layers.append((leaving[0], program.by_name[node]))
    if len(layers) != len(program.populations):
        raise NotAChainError("not every population stands on the chain from the input")
    for projection, population in layers:
        refuse(program, projection, population)
    return layers


def refuse(program: Program, projection: Projection, population: Population) -> None:
    """Raise NotAChainError for a layer that netx lacks."""
    reasons = own_model_reasons(program, population)
    bias = np.asarray(population.bias)
    if population.kind == "relay":
        raise NotAChainError(f"{population.name} is a relay")
    if reasons:
        raise NotAChainError(f"{population.name}: {', '.join(reasons)}")
    if np.unique(population.threshold).size > 1:
        raise NotAChainError(f"{population.name} has a threshold per neuron, netx has one per layer; try -O unit=layer")
    if projection.delay:
        raise NotAChainError(f"{projection.name} has a delay")
    if np.any(bias % (1 << BIAS_EXPONENT)) or np.any(np.abs(bias >> BIAS_EXPONENT) > 4095):
        raise NotAChainError(f"{population.name}: a bias is no 13-bit multiple of 64")
    if is_convolution(projection):
        before = program.node(projection.source)
        if isinstance(before, Population) and not any(
            is_convolution(entering) for entering in program.into(before.name)
        ):
            raise NotAChainError(f"{projection.name}: a convolution after a dense layer")
    else:
        dense_weights(projection)


def dense_weights(projection: Projection) -> IntArray:
    """The weights with their shift; raises NotAChainError where netx's repacking would change them."""
    weights, shift = projection.weights, projection.shift
    if shift < 0 and np.any(weights % (1 << -shift)):
        raise NotAChainError(f"{projection.name}: its shift rounds sums, netx has no such shift")
    weights = weights << shift if shift >= 0 else weights >> -shift
    fault = packing_fault(weights)
    if fault is not None:
        message, smaller = fault
        raise NotAChainError(f"{projection.name}: {message}{_remedy(projection) if smaller else ''}")
    return weights


def _remedy(projection: Projection) -> str:
    return "; export with -O weight-exponent=0" if projection.shift > 0 else ""


def written(program: Program, layers: list[tuple[Projection, Population]], laid: Mapping[str, Layout]) -> bytes:
    """The HDF5 content, the same bytes for the same program."""
    source = program.inputs[0]
    space = laid[source.name].space
    groups: list[dict[str, Any]] = [{"type": b"input", "shape": np.array(space or (source.size,))}]
    for projection, population in layers:
        if is_convolution(projection):
            groups.append(convolution_layer(program, projection, population, laid[population.name]))
        else:
            flat = laid[projection.source].space is not None
            groups += [{"type": b"flatten"}] if flat and projection.source in program.by_name else []
            groups.append(dense_layer(projection, population))
    return file_bytes(groups)


def neuron_entries(population: Population) -> dict[str, Any]:
    """A CUBA neuron in netx's words."""
    current, membrane = decays(population)
    threshold = int(np.max(population.threshold)) - (population.compare == ">=")
    return cuba_entries(Cuba(current, membrane, threshold))


def dense_layer(projection: Projection, population: Population) -> dict[str, Any]:
    """A dense layer; its inputs lie in row-major order, as netx flattens them."""
    entries: dict[str, Any] = {"type": b"dense", "shape": np.array([population.size]), **neuron_entries(population)}
    entries["weight"] = dense_weights(projection)
    if np.any(population.bias):
        bias = np.broadcast_to(np.asarray(population.bias), population.shape).reshape(-1)
        entries["bias"] = bias >> BIAS_EXPONENT
    return entries


def convolution_layer(
    program: Program, projection: Projection, population: Population, layout: Layout
) -> dict[str, Any]:
    """A convolution (a pooling by sums is a grouped one), with torch's kernel layout."""
    ends = spaces(program, projection)
    if ends is None or layout.space is None:
        raise NotAChainError(f"{projection.name}: its shapes do not fit")
    weights, groups = projection.weights, projection.groups
    if projection.kind == "sum-pool":
        groups = ends[0][0]
        weights = np.broadcast_to(weights, (groups, 1, *weights.shape))
    weights = weights[:, :, None, :] if weights.ndim == 3 else weights
    entries: dict[str, Any] = {"type": b"conv", "shape": np.array(layout.space), **neuron_entries(population)}
    entries |= {"weight": weights << projection.shift, "groups": groups}
    entries |= {
        "stride": np.array(on_plane(projection.stride, 1)),
        "padding": np.array(on_plane(projection.padding, 0)),
        "dilation": np.array(on_plane(projection.dilation, 1)),
    }
    if np.any(population.bias):
        bias = np.broadcast_to(np.asarray(population.bias), population.shape)
        entries["bias"] = layout.to_lava(bias) >> BIAS_EXPONENT
    return entries
