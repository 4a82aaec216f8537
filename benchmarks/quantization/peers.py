"""The rules by which peers round weights, each as a formula of a few lines; and a network rounded by one of them.

A peer's weights go through the same integers as ours: decays, biases, thresholds and membranes of ``loihi2``. Only what
holds the weights is wider there, so that every level of every rule is met, also the lopsided ones that 8 bits with a
sign do not hold: what differs is the rule alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.network import Network
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.draft import Draft, Machine
from neurodeploy.passes.paths import Synapse, output_nodes
from neurodeploy.passes.pipeline import STAGES, quantized
from neurodeploy.passes.stage import run_stages, until
from neurodeploy.passes.stages import Room
from neurodeploy.program import Program

Array = NDArray[np.float64]
WIDE = replace(LOIHI2, name="loihi2-wide", weight_bits=16, per_neuron_threshold=True)
"""``loihi2`` with weights in which every peer's levels lie."""


class Layers:
    """All weights of a network: of each population, one array ``(rows, ...)`` per path, with its ``biases``.

    ``last``: the populations that feed the output.
    """

    def __init__(self, weights: dict[str, list[Array]], biases: dict[str, Array], last: Sequence[str]) -> None:
        self.weights, self.biases, self.last = weights, biases, last


Rounded = tuple[Array, Array]
"""What stands for the weights, and the step of its levels: one, or one per row."""
Rule = Callable[[Array, str, Layers, int], Rounded]
"""From the weights of a path into a population (by name) to its levels at that many bits."""


def largest(bits: int) -> int:
    """The last level of a signed integer."""
    return (1 << (bits - 1)) - 1


def _of_rows(steps: Array, weights: Array) -> Array:
    return steps.reshape(-1, *[1] * (weights.ndim - 1))


def _peak(arrays: Sequence[Array]) -> float:
    return max(max(float(np.abs(array).max(initial=0)) for array in arrays), 1e-12)


