"""What every integer of a program must keep to, and a quantizer that leaves out networks that do not fit."""

import numpy as np
from hypothesis import assume

from neurodeploy.errors import CannotRepresentError
from neurodeploy.passes.pipeline import quantize


def quantized(network, numerics, **options):
    try:
        return quantize(network, numerics, **options)
    except CannotRepresentError:
        assume(False)


def check_population(population, numerics):
    threshold = np.asarray(population.threshold)
    assert np.all((threshold >= 0) & (threshold <= numerics.threshold_max))
    assert threshold.ndim == 0 or numerics.per_neuron_threshold
    top = (1 << (numerics.membrane_bits - 1)) - 1
    for value in (population.reset_value, population.floor or 0):
        assert abs(value) << numerics.state_shift <= top
    assert np.all(np.abs(population.initial_membrane) <= top)
    for decay in (population.current_decay, population.membrane_decay):
        assert np.all((np.asarray(decay) >= 0) & (np.asarray(decay) <= numerics.decay_one))
    if population.kind != "relay":
        largest = (1 << (numerics.bias_mantissa_bits - 1)) - 1
        for bias in np.ravel(population.bias).tolist():
            exponents = range(numerics.bias_exponent_max + 1)
            assert any(bias % (1 << e) == 0 and abs(bias >> e) <= largest for e in exponents), bias


def check_projection(projection, numerics):
    weights = projection.weights
    if numerics.weight_rule == "twos-complement":
        half = 1 << (numerics.weight_bits - 1)
        assert weights.min() >= -half and weights.max() < half
    elif weights.min() < 0 < weights.max():
        assert weights.min() >= -256 and weights.max() <= 254 and not np.any(weights % 2)
    else:
        assert np.abs(weights).max() <= 255
    windowed = projection.kind not in ("dense", "sparse")
    assert (0 if windowed else numerics.shift_min) <= projection.shift <= numerics.shift_max
    assert not (windowed and projection.shift and not numerics.conv_shift)
    assert projection.delay <= numerics.delay_max
