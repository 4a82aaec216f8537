"""Train the receiver: ``python -m benchmarks.receiver_training``; needs the extra ``sionna``.

First in float, on new slots in every update; then the integers are chosen on slots of their own and, with ``--tuning``,
trained further (``neurodeploy.torch.quantized``). The last update is kept: no held-out slot chooses anything.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from neurodeploy.models.spikingrx.layers import Readout
from neurodeploy.models.spikingrx.link import Link
from neurodeploy.models.spikingrx.metrics import bit_errors, mutual_information
from neurodeploy.models.spikingrx.model import SpikingRx
from neurodeploy.models.spikingrx.network import network
from neurodeploy.models.spikingrx.presets import RECEIVER, receiver
from neurodeploy.models.spikingrx.slots import DATA, Slots, data_symbols, features
from neurodeploy.models.spikingrx.whole import whole_state
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

import neurodeploy as nd

LEAST, MOST = 0.0, 14.0
"""Signal-to-noise ratios of training, ``Es/N0`` in dB, evenly drawn for each slot."""

EXPONENT = 1
"""Weights are shifted by no more, so that they also fit 16 bits on the finer grid of targets without shifts, like C."""

ROOM = "membrane,stem.lif:step,stages.1.shortcut.lif:step,stages.3.shortcut.lif:step"
"""Blocks have room for every membrane. One step of the stem fills the width: room would cost three bits of its weights.

Membranes of the shortcuts never decay: a floor keeps them from the end (``whole.FLOOR``).
"""


@dataclass(frozen=True)
class Recipe:
    """How a receiver is trained.

    Attributes:
        updates, batch, rate: updates in float, slots per update, peak learning rate of AdamW (one cosine).
        tuning, tuning_batch, tuning_rate: likewise on integers, with Adam; its rate counts levels of weights.
        bits: bits of the integers' weights.
        steps: time steps for which a slot is shown.
        seed: of the initial weights and all slots.
    """

    updates: int = 1000
    batch: int = 16
    rate: float = 5e-3
    tuning: int = 0
    tuning_batch: int = 8
    tuning_rate: float = 0.05
    bits: int = 8
    steps: int = 4
    seed: int = 0


def drawn(link: Link, count: int, seed: int) -> Slots:
    """Slots for an update, each at its own signal-to-noise ratio."""
    return link.slots(count, np.random.default_rng(seed).uniform(LEAST, MOST, count), seed)


def shown(slots: Slots, steps: int) -> Tensor:
    """The features of slots in every step, (N, steps, 13, symbols, subcarriers)."""
    return torch.from_numpy(features(slots)).unsqueeze(1).expand(-1, steps, -1, -1, -1)


def loss(ratios: Tensor, slots: Slots) -> Tensor:
    """Cross entropy of the data symbols' bits, in nats; ``ratios`` of whole slots, (N, symbols, subcarriers, bits)."""
    bits = torch.from_numpy(slots.bits).to(ratios.dtype)
    return functional.binary_cross_entropy_with_logits(ratios[:, list(DATA)], bits)


def train_float(link: Link, config: Mapping[str, Any], recipe: Recipe) -> SpikingRx:
    """A receiver trained from scratch, with its norms, in evaluation mode."""
    torch.manual_seed(recipe.seed)
    net = receiver({**config, "folded": False})
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=recipe.updates, pct_start=0.1)
    for update in range(recipe.updates):
        slots = drawn(link, recipe.batch, 1 + update + 1_000_000 * recipe.seed)
        ratios = net.train()(shown(slots, recipe.steps))
        _step(optimizer, loss(ratios, slots), schedule)
        if update % 100 == 99:
            _say("float", update, ratios, slots)
    return net.eval()


def tune(link: Link, config: Mapping[str, Any], net: SpikingRx, recipe: Recipe) -> SpikingRx:
    """The receiver with its norms folded and its weights on the integers' grid, trained further on these integers."""
    start = drawn(link, 8, 2_000_000 + recipe.seed)
    calibrate = {"input": shown(start, recipe.steps).contiguous().numpy()}
    integers = nd.torch.quantized(
        network(net, config),
        "loihi2",
        bits=recipe.bits,
        calibrate=calibrate,
        options={"weight-exponent": EXPONENT, "room": ROOM},
        learn=("weight", "bias"),
    )
    head: Readout = net.readout
    groups = [
        {"params": list(integers.parameters()), "lr": recipe.tuning_rate},
        {"params": list(head.parameters()), "lr": 1e-3},
    ]
    optimizer = torch.optim.Adam(groups)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(recipe.tuning, 1))
    for update in range(recipe.tuning):
        slots = drawn(link, recipe.tuning_batch, 3_000_000 + update + 1_000_000 * recipe.seed)
        ratios = head(cast(Tensor, integers(shown(slots, recipe.steps))).float())
        _step(optimizer, loss(ratios, slots), schedule)
        if update % 20 == 19:
            _say("integers", update, ratios, slots)
    deployed = receiver({**config, "folded": True})
    deployed.load_state_dict(whole_state(integers.network(), deployed, head))
    return deployed.eval()


def _step(optimizer: torch.optim.Optimizer, value: Tensor, schedule: Any) -> None:
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    schedule.step()


def _say(stage: str, update: int, ratios: Tensor, slots: Slots) -> None:
    found = data_symbols(ratios.detach().numpy())
    errors, information = bit_errors(found, slots.bits), mutual_information(found, slots.bits)
    print(f"{stage} {update + 1}: bit errors {errors:.4f}, mutual information {information:.3f}", flush=True)


def main() -> None:
    """Train and write ``weights.safetensors``."""
    parser = argparse.ArgumentParser(description="Train the spiking receiver on slots of Sionna's link.")
    parser.add_argument("--out", type=Path, default=Path("weights.safetensors"))
    parser.add_argument("--connect", choices=("ADD", "AND", "IAND"), default=RECEIVER["connect"])
    parser.add_argument("--stateless", action="store_true", help="membranes of the blocks start at 0 in every step")
    parser.add_argument("--float", action="store_true", help="stop before the integers; keep the norms")
    parser.add_argument("--start", type=Path, help="weights in float to go on from, of --float")
    for name in ("updates", "tuning", "bits", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Recipe, name))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chosen = {name: getattr(arguments, name) for name in ("updates", "tuning", "bits", "seed")}
    recipe, link, began = replace(Recipe(), **chosen), Link(), time.monotonic()
    config = {**RECEIVER, "connect": arguments.connect, "stateful": not arguments.stateless}
    if arguments.start is None:
        net = train_float(link, config, recipe)
    else:
        from safetensors.torch import load_file

        net = receiver({**config, "folded": False}).eval()
        net.load_state_dict(load_file(arguments.start))
    if not arguments.float:
        net = tune(link, config, net, recipe)
    save_file(net.state_dict(), arguments.out)
    print(f"{arguments.out}: {(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
