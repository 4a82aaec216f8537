"""A batch-normalized SpikingJelly network whose thresholds and time constants were learned, down to firmware."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from neurodeploy.targets.c.runner import available as compiler
from neurodeploy.targets.cortex_m.runner import available as emulator
from spikingjelly.activation_based import layer, neuron
from torch import nn

import neurodeploy as nd
from tests.cli.support import process
from tests.targets.build_systems import arduino, find, platformio, told

SHOWN = {"input": (np.random.default_rng(0).random((3, 30, 2, 8, 8)) < 0.3).astype(np.float32)}
USE = """\
#include "model.h"
static model_context context;
static uint8_t given[MODEL_INPUT_SIZE];
int main() { model_reset(&context); model_step(&context, given, sent); return 0; }
"""


class Threshold(neuron.LIFNode):
    """A threshold that is learned, with a soft reset."""

    def __init__(self, value: float) -> None:
        super().__init__(2.0, v_reset=None)
        del self.v_threshold
        self.v_threshold = nn.Parameter(torch.as_tensor(value))


class TimeConstant(neuron.LIFNode):
    """A time constant that is learned."""

    def __init__(self, value: float) -> None:
        super().__init__()
        del self.tau
        self.tau = nn.Parameter(torch.as_tensor(value))


class PerChannel(neuron.ParametricLIFNode):
    """A decay that is learned for every channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.linspace(-1.0, 1.0, channels).reshape(channels, 1, 1))


def trained() -> nn.Module:
    """As training leaves it: statistics of batches, gains and offsets, and weights of any size."""
    torch.manual_seed(0)
    net = nn.Sequential(
        layer.Conv2d(2, 4, 3, bias=False), layer.BatchNorm2d(4), Threshold(0.7), layer.MaxPool2d(2),
        layer.Conv2d(4, 6, 3, padding=1), layer.BatchNorm2d(6), PerChannel(6),
        layer.Flatten(), layer.Linear(54, 5), TimeConstant(2.5),
    )  # fmt: skip
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, 0.0, 0.2)
            nn.init.uniform_(part.running_var, 0.2, 0.6)
            nn.init.uniform_(part.weight, 0.8, 1.6)
            nn.init.normal_(part.bias, 0.2, 0.2)
        elif isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.normal_(part.weight, 0.1, 0.4)
    return net.eval()


@pytest.fixture(scope="module")
def network() -> nd.Network:
    return nd.load(trained(), input_shape=(2, 8, 8))


@pytest.mark.skipif(compiler() is not None or emulator() is not None, reason=f"{compiler()}; {emulator()}")
def test_it_agrees_by_default_from_the_module_to_c_and_to_a_microcontroller(network: nd.Network) -> None:
    report = nd.check(network, SHOWN, targets=["c", "cortex-m"])
    assert report.verdict == "agree", report
    assert [rung.target for rung in report.rungs] == ["network", "program", "c", "cortex-m"]
    for rung in report.rungs:
        assert rung.verdict == "agree"
        assert all(node.expected_spikes for name, node in rung.nodes.items() if name in ("2", "6", "9"))


def using(target: Path) -> str:
    """A program in C++ that runs a step of the firmware."""
    header = (target / "model.h").read_text()
    sent = re.search(r"void model_step\(model_context \*\w+, const (\w+) \*\w+, (\w+) \*\w+\)", header)
    assert sent is not None
    use = USE.replace("int main", f"static {sent[2]} sent[MODEL_OUTPUT_SIZE];\nint main")
    return use.replace("uint8_t", sent[1])


TOOLS = ("gcc", "g++", "make", "cmake", "arm-none-eabi-gcc", "arm-none-eabi-g++")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (Debian has them)")
def test_its_firmware_builds_as_c_and_cplusplus_by_make_and_cmake(network: nd.Network, tmp_path: Path) -> None:
    def tool(*words: str) -> None:
        done = subprocess.run(words, cwd=target, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    target = nd.export(network, "c", tmp_path / "c", {"layout": "cmake"}).path / "target"
    (target / "use.cpp").write_text(using(target), encoding="ascii")
    arm = ("-mcpu=cortex-m4", "-mthumb", "-O2", "-Wall", "-Wextra", "-Werror", "-c")
    tool("make", "-s")
    tool("cmake", "-B", "build")
    tool("cmake", "--build", "build")
    tool("arm-none-eabi-gcc", "-std=c99", *arm, "model.c")
    tool("arm-none-eabi-g++", "-std=c++11", *arm, "use.cpp")
    firmware = nd.export(network, "cortex-m", tmp_path / "m").path / "target"
    target = firmware
    tool("make", "-s", "firmware.elf")


@pytest.mark.skipif(
    bool(MISSING) or None in map(find, ("pio", "arduino-builder")),
    reason="not installed: pio (pip install platformio scons) and arduino-builder (Debian has it), with a compiler",
)
def test_its_firmware_builds_by_platformio_and_by_arduinos_builder(network: nd.Network, tmp_path: Path) -> None:
    for folder in ("platformio", "arduino"):
        (tmp_path / folder).mkdir()
    target = nd.export(network, "c", tmp_path / "p", {"layout": "platformio"}).path / "target"
    program = platformio(tmp_path / "platformio", target, using(target))
    told(str(program), folder=tmp_path)
    target = nd.export(network, "c", tmp_path / "a", {"layout": "arduino"}).path / "target"
    sketch = using(target).replace("int main()", "void setup()").replace("return 0;", "std::exit(0);")
    program = arduino(tmp_path / "arduino", target / "arduino", f"#include <cstdlib>\n{sketch}\nvoid loop() {{}}\n")
    told(str(program), folder=tmp_path)


def test_the_shell_hears_nothing_of_what_its_libraries_lack(tmp_path: Path) -> None:
    text = "from spikingjelly.activation_based import neuron\nfrom torch import nn\n\n\n"
    (tmp_path / "net.py").write_text(
        text + "def make():\n    return nn.Sequential(nn.Linear(4, 3), neuron.LIFNode(2.0))\n"
    )
    net = nn.Sequential(nn.Linear(4, 3), neuron.LIFNode(2.0))
    torch.save(net.state_dict(), tmp_path / "net.pt")
    done = process(
        "lint", "net.pt", "--module", "net:make", "--input-shape", "4", "--input-range", "0,1,1", cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
