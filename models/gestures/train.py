"""Train the network and its twin without rounding: ``python -m neurodeploy.models.gestures.train``.

The forward pass of the first sees weights on the grid and truncates membranes as integers do; that of the second does
neither. Gestures, seeds and batches are the same. The last update is kept: the held-out gestures choose nothing.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from .network import GesturesNet, classify, initial, rounded
from .strokes import HELD_OUT, TRAINING, Gestures, gestures


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        on_grid: whether the forward pass is that of integers.
        without: layers of weights that are left out: ``back`` for no recurrence, ``late`` for no delay.
        samples, epochs, batch, rate: gestures, passes over them, gestures per update, peak rate of Adam (one cosine).
        activity, rest: weight of the penalty on mean firing above ``rest`` spikes per neuron and step.
        seed: of the initial weights and of the order of gestures.
    """

    on_grid: bool = True
    without: tuple[str, ...] = ()
    samples: int = 9600
    epochs: int = 6
    batch: int = 64
    rate: float = 4e-3
    activity: float = 1.0
    rest: float = 0.1
    seed: int = 0


def weights(net: GesturesNet) -> dict[str, Tensor]:
    """The weights that the forward pass works with."""
    parameters: dict[str, Tensor] = dict(net.named_parameters())
    return rounded(parameters) if net.on_grid else parameters


def loss(spikes: dict[str, Tensor], labels: Tensor, recipe: Recipe) -> Tensor:
    """Cross entropy of the spike counts of ``gesture``, plus the penalty on busy populations."""
    busy = sum(functional.relu(spikes[name].mean() - recipe.rest) for name in ("motion", "memory"))
    return functional.cross_entropy(spikes["gesture"].sum(1), labels) + recipe.activity * busy


def train(shown: Gestures, recipe: Recipe, tell: Callable[[int, float], None] | None = None) -> GesturesNet:
    """Train from scratch; the returned network holds the weights its forward pass saw.

    ``tell`` is called after every pass with its number, from 0, and the mean loss of its updates.
    """
    net = initial(recipe.seed, recipe.on_grid, recipe.without)
    events, labels = torch.from_numpy(shown.events).to(torch.uint8), torch.from_numpy(shown.labels)
    order = torch.Generator().manual_seed(recipe.seed)
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=recipe.rate)
    updates = recipe.epochs * -(-len(labels) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=updates, pct_start=0.1)
    for epoch in range(recipe.epochs):
        total = 0.0
        for chosen in torch.randperm(len(labels), generator=order).split(recipe.batch):
            spikes = functional_call(net, weights(net), (events[chosen].float(),))
            optimizer.zero_grad()
            value = loss(spikes, labels[chosen], recipe)
            value.backward()
            optimizer.step()
            schedule.step()
            total += float(value.detach())
        if tell:
            tell(epoch, total * recipe.epochs / updates)
    net.load_state_dict({name: value.detach() for name, value in weights(net).items()})
    return net.eval()


@torch.no_grad()
def describe(net: GesturesNet, shown: Gestures) -> str:
    """Accuracy, tied gestures and spikes per neuron and step of each population, in one line."""
    spikes = net(torch.from_numpy(shown.events))
    top = spikes["gesture"].sum(1).topk(2, dim=1).values
    accuracy = float((classify(spikes["gesture"]) == torch.from_numpy(shown.labels)).double().mean())
    activity = ", ".join(f"{name} {float(sent.mean()):.3f}" for name, sent in spikes.items())
    return f"accuracy {accuracy:.4f}, ties {int((top[:, 0] == top[:, 1]).sum())}, spikes {activity}"


def main() -> None:
    """Train both networks and write their weights; or, with ``--without``, train the first less a layer and tell."""
    parser = argparse.ArgumentParser(description="Train the gesture network and its twin without rounding.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the two weight files")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--without", choices=("back", "late"), help="leave a layer out, write nothing")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    recipe, shown = Recipe(epochs=arguments.epochs), gestures(Recipe.samples, TRAINING)
    recipes = {"weights": recipe, "weights_float": replace(recipe, on_grid=False)}
    if arguments.without:
        recipes = {f"without {arguments.without}": replace(recipe, without=(arguments.without,))}
    for name, chosen in recipes.items():
        net = train(shown, chosen, lambda epoch, mean: print(f"pass {epoch}: loss {mean:.4f}", flush=True))
        print(f"{name}: held out {describe(net, gestures(1200, HELD_OUT))}", flush=True)
        if not chosen.without:
            save_file(net.state_dict(), arguments.out / f"{name}.safetensors")


if __name__ == "__main__":
    main()
