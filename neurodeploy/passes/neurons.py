"""The real-valued parameters of a NIR neuron under its contract, and the integer population at a given scale.

The discrete equations of ``reference.neuron`` become ``u' = u * keep_u + a``, ``v' = v * keep_v + u + bias`` with every
gain moved into the weights and every constant into the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log2
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms
from neurodeploy.errors import CannotRepresentError, RefusedError
from neurodeploy.network.network import Network, is_junction
from neurodeploy.numerics import Numerics
from neurodeploy.passes.grid import bias_limit, kept_by, largest_scale, nearest_shift, round_bias, round_decay, uniform
from neurodeploy.passes.paths import Synapse
from neurodeploy.program.population import Kind, Output, Population, Reset
from neurodeploy.reference.neuron import coefficients, terms_of, threshold_of

Array = NDArray[np.float64]
HORIZON = 256.0
SLOWEST = 2.0**-52
"""Share of a state that is lost per step, at least, so that nothing is divided by 0."""
MULTIPLES = 3
"""Of how many doublings of its threshold a membrane that saturates event by event has room."""


@dataclass(frozen=True, eq=False)
class Neuron:
    """Real-valued parameters of one population; ``gain`` is the factor its input weights carry.

    ``unit``: what stands here and in the weights for 1 of the network, one number per neuron (see ``passes.units``).
    """

    name: str
    shape: tuple[int, ...]
    kind: Kind
    gain: Array
    keep_current: Array
    keep_membrane: Array
    threshold: Array
    bias: Array
    initial_current: Array
    reset: Reset
    reset_value: Array
    terms: Terms
    output: Output
    inserted: bool
    unit: Array = field(default_factory=lambda: np.ones(1))

    def counted_in(self, unit: Array) -> Neuron:
        """The same population with every number multiplied by ``unit``, of the population's shape, above 0."""
        first = float(unit.flat[0])
        v_min = None if self.terms.v_min is None else self.terms.v_min * first
        return replace(
            self,
            threshold=self.threshold * unit,
            bias=self.bias * unit,
            initial_current=self.initial_current * unit,
            reset_value=self.reset_value * unit,
            terms=replace(self.terms, v_min=v_min, initial_state=self.terms.initial_state * first),
            unit=self.unit * unit,
        )

    def own_scale(self, numerics: Numerics) -> int | None:
        """The scale at which a unit of the integer state is the contract's ``state_grid``; None where it has none."""
        grid = self.terms.state_grid
        return None if grid is None or self.kind == "relay" else round(-log2(grid)) - numerics.state_shift

    @property
    def integrates(self) -> bool:
        """Whether it spikes and its membrane never decays, so that only saturation limits what it gathers."""
        kept = np.all(self.keep_membrane == 1) and not np.any(self.keep_current)
        return self.kind == "cuba-lif" and bool(kept)

    def exact_at(self, k: int, numerics: Numerics) -> bool:
        """Whether threshold, reset, clamp, bias and initial state are integers at accumulator scale ``2**k``."""
        state = 2.0 ** (k + numerics.state_shift)
        constants = self.threshold, self.reset_value, np.asarray(self.terms.v_min or 0.0)
        initial = self.initial_current, np.asarray(self.terms.initial_state)
        scaled = (*(part * 2.0**k for part in constants), *(part * state for part in initial))
        whole = all(bool(np.all(part - np.floor(part) == 0)) for part in scaled)
        return whole and bool(np.all(round_bias(self.bias * state, numerics) == self.bias * state))

    def decays_exactly(self, numerics: Numerics) -> bool:
        """Whether the machine holds the factors that current and membrane keep per step as they are."""
        amounts = (1 - np.concatenate([np.ravel(self.keep_current), np.ravel(self.keep_membrane)])) * numerics.decay_one
        return numerics.decay_rule == "product" and bool(np.all(amounts == np.rint(amounts)))

    @property
    def cut_off(self) -> Array:
        """Units of the integer state that truncation may take from the membrane, once all it took has added up.

        A step takes less than one from what a state keeps; what the current lacks, the membrane lacks in every step.
        """
        (cut_current, lost_current), (cut, lost) = (
            ((keep > 0) & (keep < 1), np.maximum(1 - keep, SLOWEST)) for keep in (self.keep_current, self.keep_membrane)
        )
        return (cut + cut_current / lost_current) / lost

    def bound(self, numerics: Numerics) -> float:
        """The accumulated input of a step must stay below this, so that the synaptic current never overflows.

        Nothing bounds it where every event saturates by itself: no weight would have levels left beside the worst case.
        """
        if self.kind == "relay":
            return float(numerics.relay_bound)
        if numerics.accumulation == "events":
            return float("inf")
        return numerics.accumulator_bound / _gathered(self.keep_current, numerics)

    def membrane_limit(self, numerics: Numerics) -> int:
        """The largest membrane that its width holds, in accumulator units."""
        return ((1 << (numerics.membrane_bits - 1)) - 1) >> numerics.state_shift

    def reach(self, worst: float, numerics: Numerics) -> float:
        """The largest membrane of a non-spiking neuron that receives ``worst`` every step; 0 for others."""
        if self.kind != "li":
            return 0.0
        drive = worst * _gathered(self.keep_current, numerics) + float(np.abs(self.bias).max(initial=0))
        return drive * _gathered(self.keep_membrane, numerics) + abs(self.terms.initial_state)

    def largest_scale(self, worst: float, numerics: Numerics) -> int:
        """The largest scale at which threshold, bias, clamp, initial state and, if it is sent, the membrane fit."""
        if self.kind == "relay":
            return largest_scale(float(np.abs(self.bias).max(initial=0)), float(numerics.relay_bound - 1))
        state_limit = self.membrane_limit(numerics)
        parts = (
            self.threshold,
            self.reset_value,
            np.asarray(0.0 if self.terms.state_grid is not None else self.terms.v_min or 0.0),
            np.asarray(max(abs(self.terms.initial_state), self.reach(worst, numerics))),
            self.initial_current,
        )
        current_limit = ((1 << (numerics.current_bits - 1)) - 1) >> numerics.state_shift
        limits = (threshold_room(numerics), state_limit, state_limit, state_limit, current_limit)
        scales = [
            largest_scale(float(np.abs(part).max(initial=0)), float(limit))
            for part, limit in zip(parts, limits, strict=True)
        ]
        bias = float(np.abs(self.bias).max(initial=0)) * 2.0**numerics.state_shift
        return min(*scales, largest_scale(bias, float(bias_limit(numerics))))

    def population(self, k: int, output: Output, numerics: Numerics) -> Population:
        """The integer population at accumulator scale ``2**k``. Raises CannotRepresentError."""
        if self.kind == "relay":
            bias = _compact(np.rint(self.bias * 2.0**k).astype(np.int64))
            return Population(
                self.name,
                self.shape,
                "relay",
                k,
                bias=bias,
                shift=k - output.scale,
                output=output,
                inserted=self.inserted,
            )
        if self.kind == "li":
            output = Output("graded", numerics.membrane_bits, signed=True, scale=k + numerics.state_shift)
        state = 2.0 ** (k + numerics.state_shift)
        return Population(
            self.name,
            self.shape,
            self.kind,
            k,
            current_decay=round_decay(self.keep_current, numerics, self.name, "current"),
            membrane_decay=round_decay(self.keep_membrane, numerics, self.name, "membrane"),
            threshold=self._threshold(k, numerics),
            bias=_compact(round_bias(self.bias * state, numerics)),
            compare=">" if self.terms.fires_at == ">" else ">=",
            reset=self.reset,
            reset_value=int(np.rint(float(self.reset_value.flat[0]) * 2.0**k)),
            every_step=self.terms.reset_timing == "every-step",
            floor=self.floor(k, numerics),
            fire_once=self.terms.fire_once,
            max_spikes_per_step=self.terms.max_spikes_per_step,
            initial_membrane=int(np.rint(self.terms.initial_state * state)),
            initial_current=_compact(np.rint(self.initial_current * state).astype(np.int64)),
            output=output,
            inserted=self.inserted,
            unit=_one_or_all(self.unit),
        )

    def floor(self, k: int, numerics: Numerics) -> int | None:
        """The lower clamp; None where the membrane saturates before it gets there."""
        if self.terms.v_min is None:
            return None
        lowest = -((1 << (numerics.membrane_bits - 1)) - 1)
        saturates = numerics.membrane_overflow == "saturate"
        floor = int(np.rint(self.terms.v_min * 2.0**k))
        return floor if floor << numerics.state_shift > lowest or not saturates else None

    def rounds_to_zero(self, k: int) -> NDArray[np.bool_]:
        """Where a threshold above 0 is none any more at scale ``2**k``."""
        return (np.rint(self.threshold * 2.0**k) < 1) & (self.threshold > 0)

    def _threshold(self, k: int, numerics: Numerics) -> int | NDArray[np.int64]:
        lost = (self.threshold < 0) | self.rounds_to_zero(k)
        if np.any(lost):
            value = float(self.threshold[lost].flat[0])
            fault = "is negative" if value < 0 else f"rounds to 0 at accumulator scale 2^{k}"
            raise CannotRepresentError(
                f"its threshold {value:g} {fault}",
                f"node {self.name}",
                "raise the threshold or lower the input weights",
                value=value,
                limit=0.0 if value < 0 else 2.0**-k,
            )
        integers = np.rint(self.threshold * 2.0**k).astype(np.int64)
        return uniform(integers, numerics.per_neuron_threshold, self.name, "threshold")


