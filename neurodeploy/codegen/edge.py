"""One projection as the code that adds its messages sees it: its weights, the layouts, and the accumulator's width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from neurodeploy.codegen.integer_types import stored_type
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.window import Window, window_of
from neurodeploy.integers import IntegerType
from neurodeploy.program.projection import Projection
from neurodeploy.step.arrival import Accumulator
from neurodeploy.step.plan import Plan, Sender


@dataclass(frozen=True)
class Edge:
    """A projection into an accumulator: every message ``m`` adds ``weight * m * 2**shift`` modulo ``2**bits``.

    - ``projection``: with its weights as they are stored, a common power of two taken out.
    - ``sender``: the range of its source's messages.
    - ``source``, ``target``: how the neurons of both populations lie in memory.
    - ``bits``: width of the accumulator, 16, 32 or 64.
    - ``shift``: 0 or more; what ``Term.shift`` says.
    """

    projection: Projection
    sender: Sender
    source: Layout
    target: Layout
    bits: int
    shift: int

    @cached_property
    def window(self) -> Window:
        """The geometry of a convolution or pooling. Raises InputError for one that does not fit its source."""
        return window_of(self.projection, self.source.shape)

    @property
    def message(self) -> IntegerType:
        """The type its source's messages are stored in."""
        return stored_type(self.sender.low, self.sender.high)

    @property
    def computed(self) -> int:
        """Bits of the arithmetic; sums of 16 bits are computed in 32, since C promotes them to a signed type."""
        return max(self.bits, 32)

    def adds(self, place: str, weight: str) -> str:
        """The statement that adds a weight times the message ``m`` to ``sum[place]``."""
        product = f"(uint{self.computed}_t){weight} * m"
        return (
            f"sum[{place}] = (uint16_t)(sum[{place}] + {product});"
            if self.bits == 16
            else f"sum[{place}] += {product};"
        )

    @property
    def unit(self) -> bool:
        """Whether every message that is not 0 counts as 1."""
        return self.projection.message_bits == 1 or (self.sender.low, self.sender.high) == (0, 1)


def edges(plan: Plan, accumulator: Accumulator, layouts: Mapping[str, Layout], target: Layout) -> list[Edge]:
    """The projections that add to an accumulator of a population stored as ``target``, in order."""
    return [
        Edge(
            replace(term.projection, weights=term.projection.weights >> term.twos),
            plan.senders[term.projection.source],
            layouts[term.projection.source],
            target,
            accumulator.bits,
            term.shift,
        )
        for term in accumulator.terms
    ]
