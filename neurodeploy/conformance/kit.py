"""Small programs around one idea: what every one of them is built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.case import Case
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Compare, Input, Output, Population, Reset
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.stimulus import Stimulus

IntArray = NDArray[np.int64]
SAMPLES, STEPS = 2, 16
LINES, NEURONS, MOST_LINES = 4, 5, 16


@dataclass(frozen=True)
class Kit:
    """A machine's numerics, and the reset, comparison and spikes per step of neurons that are about something else."""

    numerics: Numerics
    reset: Reset = "zero"
    compare: Compare = ">"
    spikes: int = 1

    @property
    def forgets(self) -> int:
        """The decay that leaves no memory."""
        return 0 if self.numerics.decay_rule == "shift" else self.numerics.decay_one

    @property
    def quick(self) -> int:
        """The decay of a current that acts once; where events enter before it decays, it must leave something."""
        return 1 if self.numerics.decay_rule == "shift" else self.numerics.decay_one

    @property
    def leaks(self) -> int:
        """A decay that leaves most."""
        return 3 if self.numerics.decay_rule == "shift" else self.numerics.decay_one // 9

    @property
    def keeps(self) -> int:
        """The decay that leaves all, or as much as the machine can keep."""
        return self.numerics.decay_one - 1 if self.numerics.decay_rule == "shift" else 0

    @property
    def state(self) -> int:
        """One accumulator unit in state units."""
        return 1 << self.numerics.state_shift

    def neuron(self, name: str = "n", shape: tuple[int, ...] = (NEURONS,), **changes: Any) -> Population:
        """Spiking neurons that lose nothing, as far as the machine allows that, and fire now and then.

        Their threshold is odd, so that sums of even weights never meet it.
        """
        plain = Population(name, shape, "cuba-lif", 0, self.quick, self.keeps, 71)
        many: dict[str, Any] = {}
        if self.spikes > 1:
            many = {"max_spikes_per_step": self.spikes, "output": Output("count", self.spikes.bit_length())}
        return replace(plain, **{"reset": self.reset, "compare": self.compare, **many, **changes})

    def readout(self, **changes: Any) -> Population:
        """Integrators that lose nothing, whose membranes are read."""
        n = self.numerics
        output = Output("graded", n.membrane_bits, signed=True, scale=n.state_shift)
        plain = Population("n", (NEURONS,), "li", 0, self.quick, self.keeps, reset="none", output=output)
        return replace(plain, **changes)

    def relay(self, shift: int = 2, width: int = 8, signed: bool = True, bias: int = 0) -> Population:
        """A relay of a width."""
        output = Output("graded", width, signed, scale=-shift)
        return Population("n", (NEURONS,), "relay", bias=bias, shift=shift, output=output)

    def weights(self, *shape: int, low: int = -40, high: int = 60, key: int = 0) -> IntArray:
        """Even weights in ``low .. high``, both ends among them."""
        drawn = 2 * np.random.default_rng((key, *shape)).integers(low // 2, high // 2, shape, endpoint=True)
        drawn.flat[:2] = (high, low)[: drawn.size]
        return drawn

    def feed(
        self, source: str = "in", target: str = "n", sizes: tuple[int, int] = (NEURONS, LINES), **changes: Any
    ) -> Projection:
        """Dense weights of both signs; ``sizes``: of target and source."""
        weights = changes.pop("weights", None)
        weights = self.weights(*sizes) if weights is None else weights
        return replace(Projection(f"{source}-{target}", source, target, "dense", weights), **changes)

    def case(
        self,
        populations: Sequence[Population],
        projections: Sequence[Projection],
        inputs: Sequence[Input] = (Input("in", (LINES,)),),
        values: Mapping[str, NDArray[Any]] | None = None,
        outputs: Sequence[str] = (),
    ) -> Case:
        """A case of these parts; inputs that ``values`` does not name receive events at random."""
        shown = {node.name: self.events(node) for node in inputs} | dict(values or {})
        feeding = {p.source for p in projections if p.source != p.target}
        ends = tuple(outputs) or tuple(p.name for p in populations if p.name not in feeding)
        widths = {p.name: p.output.width for p in populations if p.output.kind == "count"} if self.spikes > 1 else {}
        carried = tuple(replace(p, message_bits=max(p.message_bits, widths.get(p.source, 1))) for p in projections)
        program = Program(self.numerics, tuple(inputs), tuple(populations), carried, ends)
        return Case("", program, Stimulus(shown), STEPS)

    def events(self, node: Input, rate: float = 0.45) -> NDArray[np.float64]:
        """Events at random, of random size where the input is graded: ``(samples, steps, *shape)``."""
        rng = np.random.default_rng((crc32(node.name.encode()), node.bits, *node.shape))
        shape = (SAMPLES, STEPS, *node.shape)
        values = rng.integers(node.output.low, node.output.high, shape, endpoint=True)
        values = np.where(values == 0, node.output.high, values)
        return np.where(rng.random(shape) < rate, values, 0) / 2.0**node.scale

    def alone(self, neuron: Population, **changes: Any) -> Case:
        """One population, fed by one dense projection."""
        return self.case([neuron], [self.feed(**changes)])

    def steady(self, neuron: Population, amounts: Sequence[int]) -> Case:
        """One population whose neurons all receive the next of ``amounts`` in every step, in accumulator units.

        Every amount has its own lines, which all send then. Raises NotExpressibleError where no weights make it.
        """
        lines = {amount: self.lines(abs(amount)) for amount in dict.fromkeys(amounts) if amount}
        message = max((message for _, message in lines.values()), default=1)
        bits = 1 if message == 1 else message.bit_length()
        most = max((abs(amount) // (count * message) for amount, (count, _) in lines.items()), default=1)
        shift = max(0, most.bit_length() - self.largest.bit_length())
        if shift > self.numerics.shift_max:
            raise NotExpressibleError
        columns: list[int] = []
        sent = np.zeros((SAMPLES, STEPS, sum(count for count, _ in lines.values()) or 1))
        for amount, (count, _) in lines.items():
            steps = np.resize(np.array(amounts), STEPS) == amount
            sent[:, steps, len(columns) : len(columns) + count] = message
            size = self.on_grid(abs(amount) // (count * message) >> shift, mixed=min(amounts) < 0 < max(amounts))
            columns += [size if amount > 0 else -size] * count
        weights = np.tile(np.array(columns or [1], np.int64), (neuron.size, 1))
        node = Input("in", (sent.shape[-1],), bits=bits)
        return self.case([neuron], [self.feed(weights=weights, shift=shift, message_bits=bits)], [node], {"in": sent})

    @property
    def largest(self) -> int:
        """The largest weight of either sign that is even."""
        n = self.numerics
        return (1 << n.weight_bits) - 2 if n.weight_rule == "sign-magnitude" else (1 << (n.weight_bits - 1)) - 2

    def on_grid(self, weight: int, mixed: bool) -> int:
        """The nearest weight that the machine has."""
        even = mixed and self.numerics.weight_rule == "sign-magnitude"
        return max(2 if even else 1, min(weight - weight % 2 if even else weight, self.largest))

    def lines(self, amount: int) -> tuple[int, int]:
        """How many input lines make so large a sum, and what each sends: 1, or more where that takes too many."""
        n = self.numerics
        reach = self.largest << n.shift_max
        if -(-amount // reach) <= MOST_LINES:
            return max(1, -(-amount // reach)), 1
        message = (1 << (n.input_bits or min(n.message_bits, 16) - 1)) - 1
        count = -(-amount // (reach * message))
        if count > MOST_LINES:
            raise NotExpressibleError
        return count, message


class NotExpressibleError(Exception):
    """These numerics have no such edge."""


@dataclass(frozen=True, eq=False)
class Idea:
    """One attribute of one operator at one of its edges, as a program in which little else happens."""

    operator: str
    attribute: str
    edge: str
    make: Callable[[Kit], Case]

    @property
    def name(self) -> str:
        """Its three words, as a path."""
        return f"{self.operator}/{self.attribute}/{self.edge}".replace(" ", "-")