def threshold_room(numerics: Numerics) -> int:
    """The largest threshold that is chosen: the machine's; an eighth where membranes beyond it must not saturate.

    A neuron that sends several spikes in a step has a membrane of as many thresholds.
    """
    return numerics.threshold_max >> (MULTIPLES if numerics.accumulation == "events" else 0)


def fitting_scale(scale: int, neuron: Neuron, numerics: Numerics) -> int:
    """The scale that the contract states. Raises CannotRepresentError where threshold or state do not fit there."""
    most = neuron.largest_scale(0.0, numerics)
    if scale > most:
        raise CannotRepresentError(
            f"its state_grid asks for the scale 2^{scale}, and its threshold, bias or initial state fit up to 2^{most}",
            f"node {neuron.name}",
            "lower the threshold, or set state_grid=none and let the scale be chosen",
            value=float(scale),
            limit=float(most),
        )
    return scale


def with_fewer_spikes(network: Network, most: int | None) -> Network:
    """``network`` with no neuron that may send more than ``most`` spikes in a step; None leaves it as it is."""
    contract = network.contract
    for name in network.populations if most is not None else ():
        allowed = contract.of(name).max_spikes_per_step
        contract = contract.override(name, max_spikes_per_step=most) if most and allowed > most else contract
    return network if contract is network.contract else replace(network, contract=contract)


