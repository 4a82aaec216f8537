"""Scales of inputs and graded messages, chosen for what a stimulus sends."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.engine.run import run_compiled
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.rasters import jaccard
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program


def receiver(declared, relay=False):
    """Six values of a declared range onto eight neurons; with ``relay``, their sums are sent on first."""
    rng = np.random.default_rng(3)
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (6,), declared), rng.normal(0, 0.6, (8, 6)))
    if relay:
        at = build.linear("on", build.add("sum", [at]), rng.normal(0, 0.6, (8, 8)))
    build.output("output", build.lif("n", at, tau=4e-3, threshold=0.3, input_gain="unit"))
    return build.build()


def signals(seed, samples=16):
    """Values that hardly ever are larger than 1."""
    return {"input": np.random.default_rng(seed).normal(0, 0.3, (samples, 20, 6))}


WIDE = InputRange(-40.0, 40.0, None, declared=True)


def kept(network, program):
    return jaccard(run_network(network, signals(9))["n"].values, run_program(program, signals(9))["n"].values)


@pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda n: n.name)
@pytest.mark.parametrize("relay", [False, True])
def test_a_range_far_wider_than_its_values_is_counted_more_finely(relay, numerics):
    network = receiver(WIDE, relay)
    plain, done = (quantize(network, numerics, shown, message_bits=6) for shown in (None, signals(1)))
    assert done.program.inputs[0].scale >= plain.program.inputs[0].scale + 3
    assert done.program.inputs[0].bits == plain.program.inputs[0].bits
    assert kept(network, done.program) > kept(network, plain.program) + 0.1
    reports = {report.population: report for report in done.calibrated}
    assert reports["input"].finer == done.program.inputs[0].scale - plain.program.inputs[0].scale
    assert reports["input"].clipped <= 0.02 * signals(1)["input"].size
    clipping = [finding.node for finding in done.findings if finding.slug == "message-clipped"]
    assert clipping == [report.population for report in done.calibrated if report.clipped]
    assert {layer.weight_bits for layer in done.layers} == {layer.weight_bits for layer in plain.layers}
    if relay:
        assert reports["sum"].finer >= 1
        assert done.program.by_name["sum"].output.scale > plain.program.by_name["sum"].output.scale


def test_values_that_use_their_range_keep_its_scale():
    full = {"input": np.random.default_rng(0).uniform(-1.9, 1.9, (16, 20, 6))}
    network = receiver(InputRange(-1.9, 1.9, None, declared=True))
    plain, done = (quantize(network, LOIHI2, shown) for shown in (None, full))
    assert replace(done.program.inputs[0], ends=None) == plain.program.inputs[0]
    assert all(report.population != "input" for report in done.calibrated)


def test_values_on_a_grid_stay_exact():
    network = receiver(InputRange(-40.0, 40.0, 0.5, declared=True))
    shown = {"input": np.rint(signals(1)["input"] * 2) / 2}
    plain, done = (quantize(network, LOIHI2, signal).program.inputs[0] for signal in (None, shown))
    assert replace(done, ends=None) == plain


def at_an_end(high):
    """A convolution of values in sixteenths. Five bits hold values up to 31/16; ``high`` is what is declared."""
    build = NetworkBuilder()
    at = build.input("input", (1, 6, 6), InputRange(0.0, high, 1 / 16, declared=True))
    at = build.conv("conv", at, np.random.default_rng(5).normal(0.1, 0.3, (6, 1, 3, 3)))
    build.output("output", build.integrate("n", at, 1.0, reset="subtract", max_spikes_per_step=15, v_min=-1.0))
    return build.build()


def images(seed, samples):
    """Values of 0 to 1 in sixteenths, the same in every step."""
    once = np.random.default_rng(seed).integers(0, 17, (samples, 1, 1, 6, 6)) / 16
    return {"input": np.repeat(once, 24, axis=1)}


def test_an_input_clips_at_the_end_of_its_range():
    program = quantize(at_an_end(1.0), LOIHI2, images(1, 24)).program
    (node,) = program.inputs
    assert (node.bits, node.scale, node.ends) == (5, 4, (0, 16))
    assert node.quantize(np.array([-1.0, 0.5, 1.0, 7.0])).tolist() == [0, 8, 16, 16]
    assert quantize(at_an_end(31 / 16), LOIHI2, images(1, 24)).program.inputs[0].ends is None
    assert quantize(at_an_end(1.0), LOIHI2).program.inputs[0].ends is None, "without a stimulus nothing is chosen"


def test_what_an_input_cannot_send_needs_no_room():
    """The threshold of a neuron is twice as fine, and fewer spikes differ; as many on every runner."""
    expected = run_network(at_an_end(1.0), images(2, 100))["n"].values
    fineness, wrong = [], []
    for high in (1.0, 31 / 16):
        program = quantize(at_an_end(high), LOIHI2, images(1, 100), weight_bits=16).program
        traces = [run(program, images(2, 100))["n"].values for run in (run_program, run_compiled)]
        np.testing.assert_array_equal(*traces)
        fineness.append(np.mean(program.by_name["n"].threshold))
        wrong.append(np.count_nonzero(traces[0] != expected))
    assert fineness[0] > 1.9 * fineness[1]
    assert wrong[0] < 0.5 * wrong[1]
