"""Training by surrogate gradients, with each framework's own neurons and its own way to run a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float64]
Step = Callable[[Tensor], Tensor]
BATCH = 64


def stepped(module: nn.Module) -> Step:
    """A function that performs one step of a module whose neurons are at rest."""
    start = Start.of(module)
    return start(module)


class Start:
    """How the modules of each framework start and are stepped."""

    @staticmethod
    def of(module: nn.Module) -> Callable[[nn.Module], Step]:
        """That of the framework whose neurons the module has."""
        packages = {type(part).__module__.partition(".")[0] for part in module.modules()}
        return next(start for package, start in STARTS.items() if package in packages)

    @staticmethod
    def norse(module: nn.Module) -> Step:
        """States go in and out."""
        state: list[Any] = [None]

        def step(x: Tensor) -> Tensor:
            out, state[0] = module(x, state[0])
            return out

        return step

    @staticmethod
    def spikingjelly(module: nn.Module) -> Step:
        """States are kept in the neurons."""
        from spikingjelly.activation_based import functional

        functional.reset_net(module)
        return module

    @staticmethod
    def snntorch(module: nn.Module) -> Step:
        """States are kept in the neurons, and are reset one by one."""
        for part in module.modules():
            reset: Any = getattr(part, "reset_mem", None)
            if reset is not None:
                reset()
        return module


STARTS = {"norse": Start.norse, "spikingjelly": Start.spikingjelly, "snntorch": Start.snntorch}


def counts(module: nn.Module, shown: Tensor) -> Tensor:
    """Output spikes over all steps, ``(B, classes)``, of ``shown`` ``(B, T, *shape)``."""
    step = stepped(module)
    return torch.stack([step(shown[:, t]) for t in range(shown.shape[1])]).sum(0)


def train(module: nn.Module, encode: Callable[[Array], Array], data: Any, epochs: int, rate: float, seed: int) -> None:
    """Cross entropy of the spike counts, by Adam. ``encode`` makes ``(B, T, *shape)`` of samples, anew every epoch."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(module.parameters(), rate)
    labels = torch.from_numpy(data.train_labels)
    module.train()
    for _ in range(epochs):
        shown = torch.from_numpy(encode(data.train).astype(np.float32))
        for batch in _batches(len(shown)):
            out = counts(module, shown[batch])
            loss = nn.functional.cross_entropy(8.0 * out / shown.shape[1], labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    module.eval()


def train_rates(module: nn.Module, data: Any, epochs: int, rate: float, seed: int) -> None:
    """A network without spikes, on the samples themselves."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(module.parameters(), rate)
    shown, labels = torch.from_numpy(data.train.astype(np.float32)), torch.from_numpy(data.train_labels)
    for _ in range(epochs):
        for batch in _batches(len(shown)):
            loss = nn.functional.cross_entropy(module(shown[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    module.eval()


def _batches(samples: int) -> Iterator[Tensor]:
    yield from torch.randperm(samples).split(BATCH)
