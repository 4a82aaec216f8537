"""Files that are no model, damaged, hostile or wrong: refused by name with what to do, nothing executed or written."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.network.file import write_network
from tests.cli.support import call, process, refused, small_network

NOISE = bytes(range(256)) * 8


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("digits") / "digits.pt"
    assert call("models", "build", "digits", "-o", path).code == 0
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("noise.pt", NOISE, "not a PyTorch file"),
        ("text.pt", b"these are no weights\n", "not a PyTorch file"),
        ("empty.pt", b"", "not a PyTorch file"),
        ("noise.nir", NOISE, "not a readable NIR file"),
        ("text.nir", b"this is no graph\n", "not a readable NIR file"),
        ("empty.nir", b"", "not a readable NIR file"),
        ("notes.txt", b"a text\n", ".txt is unknown"),
        ("model", b"a text\n", "no suffix is unknown"),
    ],
)
def test_what_is_no_model(name: str, content: bytes, what: str) -> None:
    Path(name).write_bytes(content)
    for verb in (("export", "--target", "fixed"), ("run",), ("check",), ("inspect",)):
        told = refused(verb[0], name, *verb[1:])
        assert told.startswith(f"neurodeploy: {name}: ")
        assert what in told
        assert "remedy: " in told
    assert [each.name for each in Path().iterdir()] == [name]


@pytest.mark.parametrize("name", ["missing.pt", "missing.nir", "missing.npz", "missing"])
def test_what_is_missing(name: str) -> None:
    assert f"{name}: there is no such file" in refused("inspect", name)


@pytest.mark.parametrize("name", ["folder.pt", "folder.nir", "folder"])
def test_a_folder(name: str) -> None:
    Path(name).mkdir()
    assert name in refused("inspect", name)


def test_a_truncated_checkpoint_at_any_point(checkpoint: bytes) -> None:
    cuts = [*range(0, 600, 97), *np.linspace(600, len(checkpoint) - 1, 25).astype(int).tolist()]
    for cut in cuts:
        Path("cut.pt").write_bytes(checkpoint[:cut])
        assert "cut.pt: damaged, or not a PyTorch file" in refused("inspect", "cut.pt")


def test_a_truncated_nir_at_any_point(model: Path) -> None:
    whole = model.read_bytes()
    for cut in np.linspace(0, len(whole) - 1, 60).astype(int).tolist():
        Path("cut.nir").write_bytes(whole[:cut])
        assert "cut.nir" in refused("inspect", "cut.nir")


def test_a_nir_with_any_byte_changed_is_read_or_refused(model: Path) -> None:
    """A changed weight is a readable file; nothing may be an internal error."""
    whole = model.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.choice(len(whole), 80, replace=False):
        Path("odd.nir").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert call("inspect", "odd.nir").code in (0, 2)


class Hostile:
    """Creates a file when it is unpickled."""

    def __reduce__(self):
        return (open, ("owned", "w"))


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"model": "digits", "config": x, "state_dict": {}}])
def test_a_pickle_is_refused_and_not_executed(wrap) -> None:
    torch.save(wrap(Hostile()), "evil.pt")
    Path("raw.pt").write_bytes(pickle.dumps(Hostile()))
    told = refused("inspect", "evil.pt")
    assert "evil.pt: holds pickled Python objects, which run code when they are loaded" in told
    assert "--trust-pickle" in told
    assert 'torch.save({"model"' in told
    refused("inspect", "raw.pt")
    refused("run", "evil.pt", "--module", "builtins:object", "--input-shape", "3")
    assert not Path("owned").exists()


def test_a_pickled_module_is_refused_unless_trusted() -> None:
    from norse.torch import IAFCell

    torch.save(nn.Sequential(nn.Linear(3, 2), IAFCell()), "module.pt")
    told = refused("inspect", "module.pt")
    assert "holds pickled Python objects" in told
    assert "--trust-pickle" in told
    shown = call("inspect", "module.pt", "--trust-pickle", "--input-shape", "3", "--json")
    assert shown.data["nodes"]["1"] == {"type": "IF", "shape": [2]}


def _spoil(checkpoint: bytes, **change) -> None:
    Path("whole.pt").write_bytes(checkpoint)
    torch.save({**torch.load("whole.pt", weights_only=True), **change}, "odd.pt")


def test_nan_in_the_weights(checkpoint: bytes) -> None:
    Path("whole.pt").write_bytes(checkpoint)
    state = torch.load("whole.pt", weights_only=True)["state_dict"]
    state["fc1.weight"][3, 5] = torch.nan
    _spoil(checkpoint, state_dict=state)
    assert "odd.pt: fc1.weight holds NaN or infinity" in refused("export", "odd.pt", "--target", "fixed")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"model": "resnet"}, "odd.pt: unknown model 'resnet'"),
        ({"state_dict": {"conv1.weight": torch.zeros(1)}}, "its weights do not fit the network"),
        ({"state_dict": [1, 2]}, "its weights do not fit the network"),
        ({"config": {}}, "its config does not describe a digits"),
        ({"config": {"weights": "weights.safetensors"}}, "its config does not describe a digits: KeyError: 'input'"),
        ({"config": "default"}, "its config does not describe a digits"),
        ({"config": {"weights": "../../etc/passwd"}}, "its config does not describe a digits"),
    ],
    ids=str,
)
def test_a_checkpoint_that_does_not_fit(checkpoint: bytes, change, what: str) -> None:
    _spoil(checkpoint, **change)
    assert what in refused("inspect", "odd.pt")


def test_weights_of_another_shape_are_named(checkpoint: bytes) -> None:
    Path("whole.pt").write_bytes(checkpoint)
    state = torch.load("whole.pt", weights_only=True)["state_dict"]
    _spoil(checkpoint, state_dict={**state, "fc2.bias": torch.zeros(11)})
    assert "size mismatch for fc2.bias" in refused("inspect", "odd.pt")


def test_a_bare_state_dict_names_both_ways_out() -> None:
    torch.save(nn.Linear(2, 2).state_dict(), "weights.pt")
    told = refused("inspect", "weights.pt")
    assert "lacks model, config or state_dict" in told
    assert "--module package.module:factory --input-shape" in told


def test_nan_in_a_nir() -> None:
    import h5py

    write_network(small_network(), Path("nan.nir"))
    with h5py.File("nan.nir", "r+") as file:
        file["node/nodes/fc1/weight"][0, 0] = np.nan
    assert "node fc1: weight holds NaN" in refused("check", "nan.nir")


STIMULI = {
    "other shape": ({"input": np.zeros((5, 4))}, "array 'input' has shape (5, 4), the input needs (T, 3)"),
    "no time": ({"input": np.zeros(3)}, "the input needs (T, 3)"),
    "no steps": ({"input": np.zeros((0, 3))}, "is empty"),
    "other name": ({"inputs": np.zeros((5, 3))}, "has no array for the input 'input'; it has ['inputs']"),
    "nan": ({"input": np.full((5, 3), np.nan)}, "holds NaN or infinity"),
    "infinity": ({"input": np.full((5, 3), np.inf)}, "holds NaN or infinity"),
    "words": ({"input": np.full((5, 3), "x")}, "holds no real numbers"),
    "complex": ({"input": np.full((5, 3), 1j)}, "holds no real numbers"),
    "nothing": ({}, "has no array for the input 'input'"),
}


@pytest.mark.parametrize("name", STIMULI)
@pytest.mark.parametrize("verb", ["run", "check"])
def test_a_stimulus_that_does_not_fit(bundle: Path, verb: str, name: str) -> None:
    arrays, what = STIMULI[name]
    np.savez("s.npz", **arrays)
    told = refused(verb, bundle, "--input", "s.npz")
    assert told.startswith("neurodeploy: s.npz: ")
    assert what in told


def test_a_stimulus_that_cannot_be_read(bundle: Path) -> None:
    np.savez_compressed("whole.npz", input=np.ones((50, 3)))
    whole = Path("whole.npz").read_bytes()
    damaged = [whole[:40] + bytes(20) + whole[60:], *(whole[:cut] for cut in range(0, len(whole), 23))]
    np.save("plain.npy", np.ones((50, 3)))
    for content in (*damaged, NOISE, b"text", Path("plain.npy").read_bytes(), pickle.dumps(Hostile())):
        Path("s.npz").write_bytes(content)
        told = refused("run", bundle, "--input", "s.npz")
        assert "s.npz: not a readable stimulus (.npz)" in told
        assert "pickle" not in told
    np.savez("objects.npz", input=np.array([Hostile()], dtype=object))
    refused("run", bundle, "--input", "objects.npz")
    assert not Path("owned").exists()
    assert "gone.npz: there is no such file" in refused("run", bundle, "--input", "gone.npz")
    assert "is a folder, no file" in refused("run", bundle, "--input", ".")


def test_a_pickle_stays_shut_in_a_process_of_its_own() -> None:
    torch.save(Hostile(), "evil.pt")
    done = process("check", "evil.pt", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["where"]) == (2, "evil.pt")
    assert "evil.pt: holds pickled Python objects" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("owned").exists()
