"""PyTorch's layers, each before a neuron: the same spikes, and a file that nir itself reads back."""

from pathlib import Path
from typing import Any

import nir
import pytest
import torch
from norse.torch import IAFCell, SequentialState
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.network.file import write_network
from tests.frontends.live import agrees, read, weights

LAYERS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "square": (lambda: nn.Conv2d(2, 4, 3, padding=1), (2, 6, 6)),
    "tall kernel": (lambda: nn.Conv2d(2, 4, (5, 3), padding=(2, 0)), (2, 6, 7)),
    "wide strided kernel": (lambda: nn.Conv2d(2, 4, (1, 3), stride=(1, 2), padding=(0, 1)), (2, 5, 7)),
    "dilated": (lambda: nn.Conv2d(2, 4, (3, 1), dilation=(2, 1), padding=(2, 0)), (2, 6, 6)),
    "grouped": (lambda: nn.Conv2d(4, 6, 3, groups=2, bias=False), (4, 6, 6)),
    "depthwise, strided": (lambda: nn.Conv2d(3, 6, 3, groups=3, stride=2, padding=1), (3, 7, 7)),
    "same": (lambda: nn.Conv2d(2, 4, (3, 5), padding="same", dilation=(2, 1)), (2, 6, 6)),
    "same, of even size": (lambda: nn.Conv2d(2, 4, 4, padding="same"), (2, 6, 6)),
    "same, of even size, one dimension": (lambda: nn.Conv1d(2, 4, 2, padding="same"), (2, 9)),
    "valid": (lambda: nn.Conv2d(2, 4, 3, padding="valid"), (2, 6, 6)),
    "one dimension": (lambda: nn.Conv1d(2, 4, 3, stride=2, padding=2, dilation=2), (2, 9)),
    "one dimension, grouped": (lambda: nn.Conv1d(4, 4, 3, groups=4, padding=1), (4, 8)),
    "averages": (lambda: nn.AvgPool2d((2, 1), stride=(1, 2), padding=(1, 0)), (2, 6, 6)),
    "dense on the last dimension": (lambda: nn.Linear(6, 5), (6,)),
    "flattened": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(24, 5)), (2, 3, 4)),
    "of one channel": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, 5)), (1, 3, 4)),
    "adaptive averages": (lambda: nn.AdaptiveAvgPool2d((2, 3)), (2, 6, 6)),
    "one average per channel": (lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), (4, 4, 4)),
    "averages, one dimension": (lambda: nn.AvgPool1d(3, stride=2, padding=1), (3, 9)),
    "adaptive averages, one dimension": (lambda: nn.AdaptiveAvgPool1d(3), (2, 9)),
    "maxima of spikes": (lambda: nn.MaxPool2d(3, stride=2, padding=1), (2, 7, 7)),
    "maxima of spikes, one dimension": (lambda: nn.MaxPool1d(3, stride=2, padding=1), (2, 9)),
    "padded on all sides": (lambda: nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(2, 4, 3)), (2, 5, 5)),
    "padded on two sides": (lambda: nn.Sequential(nn.ZeroPad2d((1, 0, 1, 0)), nn.Conv2d(2, 4, 2)), (2, 5, 5)),
    "padded in width": (lambda: nn.Sequential(nn.ConstantPad2d((2, 2, 0, 0), 0.0), nn.Conv2d(2, 4, 3)), (2, 6, 5)),
    "padded, one dimension": (lambda: nn.Sequential(nn.ConstantPad1d((2, 1), 0.0), nn.Conv1d(2, 4, 3)), (2, 6)),
    "of one neuron": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(1, 5)), (1, 1, 1)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_feeds_a_neuron_what_it_does_in_pytorch(name: str, tmp_path: Path) -> None:
    make, shape = LAYERS[name]
    network = agrees(weights(SequentialState(make(), IAFCell())), shape)
    write_network(network, tmp_path / "net.nir")
    again = nir.read(tmp_path / "net.nir")
    assert {type(node) for node in again.nodes.values()} == {type(node) for node in network.nodes.values()}
    assert not network.findings


def test_a_kernel_without_an_equal_square_is_written_unchecked_and_told_of(tmp_path: Path) -> None:
    network = agrees(weights(SequentialState(nn.Conv2d(2, 4, (2, 3)), IAFCell())), (2, 6, 6))
    assert [(each.slug, each.node) for each in network.findings] == [("non-square-kernel", "0")]
    write_network(network, tmp_path / "net.nir")
    assert nir.read(tmp_path / "net.nir", type_check=False).nodes["0"].weight.shape == (4, 2, 2, 3)


