"""Ideas about populations: every attribute of spiking neurons, integrators and relays, at its edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.kit import LINES, NEURONS, SAMPLES, STEPS, Idea, Kit, NotExpressibleError
from neurodeploy.program.population import Compare, Input, Output, Population, Reset

LIF = "cuba-lif"


def neuron_ideas() -> Iterator[Idea]:
    """Every idea about a population."""
    yield Idea(LIF, "plain", "one layer", lambda kit: kit.alone(kit.neuron()))
    yield from _decays()
    yield from _thresholds()
    yield from _resets()
    yield from _constants()
    yield from _rules()
    yield from _overflows()
    yield from _readouts()
    yield from _relays()


def _changed(attribute: str, edge: str, **changes: Any) -> Idea:
    return Idea(LIF, attribute, edge, lambda kit: kit.alone(kit.neuron(**changes)))


def _decays() -> Iterator[Idea]:
    for field in ("membrane_decay", "current_decay"):
        words = field.replace("_", " ")

        def decayed(kit: Kit, field: str, amount: Any) -> Case:
            return kit.alone(kit.neuron(**_of(field, amount)))

        def at(edge: str, kit: Kit) -> int:
            full = kit.numerics.decay_one
            edges = {"none": kit.keeps, "all": kit.forgets, "least": 1, "a ninth": kit.leaks}
            return (edges | {"half": full // 2, "nearly all": full - 1})[edge]

        for edge in ("none", "least", "a ninth", "half", "nearly all", "all"):
            yield Idea(LIF, words, edge, lambda kit, f=field, e=edge: decayed(kit, f, at(e, kit)))
        yield Idea(LIF, words, "of negatives", lambda kit, f=field: _negative(kit, kit.neuron(**_of(f, kit.leaks))))

        def varied(kit: Kit, field: str = field) -> Case:
            if not kit.numerics.per_neuron_decay:
                raise NotExpressibleError
            amounts = np.linspace(kit.leaks, kit.numerics.decay_one // 2, NEURONS).astype(np.int64)
            return decayed(kit, field, amounts)

        yield Idea(LIF, words, "of each neuron", varied)


def _of(field: str, value: Any) -> dict[str, Any]:
    """A change of one attribute."""
    return {field: value}


def _negative(kit: Kit, neuron: Population) -> Case:
    """Driven below zero by odd amounts, and back above the threshold before everything is forgotten."""
    low, high = (-37, 151) if kit.numerics.weight_rule == "twos-complement" else (-38, 150)
    return kit.steady(neuron, (low, 0, 0, low, 0, high, high, 0))


def _thresholds() -> Iterator[Idea]:
    yield _changed("threshold", "one", threshold=1)
    yield Idea(LIF, "threshold", "largest", lambda kit: _largest_threshold(kit))
    yield _changed("threshold", "of each neuron", threshold=np.array([20, 35, 50, 90, 130]))
    compares: tuple[Compare, ...] = (">", ">=")
    for compare in compares:
        for edge, amount in (("below", 48), ("reached", 50), ("passed", 52)):
            yield Idea(LIF, f"compare {compare}", edge, lambda kit, c=compare, a=amount: _tie(kit, c, a))


def _largest_threshold(kit: Kit) -> Case:
    top = kit.numerics.threshold_max
    return kit.steady(kit.neuron(threshold=top, membrane_decay=kit.keeps), (top // 3, top // 4, -top // 5))


def _tie(kit: Kit, compare: Compare, amount: int) -> Case:
    """A membrane without memory that receives ``amount`` now and then, at a threshold of 50."""
    neuron = kit.neuron(threshold=50, membrane_decay=kit.forgets, compare=compare)
    amount = 2 * amount if kit.numerics.decay_rule == "shift" else amount
    return kit.steady(neuron, (amount, *[0] * 9))


def _resets() -> Iterator[Idea]:
    resets: tuple[Reset, ...] = ("zero", "subtract", "none")
    for reset in resets:
        yield _changed("reset", reset, reset=reset)
    for edge, value in (("to a negative value", -45), ("to a positive value", 25), ("to the threshold", 71)):
        yield _changed("reset", edge, reset="value", reset_value=value)
    for compare in (">", ">="):
        changes: dict[str, Any] = {"reset": "subtract", "compare": compare, "threshold": 12}
        yield _changed("reset", f"subtract with {compare}", **changes)


def _constants() -> Iterator[Idea]:
    def biased(kit: Kit, factor: float | Sequence[float]) -> Case:
        bias = np.rint(np.asarray(factor) * 24).astype(np.int64) * kit.state
        return kit.alone(kit.neuron(bias=int(bias) if bias.ndim == 0 else bias))

    yield Idea(LIF, "bias", "positive", lambda kit: biased(kit, 1))
    yield Idea(LIF, "bias", "negative", lambda kit: biased(kit, -0.5))
    yield Idea(LIF, "bias", "of each neuron", lambda kit: biased(kit, [1, -1, 0, 2, 0.5]))
    yield Idea(LIF, "bias", "one unit", lambda kit: kit.alone(kit.neuron(bias=1, membrane_decay=kit.keeps)))
    yield Idea(LIF, "bias", "largest", lambda kit: _largest_bias(kit, 1))
    yield Idea(LIF, "bias", "smallest", lambda kit: _largest_bias(kit, -1))
    yield Idea(LIF, "bias", "alone", lambda kit: kit.case([kit.neuron(bias=31 * kit.state)], []))
    for field in ("initial_membrane", "initial_current"):
        words = field.replace("_", " ")
        for edge, amount in (("positive", 60), ("negative", -60)):

            def started(kit: Kit, field: str = field, amount: int = amount) -> Case:
                return kit.alone(kit.neuron(**_lasting(kit, field), **_of(field, amount * kit.state)))

            yield Idea(LIF, words, edge, started)

        def varied(kit: Kit, field: str = field) -> Case:
            start = np.array([100, -100, 3, 0, 61]) * kit.state
            return kit.alone(kit.neuron(**_lasting(kit, field), **_of(field, start)))

        yield Idea(LIF, words, "of each neuron", varied)


def _lasting(kit: Kit, field: str) -> dict[str, Any]:
    """A current that its start does not leave at once; its threshold is higher, since it adds up."""
    return {"current_decay": kit.keeps, "threshold": 400} if field == "initial_current" else {}


def _largest_bias(kit: Kit, sign: int) -> Case:
    n = kit.numerics
    mantissa = (1 << (n.bias_mantissa_bits - 1)) - (sign > 0)
    bias = sign * (mantissa << n.bias_exponent_max)
    bound = (1 << (n.membrane_bits - 1)) - 1
    bias = max(-bound, min(bias, bound))
    return kit.alone(kit.neuron(bias=bias, membrane_decay=kit.keeps, threshold=n.threshold_max))


def _rules() -> Iterator[Idea]:
    yield _changed("floor", "zero", floor=0)
    yield _changed("floor", "negative", floor=-15)
    yield _changed("ceiling", "above the threshold", ceiling=75, reset="subtract")
    yield _changed("ceiling", "below the threshold", ceiling=40)
    yield _changed("floor", "with a ceiling", floor=-10, ceiling=72)
    yield _changed("fire once", "in every sample", fire_once=True)
    yield _changed("stateless", "plain", every_step=True, threshold=30)
    yield Idea(LIF, "stateless", "from a state", _afresh)
    for compare in (">", ">="):
        for reset in ("zero", "subtract"):
            many: dict[str, Any] = {"compare": compare, "reset": reset, "threshold": 12, "max_spikes_per_step": 3}
            yield _changed("spikes per step", f"3, {reset}, {compare}", output=Output("count", 2), **many)
    yield _changed("spikes per step", "7", threshold=9, max_spikes_per_step=7, output=Output("count", 3))
    yield Idea(LIF, "shape", "three axes", lambda kit: _planes(kit))
    yield Idea(LIF, "shape", "one neuron", lambda kit: kit.case([kit.neuron(shape=(1,))], [kit.feed(sizes=(1, LINES))]))


def _afresh(kit: Kit) -> Case:
    return kit.alone(kit.neuron(every_step=True, initial_membrane=20 * kit.state))


def _planes(kit: Kit) -> Case:
    shape = (2, 3, 2)
    wide = kit.feed(sizes=(12, 12))
    return kit.case([kit.neuron(shape=shape)], [wide], [Input("in", (3, 2, 2))])


def _overflows() -> Iterator[Idea]:
    """Sums beyond every width of the machine, from either side."""
    for edge, sign in (("above", 1), ("below", -1)):
        yield Idea(LIF, "current overflow", edge, lambda kit, s=sign: _current(kit, s))
        yield Idea(LIF, "membrane overflow", edge, lambda kit, s=sign: _membrane(kit, s))
    yield Idea(LIF, "current overflow", "by memory", lambda kit: _remembered(kit))


def _bound(bits: int, kit: Kit) -> int:
    return (1 << (bits - 1)) >> kit.numerics.state_shift


def _high(kit: Kit) -> int:
    """A threshold that only a membrane near its bound passes."""
    return min(kit.numerics.threshold_max, _bound(kit.numerics.membrane_bits, kit) * 3 // 4)


def _current(kit: Kit, sign: int) -> Case:
    """One step brings 1.3 times what the current holds; later ones bring it back."""
    most = sign * _bound(kit.numerics.current_bits, kit) * 13 // 10
    neuron = kit.neuron(threshold=_high(kit))
    return kit.steady(neuron, (most, 0, -most // 4, most // 4, 0))


def _membrane(kit: Kit, sign: int) -> Case:
    most = sign * _bound(kit.numerics.membrane_bits, kit) * 2 // 5
    neuron = kit.neuron(threshold=_high(kit), membrane_decay=kit.keeps)
    return kit.steady(neuron, (most, most, most, *[-most] * 5))


def _remembered(kit: Kit) -> Case:
    most = _bound(kit.numerics.current_bits, kit) * 2 // 5
    neuron = kit.neuron(threshold=_high(kit), current_decay=kit.keeps)
    return kit.steady(neuron, (most, most, most, -most, -most))


def _readouts() -> Iterator[Idea]:
    def idea(attribute: str, edge: str, **changes: Any) -> Idea:
        return Idea("li", attribute, edge, lambda kit: kit.alone(kit.readout(**changes)))

    yield idea("plain", "one layer")
    yield Idea(
        "li", "membrane decay", "of negatives", lambda kit: _negative(kit, kit.readout(membrane_decay=kit.leaks))
    )
    yield Idea("li", "membrane decay", "a ninth", lambda kit: kit.alone(kit.readout(membrane_decay=kit.leaks)))
    yield Idea("li", "current decay", "leaky", lambda kit: kit.alone(kit.readout(current_decay=kit.leaks)))
    yield Idea("li", "bias", "negative", lambda kit: kit.alone(kit.readout(bias=-7 * kit.state)))
    yield Idea("li", "initial membrane", "negative", lambda kit: kit.alone(kit.readout(initial_membrane=-999)))
    yield Idea("li", "membrane overflow", "above", lambda kit: _full(kit))


def _full(kit: Kit) -> Case:
    most = _bound(kit.numerics.membrane_bits, kit) * 2 // 5
    return kit.steady(kit.readout(membrane_decay=kit.keeps), (most, most, most, -most))


def _relays() -> Iterator[Idea]:
    halves = (6, -6, 10, -10, 2, -2, 0)
    yield Idea("relay", "plain", "shift 2", lambda kit: kit.alone(kit.relay()))
    yield Idea("relay", "rounding", "ties to even", lambda kit: kit.steady(kit.relay(2), halves))
    yield Idea("relay", "rounding", "next to ties", lambda kit: kit.steady(kit.relay(3), (10, 14, -10, -14, 18, -18)))
    yield Idea("relay", "shift", "none", lambda kit: kit.alone(kit.relay(0, 12)))
    yield Idea("relay", "shift", "left", lambda kit: kit.alone(kit.relay(-2, 14)))
    yield Idea("relay", "width", "clipped", lambda kit: kit.alone(kit.relay(1, 5)))
    yield Idea("relay", "width", "unsigned", lambda kit: kit.alone(kit.relay(1, 5, signed=False)))
    yield Idea("relay", "bias", "negative", lambda kit: kit.alone(kit.relay(2, 8, bias=-5)))
    yield Idea("relay", "into", "neurons", lambda kit: _relayed(kit))


def _relayed(kit: Kit) -> Case:
    relay = Population("mid", (NEURONS,), "relay", shift=3, output=Output("graded", 6, signed=True, scale=-3))
    into = kit.feed("mid", "n", (NEURONS, NEURONS), message_bits=6)
    return kit.case([relay, kit.neuron()], [kit.feed("in", "mid"), into])


__all__ = ["SAMPLES", "STEPS", "neuron_ideas"]
