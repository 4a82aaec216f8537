"""A user's own snnTorch network on the command line: exported, run, checked from its own module on, and refused."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from neurodeploy.frontends.frameworks import FRAMEWORKS, install
from tests.cli.support import call, refused

FACTORIES = '''
import snntorch as snn
import torch
from torch import nn

class Residual(nn.Module):
    """Spikes that go around a layer, and membranes passed by hand."""

    def __init__(self):
        super().__init__()
        self.conv1, self.lif1 = nn.Conv2d(2, 4, 3, padding=1), snn.Leaky(0.75, reset_mechanism="zero")
        self.conv2, self.lif2 = nn.Conv2d(4, 4, 3, padding=1), snn.Leaky(0.5)
        self.fc, self.lif3 = nn.Linear(4 * 36, 5), snn.Leaky(0.5, reset_mechanism="zero", reset_delay=False)

    def forward(self, x, mem1=None, mem2=None, mem3=None):
        first, mem1 = self.lif1(self.conv1(x), mem1)
        second, mem2 = self.lif2(self.conv2(first), mem2)
        out, mem3 = self.lif3(self.fc((first + second).flatten(1)), mem3)
        return out, mem1, mem2, mem3

def residual():
    torch.manual_seed(0)
    return Residual()

class Saturated(Residual):
    def forward(self, x, mem=None):
        return self.lif1(torch.clamp(self.conv1(x), 0, 1), mem)

saturated = Saturated
'''


@pytest.fixture(autouse=True)
def factories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("framework_nets.py").write_text(FACTORIES)
    yield
    sys.modules.pop("framework_nets", None)


def saved(name: str) -> tuple[str, ...]:
    """The arguments that name a seeded network, its weights in a file."""
    import framework_nets  # type: ignore[import-not-found]

    module = getattr(framework_nets, name)()
    with torch.no_grad():
        for each in module.modules():
            if isinstance(each, torch.nn.Conv2d | torch.nn.Linear):
                each.weight.mul_(3)
    torch.save(module.state_dict(), "w.pt")
    return "w.pt", "--module", f"framework_nets:{name}", "--input-shape", "2,6,6"


def test_a_residual_network_is_exported_and_checked_from_its_module_on() -> None:
    source = saved("residual")
    exported = call("export", *source, "--target", "fixed", "-q")
    assert exported.code == 0, exported.err
    assert Path("w.fixed/network.nir").is_file()
    np.savez("s.npz", input=(np.random.default_rng(0).random((2, 60, 2, 6, 6)) < 0.3).astype(np.float32))
    more = ("--input", "s.npz", "--batch", "--target", "fixed", "--budget", "0.5", "--json")
    report = call("check", *source, *more)
    assert report.code == 0, report.err
    rungs = [(each["from"], each["to"], each["verdict"]) for each in report.data["rungs"]]
    assert rungs == [("source", "network", "agree"), ("network", "program", "agree"), ("program", "fixed", "agree")]
    for node in report.data["rungs"][0]["nodes"].values():
        assert node["expected_spikes"] > 0
        assert node["mismatches"] == 0
    run = call("run", *source, "--input", "s.npz", "--batch", "--on", "source", "--json")
    assert run.data["nodes"].keys() == {"input", "lif1", "lif2", "lif3"}


@pytest.mark.parametrize(
    ("name", "more", "what"),
    [
        ("saturated", (), "module: clamp of what layers send has no exact form here"),
        ("residual", ("--input-shape", "3,6,6"), "layer conv1: its forward pass fails on one step"),
        ("residual", ("--input-shape", "2,5,5"), "layer fc: its forward pass fails on one step"),
    ],
)
def test_what_is_refused(name: str, more: tuple[str, ...], what: str) -> None:
    told = refused("export", *saved(name), *more, "--target", "fixed", "-o", "out")
    assert what in told
    assert "remedy: " in told
    assert not Path("out").exists()


@pytest.mark.parametrize("package", sorted(FRAMEWORKS.keys() - {"norse"}))
def test_a_missing_framework_is_named_with_its_command(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("needing.py").write_text(f"import {package}.layers\n")
    torch.save({}, "w.pt")
    monkeypatch.setitem(sys.modules, package, None)
    named = ("--module", "needing:net", "--input-shape", "3")
    told = refused("export", "w.pt", *named, "--target", "fixed", code=4)
    sys.modules.pop("needing", None)
    assert f"{FRAMEWORKS[package].name} is not installed, and it imports it" in told
    assert f"remedy: {install(FRAMEWORKS[package])}" in told


def test_another_missing_package_is_the_factorys_own_fault() -> None:
    Path("needing.py").write_text("import nothing_of_this_name\n")
    torch.save({}, "w.pt")
    told = refused("export", "w.pt", "--module", "needing:net", "--input-shape", "3", "--target", "fixed")
    sys.modules.pop("needing", None)
    assert "No module named 'nothing_of_this_name'" in told
