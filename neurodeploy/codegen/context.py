"""The memory of a program in C: one struct per sample, the *context*, whose members all have a fixed size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from neurodeploy.codegen.integer_types import COMPUTED, stored_type
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.names import identifiers
from neurodeploy.errors import InputError
from neurodeploy.integers import INT32, INT64, UINT16, UINT32, UINT64, IntegerType, narrowest
from neurodeploy.step.arrival import Accumulator
from neurodeploy.step.neuron import CURRENT, FIRED, MEMBRANE, Update
from neurodeploy.step.plan import Plan, Stage
from neurodeploy.step.value import Value

SUMS = {16: UINT16, 32: UINT32, 64: UINT64}
"""The type of sums of each width; they are unsigned, so that they wrap."""
LETTERS = {CURRENT: "u", MEMBRANE: "v", FIRED: "f"}
"""What the C name of a state begins with."""


@dataclass(frozen=True)
class Member:
    """A member of the context: an array of ``count`` integers, or a single integer where ``count`` is 0."""

    name: str
    kind: IntegerType
    count: int

    @property
    def declaration(self) -> str:
        """Its declaration in a struct."""
        return f"{self.kind.name} {self.name}" + (f"[{self.count}];" if self.count else ";")

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.kind.bytes * max(self.count, 1)


@dataclass(frozen=True, eq=False)
class Context:
    """The memory of a plan in C.

    - ``identifiers``, ``layouts``: C name and storage of every node.
    - ``places``: where an accumulator (population, name) begins among the sums of its width.
    - ``members``: in the order of the struct.
    - ``native``: whether its code is rendered for this computer. States are recorded in 64 bits elsewhere: what reads
      the record of another machine knows nothing of a program's ranges.
    """

    plan: Plan
    identifiers: dict[str, str]
    layouts: dict[str, Layout]
    places: dict[tuple[str, str], int]
    members: tuple[Member, ...]
    native: bool = False

    @property
    def bytes(self) -> int:
        """Size of the struct: members stand in falling size of their type, so only its end is padded."""
        total = sum(member.bytes for member in self.members)
        align = max((member.kind.bytes for member in self.members), default=1)
        return -(-total // align) * align

    def message(self, name: str) -> IntegerType:
        """The type of what a node sends."""
        sender = self.plan.senders[name]
        return stored_type(sender.low, sender.high)

    def record(self, update: Update) -> IntegerType:
        """The type that current, membrane, and membrane before threshold are recorded in."""
        assert update.before is not None
        values = (update.after[CURRENT], update.after[MEMBRANE], update.before)
        low, high = min(value.low for value in values), max(value.high for value in values)
        return narrowest(low, high, COMPUTED) if self.native else INT64

    def now(self, name: str) -> str:
        """C text of a pointer to a node's messages of this step."""
        return self.past(name, 0)

    def past(self, name: str, delay: int) -> str:
        """C text of a pointer to a node's messages of ``delay`` steps ago."""
        sender, identifier = self.plan.senders[name], self.identifiers[name]
        if sender.slots == 1:
            return f"c->sent_{identifier}"
        back = f"(c->at_{identifier} + {sender.slots - delay}) % {sender.slots}" if delay else f"c->at_{identifier}"
        return f"c->sent_{identifier} + {back} * {self.layouts[name].size}"

    def state(self, name: str, key: str) -> str:
        """C text of the array of a population's state."""
        return f"c->{LETTERS[key]}_{self.identifiers[name]}"

    def accumulator(self, stage: Stage, name: str) -> str:
        """C text of a pointer to the first sum of an accumulator."""
        bits = next(sums.bits for sums in stage.arrival.accumulators if sums.name == name)
        place = self.places[stage.population.name, name]
        return f"c->sum{bits}" + (f" + {place}" if place else "")


def state_type(stage: Stage, key: str) -> IntegerType:
    """The narrowest type of a state at every step."""
    values: tuple[Value, ...] = (stage.update.start[key], stage.update.after[key])
    if key == CURRENT and stage.arrival.total.op == "state":
        values = (*values, stage.arrival.total)
    return stored_type(min(value.low for value in values), max(value.high for value in values))


def context(
    plan: Plan, summed_whole: Callable[[Stage, Accumulator], bool] | None = None, further: Sequence[Member] = ()
) -> Context:
    """The context of a plan.

    - ``summed_whole(stage, accumulator)``: whether an accumulator holds the sums of all neurons at once. None, for
      portable code: all do.
    - ``further``: members that native code adds. Its arrays are padded so that all of them start at a multiple of 64
      bytes.

    Raises InputError where an index would not fit 32 bits.
    """
    native = summed_whole is not None
    identifier = identifiers(plan.senders)
    layouts = {name: Layout(sender.shape) for name, sender in plan.senders.items()}
    places, most = _places(plan, layouts, summed_whole or (lambda stage, sums: True))
    members = [
        *(member for name in plan.senders for member in _message_members(plan, name, identifier[name], layouts[name])),
        *(member for stage in plan.stages for member in _state_members(stage, identifier, layouts)),
        *(Member(f"sum{bits}", kind, most[bits]) for bits, kind in SUMS.items() if most[bits]),
    ]
    if native:
        members = [_aligned(member) for member in (*members, *further)]
    members.sort(key=lambda member: (native and member.count == 0, -member.kind.bytes))
    return Context(plan, identifier, layouts, places, tuple(members), native)


def _places(
    plan: Plan, layouts: Mapping[str, Layout], summed_whole: Callable[[Stage, Accumulator], bool]
) -> tuple[dict[tuple[str, str], int], dict[int, int]]:
    """Where each accumulator begins among the sums of its width, and the most sums of each width that a stage needs."""
    places: dict[tuple[str, str], int] = {}
    most = dict.fromkeys(SUMS, 0)
    for stage in plan.stages:
        name, used = stage.population.name, dict.fromkeys(SUMS, 0)
        for sums in stage.arrival.accumulators:
            if summed_whole(stage, sums):
                places[name, sums.name] = used[sums.bits]
                used[sums.bits] += _checked_count(layouts[name])
        most = {bits: max(count, used[bits]) for bits, count in most.items()}
    return places, most


def _message_members(plan: Plan, name: str, identifier: str, layout: Layout) -> Iterator[Member]:
    """A node's messages, and for delayed ones where this step's stand in the ring buffer."""
    sender = plan.senders[name]
    yield Member(f"sent_{identifier}", stored_type(sender.low, sender.high), _checked_count(layout, sender.slots))
    if sender.slots > 1:
        yield Member(f"at_{identifier}", UINT32, 0)


def _state_members(stage: Stage, identifier: Mapping[str, str], layouts: Mapping[str, Layout]) -> Iterator[Member]:
    """The states of a population that a later step reads."""
    name = stage.population.name
    for key in stage.update.stored:
        yield Member(f"{LETTERS[key]}_{identifier[name]}", state_type(stage, key), _checked_count(layouts[name]))


def _aligned(member: Member) -> Member:
    """The member with its array padded to whole lines of 64 bytes."""
    line = 64 // member.kind.bytes
    return Member(member.name, member.kind, -(-member.count // line) * line)


def _checked_count(layout: Layout, slots: int = 1) -> int:
    """Integers in an array of so many steps of a population; an empty one has one, since C has no empty arrays."""
    count = max(layout.size * slots, 1)
    if count > INT32.high:
        raise InputError(f"{count} integers of one population are too many for 32-bit indices", "program", "shrink it")
    return count
