"""How many worths of a level calibration tries for a row, and what that brings."""

import numpy as np

from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.calibration.rows import CANDIDATES, MOST, count_for, worths
from neurodeploy.passes.pipeline import quantize


def test_few_weights_that_many_neurons_share_are_tried_at_many_worths():
    assert count_for(9, shared=True) == MOST
    assert count_for(5000, shared=True) == count_for(9, shared=False) == CANDIDATES
    few, many = worths(2.0, 8), worths(2.0, 8, MOST)
    assert (len(few), len(many)) == (CANDIDATES, MOST)
    assert few[0] == many[0] == few.max() == 2.0
    assert many.max() > 2.0
    assert few.min() == many.min()


def test_more_worths_keep_more_spikes_of_a_convolution(monkeypatch):
    rng = np.random.default_rng(4)
    build = NetworkBuilder()
    at = build.conv("conv", build.input("input", (1, 8, 8), InputRange(0, 1, 1)), rng.normal(0, 0.4, (6, 1, 3, 3)))
    build.output("output", build.lif("n", at, tau=5e-3, threshold=0.4, input_gain="unit"))
    network = build.build()
    shown = {"input": (rng.random((24, 12, 1, 8, 8)) < 0.4).astype(float)}
    (many,) = quantize(network, LOIHI2, shown, weight_bits=6).calibrated
    monkeypatch.setattr("neurodeploy.passes.calibration.rows.MOST", CANDIDATES)
    (few,) = quantize(network, LOIHI2, shown, weight_bits=6).calibrated
    assert many.differing < 0.8 * few.differing
