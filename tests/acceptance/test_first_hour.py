"""A newcomer's first hour, from the shell: the tutorial's convolutional network, exported without options, and checked.

The network is written as snnTorch's tutorial writes it: states made inside, a loop over the steps inside, poolings
between layers, and the spikes counted over time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

NETWORK = """
import snntorch as snn
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.lif1 = nn.Conv2d(1, 4, 5), snn.Leaky(beta=0.9)
        self.conv2, self.lif2 = nn.Conv2d(4, 6, 3), snn.Leaky(beta=0.9)
        self.pool, self.fc, self.lif3 = nn.AvgPool2d(2), nn.Linear(6, 4), snn.Leaky(beta=0.9)

    def forward(self, x):
        mem1, mem2, mem3 = self.lif1.init_leaky(), self.lif2.init_leaky(), self.lif3.init_leaky()
        sent = []
        for _ in range(8):
            spikes1, mem1 = self.lif1(self.conv1(x), mem1)
            spikes2, mem2 = self.lif2(self.conv2(self.pool(spikes1)), mem2)
            spikes3, mem3 = self.lif3(self.fc(self.pool(spikes2).flatten(1)), mem3)
            sent.append(spikes3)
        return torch.stack(sent).sum(0)
"""


def shell(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "neurodeploy", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newcomer's folder: the network's file, its trained weights, and images with their labels."""
    place = tmp_path_factory.mktemp("first-hour")
    (place / "net.py").write_text(NETWORK, encoding="utf-8")
    images, labels = pictures(16)
    trained(place, images, labels)
    np.savez(place / "images.npz", input=np.repeat(images[:, None], 8, axis=1), labels=labels)
    return place


def pictures(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gray images ``(B, 1, 12, 12)`` of a bright bar in one of four places, and which it is."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 4
    images = rng.uniform(0.0, 0.2, (count, 1, 12, 12)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        image[0, 3 * label : 3 * label + 3] += rng.uniform(0.5, 0.8)
    return images, labels


def trained(place: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Train the network as the tutorial does, and save its state dict."""
    sys.path.insert(0, str(place))
    try:
        from net import Net  # pyright: ignore[reportMissingImports]
    finally:
        sys.path.remove(str(place))
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
    for _ in range(40):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(torch.from_numpy(images)), torch.from_numpy(labels)).backward()
        optimizer.step()
    torch.save(net.state_dict(), place / "weights.pt")


SOURCE = ("weights.pt", "--module", "net:Net", "--input-shape", "1,12,12")


def test_export_without_options_warns_of_the_range_of_the_input_alone(folder: Path) -> None:
    done = shell(folder, "export", *SOURCE, "--target", "c")
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(warnings) == 1, done.stderr
    assert warnings[0].startswith("warning[input-range-assumed] input: ")
    assert "any values from 0 to 1" in warnings[0]
    assert (folder / "weights.c" / "target" / "model.c").exists()


def test_check_with_labels_agrees_and_prints_the_accuracy_of_every_rung(folder: Path) -> None:
    done = shell(folder, "check", *SOURCE[:-1], "1x12x12", "--target", "c", "--input", "images.npz", "--batch")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("warning[input-range-assumed]")
    assert done.stdout.count("warning[") == 1
    assert "verdict: agree" in done.stdout
    accuracies = [line.split() for line in done.stdout.splitlines() if " accuracy " in line]
    assert [words[0] for words in accuracies] == ["source", "network", "program", "c"]
    assert all(float(words[2]) == 100 for words in accuracies), accuracies
