"""The user's own network: built by a factory, read as a chain of layers, and refused where it is none."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from norse.torch import LIFBoxCell
from torch import nn

import neurodeploy as nd
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.frontends.torch_module import module_network
from neurodeploy.network import InputRange
from neurodeploy.parity.float_rung import float_rung
from tests.cli.support import call, refused

FACTORIES = """
import torch
from norse.torch import IAFCell, LIFBoxCell, LIFCell, SequentialState
from torch import nn

print("imported")

def rich():
    torch.manual_seed(0)
    conv = nn.Conv2d(4, 6, 3, padding="same", bias=False)
    block = SequentialState(conv, nn.BatchNorm2d(6), nn.Dropout2d(), IAFCell())
    return SequentialState(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), LIFBoxCell(), nn.MaxPool2d(2), block,
        nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(24, 8), nn.BatchNorm1d(8), LIFCell(), nn.Identity(),
        nn.Linear(8, 3), LIFBoxCell(),
    )

def recurrent(): return nn.Sequential(nn.Linear(3, 4), nn.LSTM(4, 4), LIFBoxCell())
def relu(): return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), LIFBoxCell())
def pooled_values(): return nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(2), IAFCell())
def free(): return Free()
def needs(width): return nn.Sequential(nn.Linear(3, width))
def falls(): raise ValueError("no weights today")
def leaves(): raise SystemExit(3)
def number(): return 7
def slow(): return nn.Sequential(nn.Linear(3, 4), LIFBoxCell(dt=0.002))
def small(): return nn.Sequential(nn.Linear(3, 4), IAFCell())

class Free(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)
    def forward(self, x):
        return torch.tanh(self.fc(x))
