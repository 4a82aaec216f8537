"""What lava-dl exported gives, read as a Network and as integers, the spikes that SLAYER itself gave.

The set comes from ``python -m tests.crossframework.lava_dl.generate``: lava-dl's own exporter, its own run.
"""

import nir
import numpy as np
import pytest

from neurodeploy.errors import NeurodeployError, RefusedError
from neurodeploy.flow import load
from neurodeploy.network.hdf5 import read_tree
from neurodeploy.network.shapes import SPIKING
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.arrival import delay_steps
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from tests.crossframework.lava_dl.committed import manifest, net_file, records

CASES = list(manifest()["cases"])
FLOAT_ONLY = {"values-in": "a constant input into a decaying current"}
WHOLE = [name for name in CASES if name not in FLOAT_ONLY]


def stimulus_of(network, name):
    return {network.input_names[0]: records(name)[0].astype(np.float64)}


def own_lateness(network, node):
    """Steps by which SLAYER's block sends later than the neurons of ``node`` fire: its own shift, its axonal delays."""
    after = [target for source, target in network.graph.edges if source == node]
    delays = [each for each in after if isinstance(network.nodes[each], nir.Delay) and each not in network.inserted]
    return 1 + (delay_steps(network, delays[0]) if delays else np.zeros(network.shapes[node], int))


def shifted(raster, late):
    """``raster`` with every neuron so many steps later."""
    flat, steps = raster.reshape(*raster.shape[:2], -1), np.broadcast_to(late, raster.shape[2:]).reshape(-1)
    out = np.zeros_like(flat)
    for neuron, step in enumerate(steps):
        out[:, step:, neuron] = flat[:, : flat.shape[1] - step, neuron]
    return out.reshape(raster.shape)


def block_outputs(network, trace):
    """What SLAYER's blocks would send, each one step later than the one before unless Delays keep that order."""
    before = 0
    for node in network.populations:
        output = trace[node].output
        if not isinstance(network.nodes[node], SPIKING):
            yield node, shifted(output, before)
            continue
        yield node, shifted(output, before + own_lateness(network, node))
        before += 0 if network.inserted else 1


@pytest.mark.parametrize("name", CASES)
def test_every_block_sends_what_slayer_sends(name, tmp_path):
    network, (_, expected) = load(net_file(name, tmp_path)), records(name)
    found = list(block_outputs(network, run_network(network, stimulus_of(network, name))))
    assert len(found) == len(expected)
    for (node, output), record in zip(found, expected, strict=True):
        assert np.array_equal(output, record), node
        assert np.abs(record).sum() > 15, "a silent layer shows nothing"


@pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda each: each.name)
@pytest.mark.parametrize("name", WHOLE)
def test_integers_lose_nothing(name, numerics, tmp_path):
    network = load(net_file(name, tmp_path))
    quantized, stimulus = quantize(network, numerics), stimulus_of(network, name)
    expected, actual = run_network(network, stimulus), run_program(quantized.program, stimulus)
    assert all(each.exact for each in quantized.layers)
    for node in network.populations:
        assert np.array_equal(actual[node].values, expected[node].values), node


@pytest.mark.parametrize("name", FLOAT_ONLY)
def test_what_integers_cannot_say_is_refused_by_name(name, tmp_path):
    with pytest.raises(NeurodeployError, match=FLOAT_ONLY[name]):
        quantize(load(net_file(name, tmp_path)), LOIHI2)


def test_the_program_holds_the_very_integers_of_the_file(tmp_path):
    path = net_file("recurrent-random", tmp_path)
    layers, program = read_tree(path)["layer"], quantize(load(path), LOIHI2).program
    for number, layer in layers.items():
        neuron, population = layer["neuron"], program.by_name[f"cuba{number}"]
        found = (population.current_decay, population.membrane_decay, population.threshold)
        assert found == tuple(int(neuron[key]) for key in ("iDecay", "vDecay", "vThMant"))
        for projection in program.into(population.name):
            key = "weight_rec" if projection.source == population.name else "weight"
            assert np.array_equal(projection.weights << projection.shift, layer[key].astype(int))


def test_a_bias_keeps_the_steps_that_slayer_starts_early(tmp_path):
    network = load(net_file("dense-biased", tmp_path))
    assert network.inserted == {"delay0", "delay1"}
    assert all(np.all(delay_steps(network, name) == 1) for name in network.inserted)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("alif", "its neuron ALIF is not SLAYER's CUBA neuron"),
        ("rf", "its neuron RF_PHASE is not SLAYER's CUBA neuron"),
        ("sdnn", "its neuron SDNN is not SLAYER's CUBA neuron"),
        ("conv-transposed", "a layer of type 'convT' is not among those read"),
        ("unpool", "a layer of type 'unpool' is not among those read"),
        ("per-channel", "iDecay differs between its channels"),
        ("scaled-norm", r"its normalization divides by a power of two \(weight_exp\)"),
        ("graded", "its CUBA neuron sends graded spikes"),
    ],
)
def test_other_blocks_of_slayer_are_refused_by_name(name, told, tmp_path):
    with pytest.raises(RefusedError, match=told) as error:
        load(net_file(f"refused-{name}", tmp_path))
    assert "layer 0" in error.value.where
    assert error.value.remedy


def test_every_other_block_either_is_refused_or_has_no_export():
    refused = manifest()["refused"]
    no_export = {name for name, error in refused.items() if error}
    assert no_export == {"kwta", "average"}