def neuron_of(network: Network, name: str, paths: Sequence[Synapse], numerics: Numerics) -> Neuron:
    """Real parameters of node ``name``. Raises RefusedError, by name, for what integers cannot say."""
    node, shape = network.nodes[name], network.shapes[name]
    constant = sum((path.constant for path in paths if path.target == name), start=np.zeros(shape))
    zero, ones = np.zeros(shape), np.ones(shape)
    inserted = name in network.inserted
    terms = terms_of(node, network.contract.of(name))
    if is_junction(node):
        plain = Terms(dt=terms.dt)
        fixed = (ones, zero, zero, zero, constant, zero)
        return Neuron(name, shape, "relay", *fixed, "none", zero, plain, Output(), inserted)
    silent = isinstance(node, nir.I | nir.LI | nir.CubaLI)
    terms = replace(terms, fire_once=False, max_spikes_per_step=1) if silent else terms
    threshold = zero if silent else np.broadcast_to(threshold_of(node), shape)
    _check_expressible(name, node, terms, threshold)
    c = coefficients(node, terms)
    stateless = terms.reset_timing == "every-step"
    gain = np.broadcast_to(c.gain * c.gain_current if c.has_current else c.gain, shape)
    keep_current = c.current if c.has_current and not stateless else zero
    if terms.state_grid is not None and np.any(constant) and np.any(keep_current > 0):
        reason = (
            "a constant input into a decaying current rounds in every step, which a bias and an initial state do not"
        )
        raise RefusedError(reason, f"node {name}", "remove that bias, or set state_grid=none")
    settled = _settled(name, constant * gain, keep_current)
    v_reset = np.asarray(getattr(node, "v_reset", 0.0), np.float64) if terms.reset == "value" else zero
    return Neuron(
        name,
        shape,
        "li" if silent else "cuba-lif",
        gain,
        keep_current,
        zero if stateless else c.membrane,
        threshold,
        np.broadcast_to(settled + c.rest * (1 - c.membrane), shape),
        np.where(keep_current > 0, -settled, 0.0),
        "none" if silent else _reset(name, terms, v_reset),
        np.broadcast_to(v_reset, shape),
        terms,
        Output() if terms.max_spikes_per_step == 1 else _count(name, terms.max_spikes_per_step, numerics),
        inserted,
    )