def normed(norm: nn.Module) -> nn.Module:
    with torch.no_grad():
        generator = torch.Generator().manual_seed(5)
        norm.running_mean.copy_(torch.randn(4, generator=generator) / 4)
        norm.running_var.copy_(torch.rand(4, generator=generator) + 0.5)
    return norm


@pytest.mark.parametrize(
    ("layer", "norm", "shape"),
    [
        (nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), (2, 6, 6)),
        (nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4, affine=False), (2, 9)),
        (nn.Linear(6, 4), nn.BatchNorm1d(4), (6,)),
    ],
)
def test_batch_normalization_is_folded(layer: nn.Module, norm: nn.Module, shape: tuple[int, ...]) -> None:
    network = agrees(weights(SequentialState(layer, normed(norm), IAFCell())), shape, exact=False)
    assert network.nodes.keys() == {"input", "0", "2", "output"}


@pytest.mark.parametrize(
    ("before", "norm", "shape"),
    [
        (nn.Identity(), nn.BatchNorm2d(4), (4, 5, 5)),
        (nn.Identity(), nn.BatchNorm1d(4), (4, 9)),
        (nn.Identity(), nn.BatchNorm1d(4, affine=False), (4,)),
        (nn.AvgPool2d(2), nn.BatchNorm2d(4), (4, 6, 6)),
    ],
)
def test_batch_normalization_behind_other_layers_is_a_factor_and_an_offset(
    before: nn.Module, norm: nn.Module, shape: tuple[int, ...]
) -> None:
    net = SequentialState(before, normed(norm), IAFCell())
    agrees(weights(net), shape, exact=False)


class Twice(nn.Module):
    """A layer whose output goes through its normalization and around it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.norm, self.lif = nn.Linear(6, 4), nn.BatchNorm1d(4), IAFCell()

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        y = self.fc(x)
        return self.lif(self.norm(y) + y, state)


REFUSED: dict[str, tuple[Any, tuple[int, ...], str]] = {
    "reflected": (lambda: nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), (2, 6, 6), "padding mode reflect"),
    "same, dilated": (lambda: nn.Conv2d(2, 3, 2, padding="same", dilation=3), (2, 6, 6), "pads one side more"),
    "rounded up": (lambda: nn.AvgPool2d(2, ceil_mode=True), (2, 5, 5), "AvgPool2d.* has no exact form"),
    "not counted": (lambda: nn.AvgPool2d(2, padding=1, count_include_pad=False), (2, 6, 6), "AvgPool2d.* has no exact"),
    "maximum of values": (
        lambda: nn.Sequential(nn.Conv2d(2, 2, 3), nn.MaxPool2d(2)),
        (2, 6, 6),
        "max pooling of what 0.0",
    ),
    "transposed": (lambda: nn.ConvTranspose2d(2, 3, 3), (2, 6, 6), "layer 0: ConvTranspose2d"),
    "unknown statistics": (lambda: nn.BatchNorm2d(2, track_running_stats=False), (2, 6, 6), "no running statistics"),
    "adaptive": (lambda: nn.AdaptiveAvgPool2d(4), (2, 6, 6), "its windows differ in size"),
    "padded with ones": (lambda: nn.ConstantPad2d(1, 1.0), (2, 6, 6), "pads with another value than 0"),
    "cut off": (lambda: nn.ZeroPad2d(-1), (2, 6, 6), "cuts values off"),
    "partly flattened": (lambda: nn.Flatten(2), (2, 6, 6), "layer 0: Flatten"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_exact_form_is_refused_by_name(name: str) -> None:
    make, shape, what = REFUSED[name]
    with pytest.raises(RefusedError, match=what):
        read(SequentialState(make(), IAFCell()), shape)


def test_a_normalization_and_a_way_around_it_are_added() -> None:
    module = Twice()
    normed(module.norm)
    agrees(weights(module), (6,), exact=False)


def test_max_pooling_goes_behind_the_neuron_as_its_remedy_says() -> None:
    with pytest.raises(RefusedError, match="max pooling") as refusal:
        read(SequentialState(nn.Conv2d(2, 2, 3), nn.MaxPool2d(2), IAFCell()), (2, 6, 6))
    assert refusal.value.remedy == "pool behind the neuron, or use average pooling"
    agrees(weights(SequentialState(nn.Conv2d(2, 2, 3), IAFCell(), nn.MaxPool2d(2))), (2, 6, 6))
    agrees(weights(SequentialState(nn.Conv2d(2, 2, 3), nn.AvgPool2d(2), IAFCell())), (2, 6, 6))


def test_dropout_is_taken_as_it_evaluates() -> None:
    network = agrees(weights(SequentialState(nn.Linear(6, 4), nn.Dropout(0.5).train(), IAFCell())), (6,))
    assert network.nodes.keys() == {"input", "0", "2", "output"}
