"""The training loop behind ``finetune``: seeded, with early stopping, and never worse than its start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import cos, pi
from typing import cast

import numpy as np
import torch
from torch import Tensor

from neurodeploy.torch.losses import Original, class_scale, class_sums, distance
from neurodeploy.torch.module import ProgramModule, Record

LARGEST_GRADIENT = 1.0
"""Norm at which the gradient of a step is cut."""
HARM = 1.5
"""An epoch whose loss on the samples held out is larger than the best one's by this factor is taken back."""


@dataclass(frozen=True)
class Plan:
    """How a module is trained.

    - ``epochs``: at most so many; training ends after ``patience`` of them without a better one.
    - ``learning_rate``: of Adam, in levels of the grid; it falls to 0 along a cosine, by half too after each epoch that
      does harm.
    - ``minibatch``: samples per step. ``distill``: weight of the distance from the float network.
    - ``node``: the output whose sums tell the class. ``seed``: of the order of the samples.
    """

    epochs: int
    learning_rate: float
    minibatch: int
    patience: int
    distill: float
    node: str
    seed: int

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, the first of which is 1."""
        return self.learning_rate * (1 + cos(pi * (epoch - 1) / self.epochs)) / 2


@dataclass(frozen=True)
class Examples:
    """Samples to learn from: inputs by name ``(B, T, *shape)``, their classes, and what the float network did."""

    inputs: Mapping[str, Tensor]
    labels: Tensor | None = None
    originals: Mapping[str, Original] = field(default_factory=dict[str, Original])

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def of(self, samples: Tensor) -> Examples:
        """Some of the samples."""
        return Examples(
            {name: values[samples] for name, values in self.inputs.items()},
            None if self.labels is None else self.labels[samples],
            {name: original.of(samples) for name, original in self.originals.items()},
        )


@dataclass(frozen=True)
class Score:
    """The mean loss on some samples, and the share of right classes where they have labels."""

    loss: float
    accuracy: float | None

    def better_than(self, other: Score) -> bool:
        """More right classes, or as many and a smaller loss."""
        mine, yours = self.accuracy or 0.0, other.accuracy or 0.0
        return mine > yours or (mine == yours and self.loss < other.loss)


@dataclass(frozen=True)
class Epoch:
    """One epoch: the mean loss while it trained (None before the first), and the score on samples held out."""

    number: int
    loss: float | None
    held_out: Score


Progress = Callable[[Epoch, int], None]
"""Called after every epoch, with the most epochs there may be."""


def train(
    module: ProgramModule, training: Examples, held_out: Examples, plan: Plan, progress: Progress | None = None
) -> tuple[Epoch, ...]:
    """Train ``module`` in place and leave it as it was best on the samples held out; epoch 0 is the start."""
    scale = _scale(module, training, plan)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        return _train(module, training, held_out, plan, scale, progress)


def _train(
    module: ProgramModule,
    training: Examples,
    held_out: Examples,
    plan: Plan,
    scale: float,
    progress: Progress | None,
) -> tuple[Epoch, ...]:
    optimizer, halved = torch.optim.Adam(module.parameters()), 0
    epochs = [Epoch(0, None, score(module, held_out, plan, scale))]
    best, kept = 0, _copy(module)
    for number in range(1, plan.epochs + 1):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate(number) / 2**halved
        loss = _epoch(module, training, plan, scale, optimizer)
        epochs.append(Epoch(number, loss, score(module, held_out, plan, scale)))
        if progress is not None:
            progress(epochs[-1], plan.epochs)
        if epochs[-1].held_out.better_than(epochs[best].held_out):
            best, kept = number, _copy(module)
        elif epochs[-1].held_out.loss > HARM * epochs[best].held_out.loss:
            module.load_state_dict(kept)
            optimizer, halved = torch.optim.Adam(module.parameters()), halved + 1
        if number - best >= plan.patience:
            break
    module.load_state_dict(kept)
    return tuple(epochs)


def best_epoch(epochs: tuple[Epoch, ...]) -> Epoch:
    """The epoch that ``train`` kept."""
    best = epochs[0]
    for epoch in epochs[1:]:
        best = epoch if epoch.held_out.better_than(best.held_out) else best
    return best


def score(module: ProgramModule, examples: Examples, plan: Plan, scale: float) -> Score:
    """The loss and accuracy of the integers as they are now."""
    losses, right = 0.0, 0
    with torch.no_grad():
        for samples in torch.arange(len(examples)).split(plan.minibatch):
            some = examples.of(samples)
            records = module.records(some.inputs)
            losses += float(_loss(module, records, some, plan, scale)) * len(samples)
            right += 0 if some.labels is None else int(_right(module, records, some.labels, plan.node))
    accuracy = None if examples.labels is None else right / len(examples)
    return Score(losses / len(examples), accuracy)


def _epoch(
    module: ProgramModule, training: Examples, plan: Plan, scale: float, optimizer: torch.optim.Optimizer
) -> float:
    total = 0.0
    for samples in torch.randperm(len(training)).split(plan.minibatch):
        some = training.of(samples)
        optimizer.zero_grad()
        loss = _loss(module, module.records(some.inputs), some, plan, scale)
        cast(Callable[[], None], loss.backward)()
        torch.nn.utils.clip_grad_norm_(module.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        total += float(loss.detach()) * len(samples)
    return total / len(training)


def _loss(module: ProgramModule, records: Mapping[str, Record], some: Examples, plan: Plan, scale: float) -> Tensor:
    loss = torch.zeros((), dtype=torch.float64)
    if some.labels is not None:
        logits = class_sums(module, records, plan.node) * scale
        loss = loss + torch.nn.functional.cross_entropy(logits, some.labels)
    return loss + plan.distill * distance(module, records, some.originals) if plan.distill else loss


def _right(module: ProgramModule, records: Mapping[str, Record], labels: Tensor, node: str) -> Tensor:
    return (class_sums(module, records, node).argmax(1) == labels).sum()


def _scale(module: ProgramModule, training: Examples, plan: Plan) -> float:
    """The factor of logits, from some samples."""
    some = training.of(torch.arange(min(len(training), 4 * plan.minibatch)))
    with torch.no_grad():
        return class_scale(module, class_sums(module, module.records(some.inputs), plan.node), plan.node)


def _copy(module: ProgramModule) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def split(count: int, held_out: float, seed: int) -> tuple[Tensor, Tensor]:
    """Samples to train with and samples held out, ``held_out`` of all, at least one of each."""
    order = np.random.default_rng(seed).permutation(count)
    last = min(max(round(count * held_out), 1), count - 1)
    return torch.as_tensor(np.sort(order[last:])), torch.as_tensor(np.sort(order[:last]))
