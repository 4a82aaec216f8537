"""A checkpoint gives the same network however its state dict is wrapped."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import snntorch as snn
import torch
from safetensors.torch import save_file
from torch import nn
from torch.torch_version import TorchVersion

from neurodeploy.errors import InputError
from neurodeploy.flow.loading import load
from neurodeploy.frontends.user_module import load_user_module
from neurodeploy.network import InputRange, Network
from neurodeploy.network.file import write_network

State = dict[str, torch.Tensor]


def build() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), snn.Leaky(0.9, init_hidden=True))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "wrapped_net.py").write_text("from tests.frontends.test_state_dict import build\n")
    torch.manual_seed(3)
    return build().state_dict()


def under(prefix: str, state: State) -> State:
    return {f"{prefix}{name}": value for name, value in state.items()}


def weight_of(network: Network) -> Any:
    return network.nodes["0"].weight


def digest_of(network: Network) -> str:
    """Of everything that the network is, as it is written."""
    write_network(network, Path("network.nir"))
    return hashlib.sha256(Path("network.nir").read_bytes()).hexdigest()


WRAPPERS: dict[str, Callable[[State], Any]] = {
    "plain": lambda state: state,
    "state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "model_state_dict": lambda state: {"model_state_dict": state, "optimizer_state_dict": {"state": {}}},
    "model": lambda state: {"model": state, "epoch": 3},
    "net": lambda state: {"net": state},
    "DataParallel": lambda state: under("module.", state),
    "compiled": lambda state: under("_orig_mod.", state),
    "Lightning": lambda state: {
        "state_dict": {**under("net.", state), "loss.weight": torch.ones(2)},
        "hyper": {"lr": 1},
    },
    "TorchVersion": lambda state: {"state_dict": state, "version": TorchVersion("2.0")},
    "membranes": lambda state: {**state, "1.mem": torch.zeros(128, 3)},
    "profiler": lambda state: {**state, "total_ops": torch.zeros(1), "0.total_params": torch.zeros(1)},
    "another network beside it": lambda state: {"model": state, "teacher": {"0.weight": torch.ones(2, 2)}},
    "an average beside it": lambda state: {"state_dict": state, "ema": {k: v + 1 for k, v in state.items()}},
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrapped_weights_are_the_plain_ones(wrapper: str, state: State) -> None:
    path = Path("weights.pt")
    torch.save(state, path)
    plain = digest_of(load_user_module(path, "wrapped_net:build", (4,), 1e-3, InputRange()))
    torch.save(WRAPPERS[wrapper](state), path)
    network = load_user_module(path, "wrapped_net:build", (4,), 1e-3, InputRange())
    assert digest_of(network) == plain
    np.testing.assert_array_equal(weight_of(network), state["0.weight"].double().numpy())


@pytest.mark.parametrize("suffix", [".ckpt", ".pth", ".pth.tar", ".bin", ".best"])
def test_any_suffix_will_do_beside_a_factory(suffix: str, state: State) -> None:
    torch.save({"state_dict": state}, f"weights{suffix}")
    network = load(f"weights{suffix}", module="wrapped_net:build", input_shape=(4,))
    np.testing.assert_array_equal(weight_of(network), state["0.weight"].double().numpy())


def test_safetensors_are_read(state: State) -> None:
    save_file(state, "weights.safetensors")
    network = load("weights.safetensors", module="wrapped_net:build", input_shape=(4,))
    np.testing.assert_array_equal(weight_of(network), state["0.weight"].double().numpy())
    Path("damaged.safetensors").write_bytes(b"no such thing")
    with pytest.raises(InputError, match="not a safetensors file"):
        load("damaged.safetensors", module="wrapped_net:build", input_shape=(4,))


def test_two_networks_that_both_fit_are_refused_and_one_alone_is_read(state: State) -> None:
    path = Path("weights.pt")
    torch.save({"student": state, "teacher": state}, path)
    with pytest.raises(InputError, match="'student', 'teacher'") as refusal:
        load_user_module(path, "wrapped_net:build", (4,), 1e-3, InputRange())
    assert refusal.value.remedy == "save one of them alone"
    torch.save({"student": state}, path)
    load_user_module(path, "wrapped_net:build", (4,), 1e-3, InputRange())


def test_weights_of_another_network_are_refused_with_what_does_not_fit(state: State) -> None:
    path = Path("weights.pt")
    torch.save({"state_dict": {"fc.weight": torch.ones(3, 4)}}, path)
    with pytest.raises(InputError, match=r"Missing key.*0\.weight"):
        load_user_module(path, "wrapped_net:build", (4,), 1e-3, InputRange())


@pytest.mark.filterwarnings("ignore")
def test_a_torchscript_file_names_what_to_save_instead(state: State) -> None:
    scripted: Any = torch.jit.trace(nn.Linear(4, 3), torch.rand(1, 4))
    scripted.save("script.pt")
    with pytest.raises(InputError, match="TorchScript") as refusal:
        load("script.pt", module="wrapped_net:build", input_shape=(4,))
    assert "state dict" in refusal.value.remedy
