"""Scales of inputs and graded messages, chosen for what a stimulus sends."""

import numpy as np
import pytest

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
    assert done.program.inputs == plain.program.inputs
    assert all(report.population != "input" for report in done.calibrated)


def test_values_on_a_grid_stay_exact():
    network = receiver(InputRange(-40.0, 40.0, 0.5, declared=True))
    shown = {"input": np.rint(signals(1)["input"] * 2) / 2}
    assert quantize(network, LOIHI2, shown).program.inputs == quantize(network, LOIHI2).program.inputs