def spikingjelly_affine(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """SpikingJelly 2.0.0, ``quantize.affine_k_bit_quantize``, run live: 2**bits levels between the ends of a tensor."""
    import torch
    from spikingjelly.activation_based.quantize import affine_k_bit_quantize

    low, high = float(weights.min()), float(weights.max())
    span = max(high - low, 1e-12)
    unit = torch.from_numpy((weights - low) / span)
    levels = affine_k_bit_quantize(unit, bits, torch.tensor(span, dtype=unit.dtype), torch.tensor(low))
    return levels.numpy(), np.asarray(span / ((1 << bits) - 1))


def brevitas_tensor(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """Brevitas, ``Int8WeightPerTensorFloat``: ``s = max|w| / (2**(bits-1) - 1)``, ``round(w / s)``, narrow range."""
    step = _peak([weights]) / largest(bits)
    return np.clip(np.rint(weights / step), -largest(bits), largest(bits)) * step, np.asarray(step)


def brevitas_channel(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """Brevitas, ``Int8WeightPerChannelFloat``: the same for each output channel."""
    peaks = np.abs(weights).reshape(len(weights), -1).max(axis=1)
    step = _of_rows(np.maximum(peaks, 1e-12) / largest(bits), weights)
    return np.clip(np.rint(weights / step), -largest(bits), largest(bits)) * step, step


def sinabs(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """sinabs 3.1.3, ``dynapcnn.discretize``, run live: one scale for the weights and biases of a layer."""
    import torch

    live = _sinabs_discretize()
    parts = [torch.from_numpy(np.array(part)) for part in (weights, layers.biases[name]) if np.any(part)]
    scale = float(min((live.determine_discretization_scale(part, bits) for part in parts), default=1.0))
    levels = live.discretize_tensor(torch.from_numpy(weights), scale, to_int=False)
    return levels.numpy() / scale, np.asarray(1 / scale)


@cache
def _sinabs_discretize() -> Any:
    """sinabs' own file; the package around it needs samna, which cannot be installed without its server."""
    import sinabs

    place = Path(sinabs.__file__).parent / "backend" / "dynapcnn" / "discretize.py"
    spec = spec_from_file_location("sinabs_discretize", place)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rockpool_global(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """Rockpool 3.1.0, ``global_quantize``: one scale for all hidden weights, one for those into the output."""
    alike = [parts for other, parts in layers.weights.items() if (other in layers.last) == (name in layers.last)]
    step = _peak([part for parts in alike for part in parts]) / largest(bits)
    return np.rint(weights / step) * step, np.asarray(step)


def rockpool_channel(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """Rockpool 3.1.0, ``channel_quantize``: one scale for all weights into a neuron, recurrent ones with the others."""
    rows = len(weights)
    alike = [part for part in layers.weights[name] if len(part) == rows]
    peaks = np.max([np.abs(part).reshape(rows, -1).max(axis=1) for part in alike], axis=0)
    step = _of_rows(np.maximum(peaks, 1e-12) / largest(bits), weights)
    return np.rint(weights / step) * step, step


def snn_mlir(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """snn-mlir 1.0.0: the scale ``2**floor(log2((2**(bits-1) - 1) / max|w|))``, one for all paths into a population."""
    step = 2.0 ** -np.floor(np.log2(largest(bits) / _peak(layers.weights[name])))
    return np.rint(weights / step) * step, np.asarray(step)


def slayer_netx(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """lava-dl 0.6.0, ``quantize_8bit`` as netx reads it: even multiples of 1/64 within ±4; fewer bits, wider steps."""
    step = 2.0 ** (8 - bits) * 2 / 64
    return np.clip(np.rint(weights / step) * step, -4, 4 - step), np.asarray(step)


def spiker_plus(weights: Array, name: str, layers: Layers, bits: int) -> Rounded:
    """spiker+ 2.0.3: fixed point with one place of the point for the whole network, digits beyond it cut off."""
    point = np.floor(np.log2(largest(bits) / _peak([part for parts in layers.weights.values() for part in parts])))
    return np.trunc(weights * 2.0**point) / 2.0**point, np.asarray(2.0**-point)


PEERS: dict[str, Rule] = {
    "SpikingJelly affine": spikingjelly_affine,
    "Brevitas per tensor": brevitas_tensor,
    "Brevitas per channel": brevitas_channel,
    "sinabs": sinabs,
    "Rockpool per channel": rockpool_channel,
    "Rockpool global": rockpool_global,
    "snn-mlir": snn_mlir,
    "SLAYER netx": slayer_netx,
    "spiker+": spiker_plus,
}


def rounded_by(rule: Rule, network: Network, bits: int) -> Program:
    """The network with its weights rounded by a peer's rule, in ``loihi2`` integers otherwise."""
    draft = run_stages(until(STAGES, "values"), Draft(network, Machine.of(WIDE)))
    gains = {name: float(neuron.gain.flat[0]) for name, neuron in draft.neurons.items()}
    weights: dict[str, list[Array]] = {name: [] for name in draft.neurons}
    for path in draft.paths:
        if _is_trained(path.kind):
            weights[path.target].append(path.weights / gains[path.target])
    biases = {name: neuron.bias / gains[name] for name, neuron in draft.neurons.items()}
    layers = Layers({name: parts for name, parts in weights.items() if parts}, biases, output_nodes(network))
    for path in draft.paths:
        if not _is_trained(path.kind):
            continue
        gain = gains[path.target]
        levels, step = rule(path.weights / gain, path.target, layers, bits)
        draft = in_steps(_with_weights(draft, path, levels * gain), path.target, step * gain)
    rest = [
        replace(stage, room="step") if isinstance(stage, Room) else stage
        for stage in STAGES[[stage.name for stage in STAGES].index("ceilings") :]
    ]
    return quantized(run_stages(rest, draft)).program


def _is_trained(kind: str) -> bool:
    """Poolings and the identities of additions have no trained weights."""
    return kind in ("dense", "conv1d", "conv2d")


def _with_weights(draft: Draft, path: Synapse, weights: Array) -> Draft:
    paths = (replace(path, weights=weights * _unit(draft, path)) if entry is path else entry for entry in draft.paths)
    return replace(draft, paths=tuple(paths))


def _unit(draft: Draft, path: Synapse) -> Array:
    """What stands for 1 in each row of the weights of a path."""
    neuron = draft.neurons[path.target]
    rows = np.broadcast_to(neuron.unit, neuron.shape).reshape(len(path.weights), -1)[:, 0]
    return _of_rows(rows, path.weights)


def in_steps(draft: Draft, name: str, step: Array) -> Draft:
    """A spiking population in the unit in which its first trained path has whole numbers.

    Steps of further paths into it are met to a 256th: the machine has that many more levels.
    """
    neuron = draft.neurons[name]
    pooled = any(path.kind == "sum-pool" for path in draft.entering(name))
    if neuron.kind != "cuba-lif" or np.any(neuron.unit != 1) or (pooled and step.size > 1):
        return draft
    steps = step.reshape(-1, *[1] * (len(neuron.shape) - 1)) if step.size > 1 else step
    unit = np.broadcast_to(1 / steps, neuron.shape)
    paths = tuple(path.scaled(unit, neuron.shape) if path.target == name else path for path in draft.paths)
    return replace(draft, neurons={**draft.neurons, name: neuron.counted_in(unit)}, paths=paths)
