"""The trained receiver: what was trained is what runs, and how well it receives the slots that come with it."""

import numpy as np
import pytest
import torch
from neurodeploy.models.spikingrx import PRESETS, build, run
from neurodeploy.models.spikingrx.metrics import bit_errors, known_channel, mutual_information
from neurodeploy.models.spikingrx.network import network
from neurodeploy.models.spikingrx.presets import held_out
from neurodeploy.models.spikingrx.slots import data_symbols, features

import neurodeploy as nd
from neurodeploy.engine import run_compiled
from neurodeploy.heads import apply_head
from neurodeploy.reference.program_runner import run_program

torch.set_num_threads(1)
CONFIG = PRESETS["trained"]
SLOTS = held_out()


@pytest.fixture(scope="module")
def receiver():
    return build(CONFIG)


@pytest.mark.parametrize("numerics", ["loihi2", "int32"])
def test_integers_do_what_the_module_does_in_every_node_and_decide_every_bit_alike(receiver, numerics):
    shown = np.repeat(features(SLOTS[[2, 28]])[:, None], CONFIG["steps"], axis=1)
    recorded = run(receiver, CONFIG, {"input": shown})
    source = network(receiver, CONFIG)
    trace = run_program(nd.quantize(source, numerics).program, {"input": shown})
    for node in recorded.keys() - {"input", "llr"}:
        np.testing.assert_array_equal(trace[node].values, recorded[node], err_msg=node)
    np.testing.assert_allclose(apply_head(source.host.post, trace), recorded["llr"], atol=1e-4)


def decided(receiver):
    """Ratios of the data symbols of all held-out slots."""
    shown = torch.from_numpy(features(SLOTS)).unsqueeze(1).expand(-1, CONFIG["steps"], -1, -1, -1)
    with torch.no_grad():
        return data_symbols(receiver(shown).numpy())


def test_bits_received_on_the_held_out_slots_and_how_many_float_decides_alike(receiver):
    ratios, before = decided(receiver), decided(build(PRESETS["float-trained"]))
    for decibels, most in ((0, 1.4), (6, 1.4), (12, 2.0)):
        chosen = np.abs(SLOTS.decibels - decibels) < 0.1
        known = bit_errors(known_channel(SLOTS[chosen]), SLOTS.bits[chosen])
        assert known <= bit_errors(ratios[chosen], SLOTS.bits[chosen]) <= most * known + 2e-3
    assert mutual_information(ratios, SLOTS.bits) > 0.78
    assert 0.99 <= np.mean((ratios > 0) == (before > 0)) < 1


def test_32_bit_integers_of_the_float_receiver_decide_as_it_does():
    config = PRESETS["float-trained"]
    receiver, some = build(config), SLOTS[::8]
    source, shown = network(receiver, config), np.repeat(features(some)[:, None], config["steps"], axis=1)
    with torch.no_grad():
        expected = data_symbols(receiver(torch.from_numpy(shown)).numpy()) > 0
    for numerics, least, most in (("int32", 0.999, 1.0), ("loihi2", 0.98, 0.999)):
        trace = run_compiled(nd.quantize(source, numerics).program, {"input": shown})
        found = data_symbols(apply_head(source.host.post, trace)) > 0
        assert least <= np.mean(found == expected) <= most


def test_unknown_weights_are_refused():
    with pytest.raises(ValueError, match="has no weights 'mine"):
        build({**CONFIG, "weights": "mine.safetensors"})
