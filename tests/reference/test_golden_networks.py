"""The two reference networks as Networks: the float runner reproduces the golden runs of their modules."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from neurodeploy.models.spikeseg import EncoderConfig, SpikeSEGEncoder
from neurodeploy.models.spikingrx import SpikingRx

from neurodeploy.heads import apply_head
from neurodeploy.model import find_model
from neurodeploy.reference.network_runner import run_network

torch.set_num_threads(1)
FOLDER = Path(__file__).parents[1] / "golden"
BLOB = np.load(FOLDER / "spikeseg_igarss2023_blob32.npz", allow_pickle=False)
RX = np.load(FOLDER / "spikingrx_seed_commit3a6cc922.npz", allow_pickle=False)
LAYERS = {"lif1": "conv1", "pool1": "pool1", "lif2": "conv2", "pool2": "pool2", "lif3": "conv3"}


def encoder_network(fire_once: bool):
    model = find_model("spikeseg")
    config = deepcopy(dict(model.preset("igarss2023-random"))) | {"fire_once": fire_once}
    encoder = SpikeSEGEncoder(EncoderConfig.from_paper("igarss2023"))
    encoder.load_state_dict({f"conv{i}.weight": torch.from_numpy(BLOB[f"w_conv{i}"]) for i in (1, 2, 3)})
    return model.network(encoder, config)


@pytest.mark.parametrize("fire_once", [False, True])
def test_spikeseg_every_layer_equals_the_golden_spikes(fire_once):
    network = encoder_network(fire_once)
    trace = run_network(network, {"input": BLOB["x"].transpose(1, 0, 2, 3, 4)})
    for node, layer in LAYERS.items():
        golden = BLOB[f"{layer}_fo{int(fire_once)}"].transpose(1, 0, 2, 3, 4)
        np.testing.assert_array_equal(trace[node].output, golden, err_msg=node)


@pytest.fixture(scope="module")
def receiver():
    model = find_model("spikingrx")
    module = SpikingRx(in_ch=2, base_ch=4, bits=2)
    state = {key[3:]: torch.from_numpy(np.array(RX[key])) for key in RX.files if key.startswith("sd/")}
    module.load_state_dict(state, strict=True)
    network = model.network(module.eval(), model.preset("seed-random"))
    return network, run_network(network, {"input": RX["x"]})


def test_spikingrx_every_block_equals_the_golden_activations(receiver):
    _, trace = receiver
    np.testing.assert_array_equal(trace["stem.lif"].output, RX["act_stem"])
    for stage in range(6):
        np.testing.assert_allclose(trace[f"stages.{stage}.add"].output, RX[f"act_stage{stage}"], rtol=0, atol=1e-5)
    assert [int(trace[f"stages.{stage}.lif"].output.sum()) for stage in range(6)] == [10, 5, 8, 4, 13, 3]


def test_spikingrx_head_gives_the_golden_ratios(receiver):
    network, trace = receiver
    llr = apply_head(network.host.post, trace)
    np.testing.assert_allclose(llr, RX["llr"], rtol=0, atol=1e-5)
