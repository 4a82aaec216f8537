"""The arithmetic of a machine, as plain data.

A ``Numerics`` value states the widths, the overflow rules and the grids of one machine's integers. The update
itself is written once, in ``neurodeploy.reference.integer``; which of its branches a machine takes is read from here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from neurodeploy.plugin import Plugins, find_plugins

Overflow = Literal["wrap", "wrap-once", "saturate", "clip"]
"""``saturate`` into the symmetric range, ``|x| <= 2**(bits - 1) - 1``; ``clip`` into all of two's complement."""


@dataclass(frozen=True)
class Numerics:
    """Widths and rules of a machine's integers.

    Units: *accumulator units* are those of summed weights times messages and of thresholds; *state units*, those of
    current, membrane and bias, are finer by ``2**state_shift``.

    - ``state_shift``: the accumulated input and the threshold are shifted left by this on entering the state.
    - ``current_bits``, ``membrane_bits``: signed widths; the bound is ``M = 2**(bits - 1)``.
    - ``wide_bits``: the width of the intermediate sums; they overflow as ``wide_overflow`` says.
    - ``conv_bits``: the width of one convolution's sum (before it is added to others).
    - ``decay_bits``: decays are ``d / 2**decay_bits``, products truncated toward zero; under ``decay_rule`` ``shift``,
      the width of the shift.
    - ``weight_bits`` with ``weight_rule``: ``sign-magnitude`` = Loihi's sign modes (mixed signs: even values in
      [-2**bits, 2**bits - 2]; one sign: magnitude up to 2**bits - 1); ``twos-complement`` = signed of that width.
    - ``shift_min``, ``shift_max``: exponent of dense and sparse weights; ``conv_shift``: convolutions have one, from 0.
    - ``bias_mantissa_bits`` (signed) and ``bias_exponent_max``: how a bias is stored, in state units.
    - ``accumulator_bound``: the quantizer keeps worst-case accumulated input strictly below it.
    - ``relay_bound``: the same for a relay, whose input does not enter a state.

    Rules in which machines differ beyond their widths:

    - ``accumulation``: ``sum`` = what arrives in a step is summed in the wide width, and the sum is added to the
      decayed current; ``events`` = every spike adds its weight to the current itself, which overflows each time, so
      that order matters (projections in the program's order, then sources in theirs); then the current decays.
    - ``decay_rule``: ``product`` = ``x * (1 - d / 2**decay_bits)``; ``shift`` = ``x`` loses ``floor(x / 2**d)``, at
      least one unit toward zero.
    - ``integration``: ``sum`` = decayed membrane, current and bias are summed before the membrane saturates;
      ``change`` = the change of the membrane overflows after each of its terms, then the membrane.
    - ``membrane_overflow``: how the membrane overflows.
    - ``input_bits``: width of an unsigned input; ``spikes_max``: most spikes of a neuron per step; None: no limit.
    """

    name: str
    state_shift: int
    current_bits: int
    current_overflow: Overflow
    membrane_bits: int
    wide_bits: int
    wide_overflow: Overflow
    conv_bits: int
    decay_bits: int
    weight_bits: int
    weight_rule: Literal["sign-magnitude", "twos-complement"]
    shift_min: int
    shift_max: int
    conv_shift: bool
    threshold_bits: int
    bias_mantissa_bits: int
    bias_exponent_max: int
    message_bits: int
    delay_max: int
    accumulator_bound: int
    relay_bound: int
    per_neuron_threshold: bool
    per_neuron_decay: bool
    accumulation: Literal["sum", "events"] = "sum"
    decay_rule: Literal["product", "shift"] = "product"
    integration: Literal["sum", "change"] = "sum"
    membrane_overflow: Overflow = "saturate"
    input_bits: int | None = None
    spikes_max: int | None = None

    @property
    def decay_one(self) -> int:
        """The decay that leaves no memory."""
        return 1 << self.decay_bits

    @property
    def threshold_max(self) -> int:
        """Largest threshold in accumulator units."""
        return (1 << self.threshold_bits) - 1

    def to_json(self) -> dict[str, Any]:
        """As plain data, without the rules that are as usual; ``Numerics(**data)`` gives it back."""
        usual = {attribute.name: attribute.default for attribute in fields(self)}
        return {key: value for key, value in asdict(self).items() if usual[key] != value}


LOIHI2 = Numerics(
    name="loihi2",
    state_shift=6,
    current_bits=24,
    current_overflow="wrap-once",
    membrane_bits=24,
    wide_bits=32,
    wide_overflow="wrap",
    conv_bits=24,
    decay_bits=12,
    weight_bits=8,
    weight_rule="sign-magnitude",
    shift_min=-8,
    shift_max=7,
    conv_shift=True,
    threshold_bits=17,
    bias_mantissa_bits=13,
    bias_exponent_max=7,
    message_bits=24,
    delay_max=62,
    accumulator_bound=1 << 17,
    relay_bound=1 << 23,
    per_neuron_threshold=True,
    per_neuron_decay=False,
)
"""Lava's fixed-point process models of LIF, Dense, Sparse and Conv, lava-nc 0.10.0.

Its LIF takes an array of thresholds; netx files hold one per layer, and on Loihi 2 silicon it is unverified here.
"""

INT32 = Numerics(
    name="int32",
    state_shift=0,
    current_bits=32,
    current_overflow="saturate",
    membrane_bits=32,
    wide_bits=32,
    wide_overflow="saturate",
    conv_bits=32,
    decay_bits=12,
    weight_bits=16,
    weight_rule="twos-complement",
    shift_min=0,
    shift_max=0,
    conv_shift=False,
    threshold_bits=31,
    bias_mantissa_bits=32,
    bias_exponent_max=0,
    message_bits=16,
    delay_max=1023,
    accumulator_bound=1 << 31,
    relay_bound=1 << 31,
    per_neuron_threshold=True,
    per_neuron_decay=True,
)
"""Plain 32-bit saturating integers with 16-bit weights."""

XYLO_V2 = replace(
    INT32,
    name="xylo-v2",
    current_bits=16,
    current_overflow="clip",
    membrane_bits=16,
    wide_bits=16,
    wide_overflow="clip",
    conv_bits=16,
    decay_bits=4,
    weight_bits=8,
    shift_max=8,
    threshold_bits=15,
    bias_mantissa_bits=16,
    message_bits=5,
    delay_max=1,
    accumulator_bound=1 << 15,
    relay_bound=1,
    accumulation="events",
    decay_rule="shift",
    integration="change",
    membrane_overflow="clip",
    input_bits=4,
    spikes_max=31,
)
"""SynSense's Xylo, second generation, as xylosim 0.1.3 computes it, with one synaptic current per neuron.

All that is not listed is as in ``int32``.
"""

NUMERICS = {numerics.name: numerics for numerics in (LOIHI2, INT32, XYLO_V2)}
"""The machines that come with neurodeploy."""

GROUP = "neurodeploy.numerics"


def installed_numerics() -> Plugins[Numerics]:
    """The machines that come with neurodeploy, followed by those that installed packages register."""
    return find_plugins(GROUP, Numerics, NUMERICS)
