"""Learn conv2 and conv3 from star fields without labels: ``python -m neurodeploy.models.spikeseg.train``.

Layer by layer, as the papers do: the first layer has its fixed kernels; the second learns until it has converged, then
the third. Neurons fire once per sample while they learn. One run writes two files: weights as they were learned, and
rounded onto the grid of an 8-bit machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from .fields import TRAINING, fields
from .kernels import dog_kernels, normal_kernels
from .output import first_spike_times
from .presets import PRESETS, build, rounded_weights
from .stdp import CONVERGED, IGARSS2023, Homeostasis, Plasticity, learn, unsettled, winners


@dataclass(frozen=True)
class Recipe:
    """How a layer learns.

    - ``fields``: how many training fields, cut into samples of ``steps`` windows; ``passes``: over them, at most.
    - ``rest``, ``plus``, ``tau``: of the thresholds of conv2 while it learns, see :class:`.stdp.Homeostasis`; those of
      conv3 rest at ``rest3``. ``radius``: how near each other two maps may not both win, in places of the layer.
    - ``rule``: rates and first weights. ``seed``: of the first weights and the order of samples.
    """

    fields: int = 60
    steps: int = 10
    passes: int = 40
    rest: float = 8.0
    rest3: float = 12.0
    plus: float = 0.5
    tau: float = 200.0
    radius: int = 2
    rule: Plasticity = IGARSS2023
    seed: int = 0


@dataclass(frozen=True)
class Learned:
    """The weights of a layer, the passes they took, and what is left undecided: the mean of w (1 - w)."""

    weight: Tensor
    passes: int
    unsettled: float

    def __str__(self) -> str:
        state = "converged" if self.unsettled < CONVERGED else "not converged"
        return (
            f"{state} after {self.passes} passes, w (1 - w) {self.unsettled:.4f}, mean {float(self.weight.mean()):.3f}"
        )


def train_layer(
    conv: nn.Conv2d,
    neuron: nn.Module,
    samples: Sequence[Tensor],
    thresholds: Homeostasis,
    recipe: Recipe,
    generator: torch.Generator,
) -> Learned:
    """Show the samples, pass after pass, until the weights of ``conv`` have converged; it holds them afterwards.

    ``samples``: what the layer in front sends, 0/1 (T, C, H, W), each neuron once at most.
    """
    before = [first_spike_times(sample) for sample in samples]
    left, done = unsettled(conv.weight), 0
    with torch.no_grad():
        while done < recipe.passes and left >= CONVERGED:
            for number in torch.randperm(len(samples), generator=generator).tolist():
                times, potentials = first_spikes(conv(samples[number]), neuron, thresholds.threshold)
                chosen = winners(times, potentials, recipe.radius)
                conv.weight.copy_(learn(conv.weight, before[number], chosen, recipe.rule))
                won = torch.zeros(len(conv.weight), dtype=torch.bool)
                won[[winner.feature for winner in chosen]] = True
                thresholds.after(won)
            left, done = unsettled(conv.weight), done + 1
    return Learned(conv.weight.detach().clone(), done, left)


def first_spikes(current: Tensor, neuron: nn.Module, threshold: Tensor) -> tuple[Tensor, Tensor]:
    """First spikes of neurons that fire once, and their membranes before the reset, of currents (T, C, H, W).

    Both are (C, H, W); a neuron that never fires has -1 and 0.
    """
    fired = torch.zeros_like(current[:1])
    times, potentials = torch.full_like(fired, -1, dtype=torch.int64), torch.zeros_like(fired)
    membrane: Tensor | None = None
    for step in range(len(current)):
        spikes, membrane, raised = neuron(current[step][None], membrane, fired, threshold)
        new = spikes > 0
        times[new], potentials[new] = step, raised[new]
        fired = (fired + spikes).clamp(0.0, 1.0)
    return times[0], potentials[0]


def spikes_once(parts: Sequence[tuple[nn.Module, nn.Module, nn.Module]], sample: Tensor) -> Tensor:
    """What the last pool of (convolution, neuron, pool) layers sends, each neuron firing once: (T, C, H, W)."""
    with torch.no_grad():
        for conv, neuron, pool in parts:
            times, _ = first_spikes(conv(sample), neuron, neuron.get_buffer("threshold"))
            sent = torch.arange(len(sample))[:, None, None, None] == times
            sample = pool(sent.to(torch.get_default_dtype()))[0]
    return sample


def train(recipe: Recipe, config: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Learned]]:
    """Weights by name, as learned, and how each layer got there."""
    generator = torch.Generator().manual_seed(recipe.seed)
    net = build(PRESETS["stars-random"] | {"layers": config["layers"]})
    size = tuple(config["input"]["shape"][1:])
    frames = torch.from_numpy(fields(TRAINING[: recipe.fields], size).frames)
    samples = [part for field in frames for part in field.split(recipe.steps)]
    with torch.no_grad():
        net.conv1.weight.copy_(dog_kernels(net.conv1.out_channels, net.conv1.in_channels))
        for conv in (net.conv2, net.conv3):
            shape = tuple(conv.weight.shape)
            conv.weight.copy_(normal_kernels(shape, recipe.rule.mean, recipe.rule.std, generator))
    layers = [(net.conv1, net.lif1, net.pool1), (net.conv2, net.lif2, net.pool2)]
    learned: dict[str, Learned] = {}
    for name, conv, neuron, rest, depth in (
        ("conv2", net.conv2, net.lif2, recipe.rest, 1),
        ("conv3", net.conv3, net.lif3, recipe.rest3, 2),
    ):
        inputs = [spikes_once(layers[:depth], sample) for sample in samples]
        thresholds = Homeostasis.at_rest(conv.out_channels, rest, recipe.plus, recipe.tau)
        learned[name] = train_layer(conv, neuron, inputs, thresholds, recipe, generator)
        print(f"{name}: {learned[name]}", flush=True)
    return {name: value.detach().clone() for name, value in net.state_dict().items()}, learned


def main() -> None:
    """Train and write both files."""
    parser = argparse.ArgumentParser(description="Learn the weights of spikeseg from seeded star fields.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the two weight files")
    parser.add_argument("--passes", type=int, default=Recipe.passes, help="over the samples, at most")
    parser.add_argument("--fields", type=int, default=Recipe.fields, help="how many training fields")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    np.seterr(all="raise", under="ignore")
    weights, _ = train(Recipe(fields=arguments.fields, passes=arguments.passes), PRESETS["float-trained"])
    save_file(weights, arguments.out / "weights_float.safetensors")
    save_file(rounded_weights(weights), arguments.out / "weights.safetensors")


if __name__ == "__main__":
    main()
