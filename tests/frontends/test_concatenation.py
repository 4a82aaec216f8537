"""Channels side by side: what several layers send, joined along the channels, feeds the next layer as in PyTorch."""

from collections.abc import Callable

import numpy as np
import pytest
import snntorch as snn
import torch
from spikingjelly.activation_based import functional, layer, neuron
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.numerics import INT32
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from tests.frontends.live import agrees, read, spikes, weights


class Maps(nn.Module):
    """A dense block: a convolution reads the maps of two layers before it, step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.lif1 = nn.Conv2d(2, 3, 3, padding=1), snn.Leaky(0.5, init_hidden=True)
        self.conv2, self.lif2 = nn.Conv2d(3, 4, 3, padding=1), snn.Leaky(0.5, init_hidden=True)
        self.conv3, self.lif3 = nn.Conv2d(9, 2, 3), snn.Leaky(0.75, init_hidden=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.lif1(self.conv1(x))
        second = self.lif2(self.conv2(first))
        return self.lif3(self.conv3(torch.cat([x, first, second], dim=1)))


class Vectors(nn.Module):
    """Two branches of numbers, all steps at once."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.sn = layer.Linear(6, 4), layer.Linear(6, 5), neuron.LIFNode(2.0)
        self.sn_a, self.sn_b, self.fc, self.out = neuron.IFNode(), neuron.IFNode(), layer.Linear(9, 3), neuron.IFNode()
        functional.set_step_mode(self, "m")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.fc(torch.cat((self.sn_a(self.a(x)), self.sn_b(self.b(x))), -1)))


class Lines(nn.Module):
    """The same value twice, on lines."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.lif1 = nn.Conv1d(2, 3, 3), snn.Leaky(0.5, init_hidden=True)
        self.conv2, self.lif2 = nn.Conv1d(6, 2, 3), snn.Leaky(0.5, init_hidden=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.lif1(self.conv1(x))
        return self.lif2(self.conv2(torch.cat([first, first], 1)))


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "maps": (Maps, (2, 6, 6)),
    "vectors": (Vectors, (6,)),
    "lines": (Lines, (2, 9)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_joined_channels_feed_the_next_layer_in_their_order(name: str) -> None:
    make, shape = NETWORKS[name]
    network = agrees(weights(make(), size=0.5), shape, exact=False)
    last = network.populations[-1]
    expected = run_network(network, spikes(shape))[last].output
    actual = run_program(quantize(network, INT32).program, spikes(shape))[last].output
    assert np.count_nonzero(expected != actual) <= 0.01 * np.count_nonzero(expected)


def test_a_concatenation_along_the_height_is_refused() -> None:
    class High(Maps):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            first = self.lif1(self.conv1(x))
            return self.lif2(self.conv2(torch.cat([first, first], dim=2)))

    with pytest.raises(RefusedError, match="cat "):
        read(High(), (2, 6, 6))
