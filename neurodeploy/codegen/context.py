"""The memory of a program in C: one struct per sample, every member static in size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from neurodeploy.codegen.integer_types import stored_type
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.names import identifiers
from neurodeploy.errors import InputError
from neurodeploy.integers import INT32, UINT16, UINT32, UINT64, IntegerType
from neurodeploy.step.arrival import Accumulator
from neurodeploy.step.neuron import CURRENT, FIRED, MEMBRANE
from neurodeploy.step.plan import Plan, Stage
from neurodeploy.step.value import Value

SUMS = {16: UINT16, 32: UINT32, 64: UINT64}
LETTERS = {CURRENT: "u", MEMBRANE: "v", FIRED: "f"}


@dataclass(frozen=True)
class Member:
    """An array (or a single integer, ``count`` 0) of the context."""

    name: str
    kind: IntegerType
    count: int

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.kind.bytes * max(self.count, 1)


@dataclass(frozen=True, eq=False)
class Context:
    """Identifiers and layouts by node, the place of every accumulator, and the members."""

    plan: Plan
    identifiers: dict[str, str]
    layouts: dict[str, Layout]
    places: dict[tuple[str, str], int]
    members: tuple[Member, ...]

    @property
    def bytes(self) -> int:
        """Size of the struct: members stand in falling size of their type, so only its end is padded."""
        total = sum(each.bytes for each in self.members)
        align = max((each.kind.bytes for each in self.members), default=1)
        return -(-total // align) * align

    def message(self, name: str) -> IntegerType:
        """The type of what a node sends."""
        sender = self.plan.senders[name]
        return stored_type(sender.low, sender.high)

    def now(self, name: str) -> str:
        """Where a node's messages of this step stand."""
        return self.past(name, 0)

    def past(self, name: str, delay: int) -> str:
        """Where a node's messages of ``delay`` steps ago stand."""
        sender, own = self.plan.senders[name], self.identifiers[name]
        if sender.slots == 1:
            return f"c->sent_{own}"
        back = f"(c->at_{own} + {sender.slots - delay}) % {sender.slots}" if delay else f"c->at_{own}"
        return f"c->sent_{own} + {back} * {self.layouts[name].size}"

    def state(self, name: str, key: str) -> str:
        """The array of a population's state."""
        return f"c->{LETTERS[key]}_{self.identifiers[name]}"

    def accumulator(self, stage: Stage, name: str) -> str:
        """The first element of an accumulator."""
        bits = next(each.bits for each in stage.arrival.accumulators if each.name == name)
        place = self.places[stage.population.name, name]
        return f"c->sum{bits}" + (f" + {place}" if place else "")


def state_type(stage: Stage, key: str) -> IntegerType:
    """The narrowest type of a state at every step."""
    values: tuple[Value, ...] = (stage.update.start[key], stage.update.after[key])
    if key == CURRENT and stage.arrival.total.op == "state":
        values = (*values, stage.arrival.total)
    return stored_type(min(each.low for each in values), max(each.high for each in values))


def context(
    plan: Plan, whole: Callable[[Stage, Accumulator], bool] | None = None, further: Sequence[Member] = ()
) -> Context:
    """The context of a plan. Raises InputError where an index would not fit 32 bits.

    ``whole``: which accumulators hold the sums of all neurons at once (all, unless it says otherwise); ``further``:
    members that native code adds, for which every array is padded so that all of them start at a multiple of 64 bytes.
    """
    own = identifiers(plan.senders)
    layouts = {name: Layout(sender.shape) for name, sender in plan.senders.items()}
    places: dict[tuple[str, str], int] = {}
    most = {16: 0, 32: 0, 64: 0}
    members: list[Member] = []
    for name, sender in plan.senders.items():
        members.append(
            Member(f"sent_{own[name]}", stored_type(sender.low, sender.high), _whole(layouts[name], sender.slots))
        )
        if sender.slots > 1:
            members.append(Member(f"at_{own[name]}", UINT32, 0))
    for stage in plan.stages:
        name, used = stage.population.name, dict.fromkeys(most, 0)
        for each in stage.arrival.accumulators:
            if whole is not None and not whole(stage, each):
                continue
            places[name, each.name] = used[each.bits]
            used[each.bits] += _whole(layouts[name])
        most = {bits: max(count, used[bits]) for bits, count in most.items()}
        for key in stage.update.stored:
            members.append(Member(f"{LETTERS[key]}_{own[name]}", state_type(stage, key), _whole(layouts[name])))
    members += [Member(f"sum{bits}", kind, most[bits]) for bits, kind in SUMS.items() if most[bits]]
    if whole is not None:
        members = [_aligned(each) for each in (*members, *further)]
    members.sort(key=lambda each: (whole is not None and each.count == 0, -each.kind.bytes))
    return Context(plan, own, layouts, places, tuple(members))


def _aligned(member: Member) -> Member:
    line = 64 // member.kind.bytes
    return Member(member.name, member.kind, -(-member.count // line) * line)


def _whole(layout: Layout, slots: int = 1) -> int:
    count = max(layout.size * slots, 1)
    if count > INT32.high:
        raise InputError(f"{count} integers of one population are too many for 32-bit indices", "program", "shrink it")
    return count