"""


@pytest.fixture(autouse=True)
def factories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("nets.py").write_text(FACTORIES)
    Path("wrong.py").write_text("def net(:\n")
    yield
    sys.modules.pop("nets", None)


def trained() -> nn.Module:
    """The rich network after some steps, so that its statistics are not the initial ones."""
    import nets  # type: ignore[import-not-found]

    module = nets.rich()
    module.train()
    with torch.no_grad():
        state = None
        for frame in (torch.rand(6, 16, 2, 8, 8, generator=torch.Generator().manual_seed(1)) < 0.4).float():
            _, state = module(frame, state)
        for each in module.modules():
            if isinstance(each, nn.BatchNorm2d | nn.BatchNorm1d):
                each.weight *= 8
            if isinstance(each, nn.Linear):
                each.weight *= 8
    return module.eval()


OWN = ("--module", "nets:rich", "--input-shape", "2,8,8")


def test_a_rich_chain_agrees_with_itself() -> None:
    torch.save(trained().state_dict(), "rich.pt")
    frames = (np.random.default_rng(0).random((3, 40, 2, 8, 8)) < 0.4).astype(np.float32)
    np.savez("s.npz", input=frames)
    more = ("--input", "s.npz", "--batch", "--target", "fixed", "--budget", "0", "--json")
    report = call("check", "rich.pt", *OWN, *more)
    assert report.code == 0, report.err
    rung = report.data["rungs"][0]
    assert (rung["from"], rung["to"], rung["verdict"]) == ("source", "network", "agree")
    assert rung["nodes"].keys() == {"2", "3", "4.3", "10", "13"}
    for node in rung["nodes"].values():
        assert node["expected_spikes"] > 0
        assert node["mismatches"] == 0


def test_a_rich_chain_exports_and_runs_on_every_rung() -> None:
    torch.save({"state_dict": trained().state_dict()}, "rich.pt")
    assert call("export", "rich.pt", *OWN, "--target", "fixed", "-q").code == 0
    assert sorted(each.name for each in Path().glob("rich*")) == ["rich.fixed", "rich.pt"]
    for rung in ("source", "network", "program", "fixed"):
        result = call("run", "rich.pt", *OWN, "--on", rung, "--json")
        assert result.code == 0
        assert result.data["nodes"].keys() == {"input", "2", "3", "4.3", "10", "13"}


def test_from_python() -> None:
    import nets  # type: ignore[import-not-found]

    torch.save(nets.slow().state_dict(), "w.pt")
    network = nd.load("w.pt", module="nets:slow", input_shape=(3,), input_range=InputRange(0, 2, 0.5), dt=0.002)
    assert network.input_range("input") == InputRange(0, 2, 0.5)
    assert network.contract.defaults.dt == 0.002
    assert network.shapes["1"] == (4,)
    with pytest.raises(RefusedError, match=r"node 1: its dt is 0.002, the network's 0.001\n.*--dt"):
        nd.load("w.pt", module="nets:slow", input_shape=(3,))


def test_a_live_module() -> None:
    import nets  # type: ignore[import-not-found]

    module = nets.rich().train()
    network = nd.load(module, input_shape=(2, 8, 8))
    assert module.training
    assert network.populations == ("2", "3", "4.3", "10", "13")
    with pytest.raises(InputError, match="the module: the shape of its input is not known"):
        nd.load(module)
    with pytest.raises(InputError, match="source: a int is neither a file nor a module"):
        nd.load(7, input_shape=(3,))


BAD = {
    "no package": ("nowhere:net", "cannot build the network: ModuleNotFoundError: No module named 'nowhere'"),
    "no function": ("nets:nothing", "cannot build the network: AttributeError"),
    "no colon": ("nets", "'nets' is not package.module:factory"),
    "no syntax": ("wrong:net", "cannot build the network: SyntaxError"),
    "arguments": ("nets:needs", "cannot build the network: TypeError"),
    "raises": ("nets:falls", "cannot build the network: ValueError: no weights today"),
    "leaves": ("nets:leaves", "cannot build the network: SystemExit: 3"),
    "no module": ("nets:number", "--module nets:number: returned a int, not a module"),
    "unknown layer": ("nets:recurrent", "layer 1: LSTM(4, 4) has no exact form here"),
    "another unknown layer": ("nets:relu", "layer 1: ReLU() has no exact form here"),
    "own code": ("nets:free", "tanh of what layers send has no exact form here"),
    "other weights": ("nets:rich", "w.pt: its weights do not fit the network"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name: str) -> None:
    factory, what = BAD[name]
    state: object = nn.Linear(3, 4).state_dict()
    if name in ("unknown layer", "another unknown layer", "own code"):
        import nets  # type: ignore[import-not-found]

        state = getattr(nets, factory.partition(":")[2])().state_dict()
    torch.save(state, "w.pt")
    told = refused("export", "w.pt", "--target", "fixed", "--module", factory, "--input-shape", "3", "-o", "out")
    assert what in told
    assert "remedy: " in told
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ((), "w.pt: the shape of its input is not known"),
        (("--input-shape", "3.5"), "--input-shape: '3.5' is no shape"),
        (("--input-shape", "0"), "--input-shape: '0' is no shape"),
        (("--input-shape", "-3"), "--input-shape: '-3' is no shape"),
        (("--input-shape", "a,b"), "--input-shape: 'a,b' is no shape"),
        (("--input-shape", "5"), "layer 0: its forward pass fails on one step: mat1 and mat2"),
        (("--input-shape", "3", "--input-range", "0"), "--input-range: '0' is no list of 2 or 3 numbers"),
        (("--input-shape", "3", "--input-range", "1,0"), "no range from 1.0 to 0.0"),
        (("--input-shape", "3", "--input-range", "0,1,0"), "no grid of step 0.0"),
        (("--input-shape", "3", "--input-range", "0,nan"), "--input-range: '0,nan'"),
        (("--input-shape", "3", "--dt", "0"), "dt cannot be 0.0"),
        (("--input-shape", "3", "--dt", "nan"), "dt cannot be nan"),
        (("--input-shape", "3", "--profile", "nir,dt=1"), "--profile: a PyTorch source says itself"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_options_that_do_not_fit(options: tuple[str, ...], what: str) -> None:
    import nets  # type: ignore[import-not-found]

    torch.save(nets.small().state_dict(), "w.pt")
    assert what in refused("inspect", "w.pt", "--module", "nets:small", *options)


def test_a_checkpoint_takes_no_description_of_its_own_network() -> None:
    Path("d.pt").touch()
    assert "--input-shape: a checkpoint says itself" in refused("inspect", "d.pt", "--input-shape", "3")


def test_max_pooling_of_values_is_refused() -> None:
    import nets  # type: ignore[import-not-found]

    with pytest.raises(RefusedError, match="max pooling of what 0 sends is exact only for spikes"):
        module_network(nets.pooled_values(), (2, 6, 6), InputRange(), 1e-3)


class Own(nn.Module):
    """A dense layer, a neuron, and something in between."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif, self.back = nn.Linear(3, 3), LIFBoxCell(), nn.Linear(3, 3)

    def forward(self, x, state=None):
        return self.lif(self.between(self.fc(x), x), state)

    def between(self, y, x):
        return y


class Doubled(Own):
    def between(self, y, x):
        return 2 * y - x / 4 + -x


