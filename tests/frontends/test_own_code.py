"""Code of one's own: what it does between steps, with states and around layers is read, or refused by name."""

import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import snntorch as snn
import torch
from norse.torch import LIFBoxCell
from spikingjelly.activation_based import neuron
from torch import nn
from torch.nn import functional as F

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.torch_module import module_network
from neurodeploy.network import InputRange
from tests.cli.support import call, refused
from tests.frontends.live import agrees, read, weights


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 4), neuron.IFNode())


class BatchFirst(nn.Module):
    """A loop over the steps of ``(B, T, N)``."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(6, 9), snn.Leaky(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        membrane, sent = self.lif.reset_mem(), []
        for t in range(x.shape[1]):
            spikes, membrane = self.lif(self.fc(x[:, t]), membrane)
            sent.append(spikes)
        return torch.stack(sent, 1)


class BothStates(nn.Module):
    """All that it returns is a state of the next step, the spikes too."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(6, 9), snn.RLeaky(0.5, linear_features=9)

    def forward(self, x, spikes=None, membrane=None, quick=False):
        if spikes is None:
            spikes, membrane = self.lif.reset_mem()
        return self.lif(self.fc(x), spikes, membrane)


@pytest.mark.parametrize("kind", [BatchFirst, BothStates])
def test_forms_of_steps_and_states(kind: type[nn.Module]) -> None:
    agrees(weights(kind(), size=0.6), (6,))


class PoolsByFunction(nn.Module):
    """Poolings as functions, of what a convolution and what neurons send."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.fc = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 2), nn.Linear(4, 6)
        self.lif1, self.lif2, self.lif3 = (snn.Leaky(0.5) for _ in range(3))

    def step(self, x: torch.Tensor, states: Any) -> Any:
        spikes1, state1 = self.lif1(self.first(x), states[0])
        spikes2, state2 = self.lif2(self.conv2(F.max_pool2d(spikes1, kernel_size=2)), states[1])
        drive = self.fc(F.adaptive_avg_pool2d(F.avg_pool2d(spikes2, 1, stride=(1, 1)), 1).flatten(1))
        spikes3, state3 = self.lif3(drive, states[2])
        return spikes3, (state1, state2, state3)

    def first(self, x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(self.conv1(x), 2, 2)

    def forward(self, x: torch.Tensor, states: Any = None) -> Any:
        return self.step(x, states or tuple(lif.reset_mem() for lif in (self.lif1, self.lif2, self.lif3)))


class TutorialOfImages(PoolsByFunction):
    """The loop over the steps of a still image that snnTorch's tutorials have."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, sent = tuple(lif.reset_mem() for lif in (self.lif1, self.lif2, self.lif3)), []
        for _ in range(4):
            spikes, states = self.step(x, states)
            sent.append(spikes)
        return torch.stack(sent)


