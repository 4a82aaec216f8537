"""What the commands of the documentation find in their working folder: small networks under the names used there."""

import importlib
import json
import shutil
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nir
import norse.torch
import numpy as np
import torch
from torch import nn

from neurodeploy.frontends.checkpoint import save_checkpoint
from neurodeploy.model import ReferenceModel
from neurodeploy.stimulus import Stimulus
from tests.events import encoders
from tests.events.support import random_events

PLUGINS = Path(__file__).parents[1] / "plugins"
PRESET = {"input": {"shape": [1, 2, 2], "low": 0.0, "high": 1.0, "dt": 1e-3, "grid": 1.0}}


def build(_config: Mapping[str, Any]) -> nn.Module:
    """Four inputs, six neurons, three neurons; dyadic weights, so that nothing is lost."""
    rng = np.random.default_rng(2)
    first, second = nn.Linear(4, 6, bias=False), nn.Linear(6, 3, bias=False)
    for layer in (first, second):
        weights = rng.integers(2, 9, tuple(layer.weight.shape)) / 8
        layer.weight = nn.Parameter(torch.tensor(weights, dtype=torch.float32))
    return nn.Sequential(nn.Flatten(), first, norse.torch.IAFCell(), second, norse.torch.IAFCell()).eval()


def stimulus(_config: Mapping[str, Any], steps: int | None, samples: int | None, seed: int) -> Stimulus:
    """A binary signal."""
    noise = np.random.default_rng(seed).random((samples or 2, steps or 12, 1, 2, 2)) < 0.5
    return Stimulus({"input": noise.astype(np.float32)})


TINY = ReferenceModel("tiny", "a network for the documentation", {"only": PRESET}, build, stimulus)
ENTRY_POINTS = "[neurodeploy.models]\ntiny = tests.packaging.workplace:TINY\n"
MODULE = '''
from torch import nn
import norse.torch

def factory():
    """A network of the user's own."""
    convolution = nn.Conv2d(2, 2, 16, stride=16), norse.torch.IAFCell()
    return nn.Sequential(*convolution, nn.Flatten(), nn.Linear(32, 3), norse.torch.IAFCell())
'''


def register(site: Path) -> None:
    """Metadata of a package that brings the tiny network."""
    about = site / "documentation-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: documentation\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)


def model(folder: Path) -> None:
    save_checkpoint(TINY, PRESET, build(PRESET), folder / "model.pt")


def stimuli(folder: Path) -> None:
    np.savez(folder / "stimulus.npz", input=stimulus(PRESET, None, 1, 0)["input"][0])
    shown = stimulus(PRESET, None, 20, 1)["input"]
    np.savez(folder / "labelled.npz", input=shown, labels=(shown[:, :, 0, 0].sum((1, 2)) > 12).astype(int))
    np.savetxt(
        folder / "stimulus.csv", stimulus(PRESET, None, 1, 0)["input"][0].reshape(12, -1), fmt="%.17g", delimiter=","
    )


def file_without_contract(folder: Path) -> None:
    """As snnTorch writes it: float32, every r is tau / 1e-4 s."""
    tau = np.full(2, 1e-3, np.float32)
    zeros, ones = np.zeros(2, np.float32), np.ones(2, np.float32)
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "fc1": nir.Linear(np.array([[0.5, 0.25], [1.0, -0.5]], np.float32)),
        "lif1": nir.LIF(tau, tau / np.float32(1e-4), zeros, ones, zeros),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "fc1"), ("fc1", "lif1"), ("lif1", "output")]
    nir.write(folder / "theirs.nir", nir.NIRGraph(nodes, edges, type_check=False))
    contract = {"defaults": {"dt": 1e-4, "reset": "subtract"}, "overrides": {"lif1": {"fires_at": ">="}}}
    (folder / "contract.json").write_text(json.dumps(contract))


def module(folder: Path) -> None:
    """The user's package, and the state dict of its network."""
    (folder / "package").mkdir()
    (folder / "package/__init__.py").touch()
    (folder / "package/module.py").write_text(MODULE)
    torch.manual_seed(0)
    space: dict[str, Any] = {}
    exec(MODULE, space)
    torch.save(space["factory"]().state_dict(), folder / "weights.pt")


def signal(features: int) -> Callable[[Path], None]:
    """Waves, one column each."""

    def write(folder: Path) -> None:
        time = np.arange(60)[:, None] / 9
        rows = np.sin(time * (1 + np.arange(features))) + 1.5
        header = ",".join(f"signal{number}" for number in range(features))
        np.savetxt(folder / "signal.csv", rows, delimiter=",", header=header, comments="")

    return write


def chip(folder: Path) -> None:
    """The package of the page on bringing a chip."""
    shutil.copytree(PLUGINS / "minichip", folder / "minichip")


def install(package: Path) -> None:
    """What ``pip install`` does for a pure package of one module, beside the tiny network; its code is read anew."""
    about = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    site = package.parent.parent / "site"
    shutil.copytree(package / "src", site, dirs_exist_ok=True)
    metadata = site / f"{about['name']}-{about['version']}.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n")
    groups = about["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    sys.modules.pop(about["name"], None)
    importlib.invalidate_caches()


def recording(folder: Path) -> None:
    from neurodeploy.events import Sensor

    events = random_events(3, 400, Sensor(2, 2), 100_000)
    (folder / "recording.aedat4").write_bytes(encoders.aedat4(events, 2, 2))