class Added(Own):
    def between(self, y, x):
        y += x
        return sum([y, self.back(x), y])


class Unused(Own):
    def between(self, y, x):
        self.back(y)
        return y


class Asking(Own):
    def between(self, y, x):
        assert y.shape[-1] == 3
        return y + torch.zeros_like(y).shape[0] * 0


EDGES = {
    Own: {"input fc", "fc lif", "lif output"},
    Doubled: {
        *("input fc", "fc scale", "input scale_2", "scale_2 scale_3", "input scale_4", "lif output"),
        *("scale lif", "scale_3 lif", "scale_4 lif"),
    },
    Added: {
        *("input fc", "input back", "fc fc_times_2", "input input_times_2", "lif output"),
        *("fc_times_2 lif", "input_times_2 lif", "back lif"),
    },
    Unused: {"input fc", "fc lif", "lif output"},
    Asking: {"input fc", "fc lif", "lif output"},
}


@pytest.mark.parametrize("kind", EDGES)
def test_a_forward_pass_of_its_own_is_read_as_it_runs(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    network = module_network(kind(), (3,), InputRange(), 1e-3)
    assert {" ".join(edge) for edge in network.graph.edges} == EDGES[kind]
    stimulus = {"input": np.random.default_rng(0).random((2, 50, 3)).astype(np.float32) * 3}
    assert float_rung(network, stimulus, network.source.run(stimulus), ["lif"]).verdict == "agree"


class Falling(Own):
    def between(self, y, x):
        raise ValueError("not like this")


class Rectified(Own):
    def between(self, y, x):
        return torch.relu(y)


class Multiplied(Own):
    def between(self, y, x):
        return y * x


class Shifted(Own):
    def between(self, y, x):
        return y + 1


class Functional(Own):
    def between(self, y, x):
        return torch.nn.functional.linear(y, self.back.weight)


class Turned(Own):
    def between(self, y, x):
        return y.flip(-1)


class Part(Own):
    def between(self, y, x):
        return torch.cat([y[:, 1:], y[:, :1]], 1)


class Choosing(Own):
    def between(self, y, x):
        return y if y.sum() > 0 else x


class Looking(Own):
    def between(self, y, x):
        return y if y[0, 0] > 0 else x


class Membrane(Own):
    def forward(self, x, state=None):
        z, state = self.lif(self.fc(x), state)
        return z + state.v, state


class Twice(Own):
    def forward(self, x, state=None):
        z, state = self.lif(self.fc(x), state)
        return self.lif(self.back(z), state)


class Written(Own):
    def between(self, y, x):
        y[:, 0] = 0
        return y


class Aliased(Own):
    def between(self, y, x):
        view = y.view(-1, 3)
        view += x
        return y


class Remembered(Own):
    def forward(self, x, state=None):
        z, state = self.lif(self.fc(x), state)
        membrane = state.v
        membrane += 1
        return z, state


class Hidden(Own):
    def between(self, y, x):
        return torch.from_numpy(y.detach().numpy() + 1)


class Nothing(Own):
    def forward(self, x, state=None):
        return None, self.lif(self.fc(x), state)[1]


class Needing(Own):
    def forward(self, x, state):
        return self.lif(self.fc(x), state)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (Falling, "its forward pass fails on one step: not like this"),
        (Rectified, "relu of what layers send has no exact form here"),
        (Multiplied, "mul of what layers send has no exact form here"),
        (Shifted, "add of what layers send has no exact form here"),
        (Functional, "linear of what layers send has no exact form here\n.*use torch.nn's layer"),
        (Turned, "flip of what layers send has no exact form here"),
        (Part, "__getitem__ takes the values of a step apart"),
        (Choosing, "sum of what layers send has no exact form here"),
        (Looking, "__getitem__ takes the values of a step apart"),
        (Membrane, "module: add reads the state of layer lif"),
        (Twice, "layer lif: is called more than once in a step"),
        (Written, "__setitem__ changes values in place that others see"),
        (Aliased, "add_ changes values in place that others see"),
        (Remembered, "layer lif: is given another state than it returned in the step before"),
        (Hidden, "its flow depends on values \\(numpy\\)"),
        (Nothing, "module: "),
        (Needing, "missing 1 required positional argument: 'state'\n.*state=None"),
    ],
)
def test_a_forward_that_has_no_exact_form_is_refused_by_name(kind: type[nn.Module], what: str) -> None:
    with pytest.raises(RefusedError, match=what):
        module_network(kind(), (3,), InputRange(), 1e-3)
