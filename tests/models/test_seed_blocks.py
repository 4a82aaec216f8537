"""The python blocks of the SpikeSEG documentation run as they stand, but for their import lines."""

import re

import pytest
import torch
from neurodeploy.models.spikeseg import EncoderOutput, LIFNeuron, SpikeSEGEncoder

ENCODER = """
from spikeseg.models import SpikeSEGEncoder
from spikeseg.models.encoder import EncoderConfig

# IGARSS 2023 configuration
config = EncoderConfig.from_paper("igarss2023", n_classes=1)
encoder = SpikeSEGEncoder(config)
"""

NEURONS = """
from spikeseg.core.neurons import LIFNeuron, IFNeuron, create_neuron

# LIF with subtractive leak (IGARSS 2023, Layer 1)
neuron = LIFNeuron(threshold=10.0, leak_factor=9.0, leak_mode="subtractive")

# Forward: returns (spikes, membrane_after_reset, membrane_before_reset)
spikes, membrane, pre_reset = neuron(input_current, membrane)

# Factory helper
neuron = create_neuron("lif", threshold=10.0, leak_factor=9.0, leak_mode="subtractive")
"""


def execute(block, **names):
    exec(re.sub(r"^from spikeseg\.\S+ import", "from neurodeploy.models.spikeseg import", block, flags=re.M), names)
    return names


def test_encoder_block_builds_the_paper_encoder():
    encoder = execute(ENCODER)["encoder"]
    assert isinstance(encoder, SpikeSEGEncoder)
    output = encoder(torch.ones(3, 1, 1, 16, 16))
    assert isinstance(output, EncoderOutput)
    assert {"conv1", "conv2", "conv3"} <= set(output.layer_spikes)
    assert bool(output.has_spikes) is (output.n_classification_spikes > 0)


def test_neuron_block_takes_one_step_with_a_leak_of_nine():
    names = execute(NEURONS, input_current=torch.tensor([[5.0, 18.9, 19.0]]), membrane=torch.zeros(1, 3))
    assert names["spikes"].tolist() == [[0, 0, 1]]
    assert names["membrane"][0].tolist() == pytest.approx([0, 9.9, 0], abs=1e-5)
    assert names["pre_reset"][0].tolist() == pytest.approx([0, 9.9, 10], abs=1e-5)
    assert isinstance(names["neuron"], LIFNeuron)
    assert float(names["neuron"].leak) == 9.0
