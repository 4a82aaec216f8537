"""Train both twins: ``python -m neurodeploy.models.digits.train``.

The forward pass of the first uses weights rounded onto the 8-bit grid (``grid``), that of the second does not; seeds,
batches and everything else are the same. The last epoch is kept: the held-out images choose nothing.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from .augment import augment
from .data import Images, present, split
from .grid import MESSAGE_BITS, rounded_parameters, scale_bits
from .network import DigitsNet, classify, run_sequence


@dataclass(frozen=True)
class Recipe:
    """How a twin is trained.

    Attributes:
        rounded: whether the forward pass sees weights on the 8-bit grid.
        epochs, batch, rate: passes over the images, images per update, peak learning rate of Adam (one cosine).
        steps: time steps per image.
        decay: decoupled weight decay.
        activity: weight of the penalty on the mean firing of each layer above ``rest``.
        rest: spikes per cell and step that cost nothing.
        shift, noise: what ``augment`` does to each training image.
        seed: of the initial weights, the order of images and their augmentation.
    """

    rounded: bool = True
    epochs: int = 120
    batch: int = 32
    rate: float = 2e-3
    steps: int = 8
    decay: float = 1e-2
    activity: float = 1.0
    rest: float = 0.15
    shift: int = 1
    noise: float = 0.1
    seed: int = 0


class Rollout(torch.nn.Module):
    """``run_sequence`` as a module, so that ``functional_call`` can put rounded weights under it."""

    def __init__(self, net: DigitsNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return run_sequence(self.net, x)


def initialise(net: DigitsNet) -> None:
    """Weights wide enough that every layer fires before the first update; small positive biases."""
    for layer in MESSAGE_BITS:
        weight = net.get_parameter(f"{layer}.weight")
        torch.nn.init.normal_(weight, std=(8.0 / weight[0].numel()) ** 0.5)
        torch.nn.init.constant_(net.get_parameter(f"{layer}.bias"), 0.1)


def loss(spikes: dict[str, Tensor], labels: Tensor, recipe: Recipe) -> Tensor:
    """Cross entropy of the spike counts of ``lif4``, plus the penalty on busy hidden layers."""
    rates = torch.stack([spikes[name].mean() for name in ("lif1", "lif2", "lif3")])
    busy = functional.relu(rates - recipe.rest).sum()
    return functional.cross_entropy(spikes["lif4"].sum(1), labels) + recipe.activity * busy


def train(images: Images, recipe: Recipe) -> DigitsNet:
    """Train one twin from scratch; the returned network holds the weights its forward pass saw."""
    generator = torch.Generator().manual_seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    rollout = Rollout(DigitsNet())
    initialise(rollout.net)
    pixels, labels = torch.from_numpy(images.pixels), torch.from_numpy(images.labels)
    updates = recipe.epochs * -(-len(labels) // recipe.batch)
    optimizer = torch.optim.AdamW(rollout.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=updates, pct_start=0.1)
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(len(labels), generator=generator).split(recipe.batch):
            x = present(augment(pixels[chosen], recipe.shift, recipe.noise, generator), recipe.steps)
            spikes = functional_call(rollout, trained_parameters(rollout.net, recipe.rounded), (x,))
            optimizer.zero_grad()
            loss(spikes, labels[chosen], recipe).backward()
            optimizer.step()
            schedule.step()
    final = {
        name.removeprefix("net."): value.detach()
        for name, value in trained_parameters(rollout.net, recipe.rounded).items()
    }
    rollout.net.load_state_dict(final)
    return rollout.net.eval()


def trained_parameters(net: DigitsNet, rounded: bool) -> dict[str, Tensor]:
    """The parameters the forward pass works with, by their names under a ``Rollout``."""
    parameters = dict(net.named_parameters())
    return {f"net.{name}": value for name, value in (rounded_parameters(parameters) if rounded else parameters).items()}


@torch.no_grad()
def describe(net: DigitsNet, images: Images, steps: int) -> str:
    """Accuracy, tied images and spikes per cell and step of each layer, in one line."""
    spikes = run_sequence(net, present(torch.from_numpy(images.pixels), steps))
    top = spikes["lif4"].sum(1).topk(2, dim=1).values
    accuracy = float((classify(spikes["lif4"]) == torch.from_numpy(images.labels)).double().mean())
    activity = " ".join(f"{name} {float(value.mean()):.3f}" for name, value in spikes.items() if name != "input")
    return f"accuracy {accuracy:.4f}, ties {int((top[:, 0] == top[:, 1]).sum())}, activity {activity}"


def main() -> None:
    """Train both twins and write their weights."""
    parser = argparse.ArgumentParser(description="Train the digits network and its twin without rounding.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the two weight files")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    training, held_out = split()
    recipe = Recipe(epochs=arguments.epochs)
    for name, rounded in (("weights", True), ("weights_float", False)):
        net = train(training, replace(recipe, rounded=rounded))
        save_file(net.state_dict(), arguments.out / f"{name}.safetensors")
        bits = {layer: scale_bits(net.get_parameter(f"{layer}.weight")) for layer in MESSAGE_BITS}
        print(f"{name}: training {describe(net, training, recipe.steps)}")
        print(f"{name}: held out {describe(net, held_out, recipe.steps)}; scale bits {bits}", flush=True)


if __name__ == "__main__":
    main()