class PooledBefore(TutorialOfImages):
    def first(self, x: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(self.conv1(x), 2)


def test_poolings_by_function_are_those_of_layers() -> None:
    network = agrees(weights(PoolsByFunction(), size=1.2), (1, 10, 10))
    still = read(weights(TutorialOfImages(), size=0.8), (1, 10, 10))
    assert [type(node) for node in still.nodes.values()] == [type(node) for node in network.nodes.values()]
    with pytest.raises(RefusedError, match="exact only for spikes") as refusal:
        read(weights(PooledBefore()), (1, 10, 10))
    assert refusal.value.remedy == "pool behind the neuron, or use average pooling"


@pytest.mark.filterwarnings("ignore")
def test_a_compiled_module_is_read_as_it_was_written() -> None:
    assert module_network(torch.compile(small(), backend="eager"), (6,), InputRange(), 1e-3).populations == ("1",)


class Swapped(nn.Module):
    """Each of two neurons is given the state of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.a, self.b = nn.Linear(6, 6), LIFBoxCell(), LIFBoxCell()

    def forward(self, x, state=None):
        state = (None, None) if state is None else state
        z, a = self.a(5 * self.fc(x), state[1])
        z, b = self.b(9 * z, state[0])
        return z, (a, b)


class Counting(nn.Module):
    """Its drive grows from step to step."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.steps = small(), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.steps += 1
        return self.net[1](self.net[0](x) * self.steps)


class Remembering(nn.Module):
    """Adds what its last spikes bring, from the second step on."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.back, self.n, self.z = nn.Linear(6, 4), nn.Linear(4, 4), neuron.IFNode(), None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(x)
        self.z = self.n(y if self.z is None else y + self.back(self.z))
        return self.z


class Looping(Remembering):
    """The same in a loop over all steps."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim < 3:
            raise ValueError("give all steps")
        self.z, made = None, []
        for frame in x:
            made.append(super().forward(frame))
        return torch.stack(made)


def hooked() -> nn.Module:
    module = small()
    module[0].register_forward_hook(lambda _, __, sent: 2 * sent)
    return module


def replaced() -> nn.Module:
    module = small()
    module[0].forward = lambda x: torch.tanh(x[..., :4])
    return module


def dropping() -> nn.Module:
    module = nn.Sequential(nn.Linear(6, 4), nn.Dropout(0.5), neuron.IFNode())
    module[1].train = lambda mode=True: module[1]  # type: ignore[method-assign]
    return module


def rounded() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(small(), {nn.Linear}, dtype=torch.qint8)


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(nn.Sequential(nn.Linear(6, 4)))


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "swapped states": (Swapped, "layer a: is given another state than it returned in the step before"),
    "another scale in each step": (Counting, "module: its second step does something else than its first"),
    "own recurrence": (Remembering, "layer back: receives what no known layer sends"),
    "own recurrence in a loop": (Looping, "module: its second step does something else than its first"),
    "hook": (hooked, "layer 0: a forward hook changes what it sends"),
    "forward pass replaced": (replaced, "layer 0: (__getitem__|tanh)"),
    "dropout": (dropping, "layer 1: its dropout drops values when it evaluates"),
    "float64": (lambda: small().double(), r"its weights are torch.float64, and its input float32\n.*module.float\(\)"),
    "quantized": (rounded, "layer 0: DynamicQuantizedLinear.* has no exact form here"),
    "TorchScript": (scripted, "module: a TorchScript module does not show what its layers do"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_seen_in_one_step_is_refused_by_name(name: str) -> None:
    make, what = REFUSED[name]
    torch.manual_seed(0)
    with pytest.raises(RefusedError, match=what):
        module_network(make(), (6,), InputRange(), 1e-3)


FACTORIES = """
import sys
import torch
from spikingjelly.activation_based import neuron
from torch import nn

class Leaving(nn.Module):
    def __init__(self, step):
        super().__init__()
        self.net, self.step, self.steps = nn.Sequential(nn.Linear(6, 4), neuron.IFNode()), step, 0
    def forward(self, x):
        self.steps += 1
        if self.steps == self.step:
            sys.exit(7)
        return self.net(x)

def leaving(): return Leaving(1)
def leaving_late(): return Leaving(5)
def several_lines(): raise ValueError("first\\nsecond")
def nowhere():
    with torch.device("meta"):
        return nn.Sequential(nn.Linear(6, 4), neuron.IFNode())
def quantized():
    made = nn.Sequential(nn.Linear(6, 4), neuron.IFNode())
    return torch.ao.quantization.quantize_dynamic(made, {nn.Linear}, dtype=torch.qint8)
"""


@pytest.fixture
def factories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("owncode.py").write_text(FACTORIES)
    torch.save({f"net.{key}": value for key, value in small().state_dict().items()}, "w.pt")
    torch.save(small().state_dict(), "plain.pt")
    yield
    sys.modules.pop("owncode", None)


@pytest.mark.usefixtures("factories")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("factory", "file", "what"),
    [
        ("leaving", "w.pt", "module: its forward pass fails on one step: SystemExit 7"),
        ("several_lines", "w.pt", "cannot build the network: ValueError: first\n  remedy"),
        ("nowhere", "plain.pt", "plain.pt: its weights are on the device meta, without values"),
        ("quantized", "plain.pt", "plain.pt: its weights do not fit the network"),
    ],
)
def test_each_gives_one_error_and_writes_nothing(factory: str, file: str, what: str) -> None:
    before = sorted(Path().iterdir())
    told = refused("convert", file, "--module", f"owncode:{factory}", "--input-shape", "6", "-o", "net.nir")
    assert what in told
    assert "remedy: " in told
    assert sorted(each for each in Path().iterdir() if each.name != "__pycache__") == before


@pytest.mark.usefixtures("factories")
def test_a_module_that_fails_in_a_later_step_is_told_of_where_it_runs() -> None:
    own = ("--module", "owncode:leaving_late", "--input-shape", "6")
    assert call("convert", "w.pt", *own, "-o", "net.nir").code == 0
    assert "its forward pass fails after some steps: SystemExit 7" in refused("run", "w.pt", *own, "--on", "source")