def _settled(name: str, constant: Array, keep: Array) -> Array:
    """What a constant input of every step becomes in the current, once the current has settled.

    After t steps of a constant input c the current is ``C * (1 - keep**t)`` with ``C = c / (1 - keep)``: the membrane
    receives C as its bias, and ``-C * keep**t`` is a current that starts at -C and decays.
    """
    if np.any(constant) and np.any(keep >= 1):
        raise RefusedError(
            "a constant input into a current that never decays grows forever", f"node {name}", "remove the bias"
        )
    return constant / np.where(keep < 1, 1 - keep, 1.0)


def _reset(name: str, terms: Terms, v_reset: Array) -> Reset:
    if terms.reset != "value":
        return terms.reset
    if not np.any(v_reset):
        return "zero"
    if not np.all(v_reset == v_reset.flat[0]):
        raise RefusedError("v_reset differs between its neurons", f"node {name}", "use one reset value per layer")
    return "value"


def _check_expressible(name: str, node: Any, terms: Terms, threshold: Array) -> None:
    if isinstance(node, nir.CubaLIF | nir.CubaLI) and terms.current == "previous":
        raise RefusedError("its membrane is driven by the previous current", f"node {name}", "set current=new")
    if terms.reset_timing == "every-step" and terms.initial_state:
        raise RefusedError("a neuron reset every step has no initial state", f"node {name}", "set initial_state=0")
    if terms.max_spikes_per_step > 1 and np.any(threshold <= 0):
        raise RefusedError("counts spikes by thresholds above zero", f"node {name}", "raise its threshold")


def _count(name: str, most: int, numerics: Numerics) -> Output:
    width = most.bit_length()
    if width > numerics.message_bits:
        raise CannotRepresentError(
            f"up to {most} spikes per step need messages of {width} bits, {numerics.name} has {numerics.message_bits}",
            f"node {name}",
            f"-O spikes-per-step={(1 << numerics.message_bits) - 1} or fewer",
            value=float(width),
            limit=float(numerics.message_bits),
        )
    return Output("count", width)


def _gathered(keep: Array, numerics: Numerics) -> float:
    """The state that a constant drive of 1 per step leads to, with the decay rounded as it will be.

    ``keep``: per-step decay factor. A state without decay grows without end; it gets room for ``HORIZON`` steps.
    """
    if numerics.decay_rule == "shift":
        return min(1 / float(1.0 - kept_by(nearest_shift(keep, numerics)).max(initial=0.0)), HORIZON)
    lost = float(np.rint((1 - keep) * numerics.decay_one).min(initial=numerics.decay_one)) / numerics.decay_one
    return min(1 / lost, HORIZON) if lost > 0 else HORIZON


def _one_or_all(unit: Array) -> float | Array:
    return float(unit.flat[0]) if np.all(unit == unit.flat[0]) else unit


def _compact(values: NDArray[np.int64]) -> int | NDArray[np.int64]:
    return int(values.flat[0]) if values.size and np.all(values == values.flat[0]) else values
