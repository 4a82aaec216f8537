"""Checkpoints and config files as the upstream repository writes them, made here of random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from neurodeploy.models.spikeseg import SpikeSEGEncoder
from neurodeploy.models.spikeseg.upstream import load_upstream, main, read_config, read_encoder_config

import neurodeploy as nd
from neurodeploy.errors import InputError

CONFIG: dict[str, Any] = {
    "experiment_name": "any",
    "data": {"input_channels": 2, "input_height": 16, "input_width": 16, "timestep_ms": 20.0},
    "model": {
        "n_classes": 2,
        "conv1_channels": 4,
        "conv2_channels": 6,
        "kernel_sizes": [5, 5, 7],
        "pool1_kernel": 2,
        "pool1_stride": 2,
        "thresholds": [0.1, 0.1, 0.2],
        "leaks": [0.09, 0.01, 0.0],
        "use_dog_filters": True,
    },
}


def weights(prefix: str = "") -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"conv1": (4, 2, 5, 5), "conv2": (6, 4, 5, 5), "conv3": (2, 6, 7, 7)}
    return {f"{prefix}{name}.conv.weight": torch.rand(shape, generator=generator) for name, shape in shapes.items()}


def saved(path: Path, **changed: Any) -> Path:
    content = {
        "epoch": 3,
        "model_state_dict": weights("encoder."),
        "config": CONFIG,
        "metrics": {"loss": np.float64(0.5)},
        "pytorch_version": torch.__version__,
    }
    torch.save({**content, **changed}, path)
    return path


def test_a_config_file_is_read_as_an_encoder_config(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(CONFIG), "utf-8")
    config = read_encoder_config(path)
    assert (config.n_classes, config.input_channels, config.conv2.channels, config.first_kernels) == (2, 2, 6, "dog")
    assert [layer.threshold for layer in (config.conv1, config.conv2, config.conv3)] == [0.1, 0.1, 0.2]
    assert [layer.leak for layer in (config.conv1, config.conv2, config.conv3)] == pytest.approx([0.09, 0.01, 0.0])
    assert (config.pool1.kernel, config.pool2.kernel) == (2, 2)
    assert read_config(path)["input"]["dt"] == 0.02


def test_one_command_makes_a_checkpoint_that_computes_with_upstreams_weights(tmp_path: Path) -> None:
    main([str(saved(tmp_path / "best.pt")), "-o", str(tmp_path / "spikeseg.pt"), "--threshold", "0.05"])
    network = nd.load(tmp_path / "spikeseg.pt")
    expected, encoder = weights(), load_upstream(tmp_path / "best.pt", threshold=0.05)[1]
    assert isinstance(encoder, SpikeSEGEncoder)
    for name in ("conv1", "conv2", "conv3"):
        assert torch.equal(getattr(encoder, name).weight, expected[f"{name}.conv.weight"])
        np.testing.assert_array_equal(network.nodes[name].weight, expected[f"{name}.conv.weight"].numpy())
    leaks = [float(neuron.leak) for neuron in (encoder.lif1, encoder.lif2, encoder.lif3)]
    assert leaks == pytest.approx([0.045, 0.005, 0.0])


def test_thresholds_and_leaks_are_those_that_the_neurons_were_saved_with(tmp_path: Path) -> None:
    state = weights() | {"conv2.neuron.threshold": torch.tensor(0.4), "conv2.neuron.leak": torch.tensor(0.1)}
    _, encoder = load_upstream(saved(tmp_path / "best.pt", model_state_dict=state))
    assert [float(neuron.threshold) for neuron in (encoder.lif1, encoder.lif2)] == pytest.approx([0.1, 0.4])
    assert float(encoder.lif2.leak) == pytest.approx(0.1)


class Trap:
    """What unpickling would call."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("trapped"),))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"metrics": Trap()}, "run code"),
        ({"model_state_dict": None}, "no model_state_dict"),
        ({"config": {}}, "no section 'model'"),
        ({"config": {"model": {"thresholds": [0.1, 0.1, 0.1], "leaks": [0.2, 0, 0]}}}, "leak of 0.2"),
        ({"model_state_dict": {"conv1.conv.weight": torch.zeros(4, 2, 5, 5)}}, "lacks conv2.weight, conv3.weight"),
        ({"model_state_dict": weights() | {"conv1.conv.weight": torch.zeros(4, 1, 5, 5)}}, "do not fit"),
    ],
)
def test_other_files_are_refused_and_run_nothing(
    changed: dict[str, Any], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=problem):
        load_upstream(saved(tmp_path / "best.pt", **changed))
    assert not Path("trapped").exists()
    with pytest.raises(InputError, match="cannot be read"):
        load_upstream(tmp_path / "missing.pt")
    with pytest.raises(InputError, match="cannot be read"):
        read_config(tmp_path / "missing.yaml")
