"""Two fixed-point machines as values.

``q16``: weights of 8 bits, states of 16 bits with 4 bits of fraction, decays of 8 bits.
``q4``: weights and messages of 4 bits, states of 12 bits with 4 bits of fraction, decays of 4 bits.
"""

from dataclasses import replace

from neurodeploy.numerics import Numerics

Q16 = Numerics(
    name="q16",
    state_shift=4,
    current_bits=16,
    current_overflow="saturate",
    membrane_bits=16,
    wide_bits=24,
    wide_overflow="saturate",
    conv_bits=24,
    decay_bits=8,
    weight_bits=8,
    weight_rule="twos-complement",
    shift_min=0,
    shift_max=0,
    conv_shift=False,
    threshold_bits=11,
    bias_mantissa_bits=16,
    bias_exponent_max=0,
    message_bits=8,
    delay_max=15,
    accumulator_bound=1 << 11,
    relay_bound=1 << 15,
    per_neuron_threshold=True,
    per_neuron_decay=False,
)

Q4 = replace(
    Q16,
    name="q4",
    current_bits=12,
    membrane_bits=12,
    wide_bits=16,
    conv_bits=16,
    decay_bits=4,
    weight_bits=4,
    threshold_bits=7,
    bias_mantissa_bits=12,
    message_bits=4,
    accumulator_bound=1 << 7,
    relay_bound=1 << 11,
)
