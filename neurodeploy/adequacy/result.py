"""What a check would have noticed of one node, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from neurodeploy.table import Table, said


@dataclass(frozen=True)
class Seen:
    """One wrong rule of a node: in how many of the ``neurons`` that were tried it shows.

    - ``term``: what the rule is about; ``words``: what it does.
    - ``in_states``: neurons whose membrane, current or output it changes; ``in_outputs``: whose output it changes.
    - ``possible``: whether some input can make it show at all; False only where that is proved.
    """

    term: str
    words: str
    neurons: int
    in_states: int
    in_outputs: int
    possible: bool = True

    def shows(self, states: bool) -> int:
        """In how many neurons a check shows it that compares outputs, or outputs and ``states``."""
        return self.in_states if states else self.in_outputs

    def __str__(self) -> str:
        return f"{self.term} ({self.words})"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


@dataclass(frozen=True)
class NodeAdequacy:
    """Which wrong rules of a node this check would have noticed, had its target followed one of them.

    - ``seen``: every rule that was tried, on ``neurons`` of the node's ``size``, in ``samples`` times ``steps``.
    - ``states``: whether the check compared the node's states; outputs alone else.
    """

    seen: tuple[Seen, ...]
    neurons: int
    size: int
    samples: int
    steps: int
    states: bool = True

    @property
    def rules(self) -> int:
        """Wrong rules that can show at all."""
        return sum(rule.possible for rule in self.seen)

    @property
    def noticed(self) -> int:
        """Those that show in some neuron."""
        return sum(rule.possible and rule.shows(self.states) > 0 for rule in self.seen)

    @property
    def blind(self) -> tuple[Seen, ...]:
        """Rules that show in no neuron although some input may show them."""
        return tuple(rule for rule in self.seen if rule.possible and not rule.shows(self.states))

    @property
    def partly(self) -> tuple[Seen, ...]:
        """Rules that show in some of the neurons only, so that a single neuron could follow them unnoticed."""
        return tuple(rule for rule in self.seen if rule.possible and 0 < rule.shows(self.states) < rule.neurons)

    @property
    def unnoticed(self) -> tuple[Seen, ...]:
        """Rules that some neuron could follow without being noticed, as far as is known."""
        return (*self.blind, *self.partly)

    def joined(self, more: NodeAdequacy) -> NodeAdequacy:
        """The same with what a further run would have shown: of every rule, the run in which more neurons show it."""
        others = {(rule.term, rule.words): rule for rule in more.seen}
        seen = tuple(
            max(rule, others.get((rule.term, rule.words), rule), key=lambda one: one.shows(self.states))
            for rule in self.seen
        )
        return replace(self, seen=seen)

    @property
    def impossible(self) -> tuple[Seen, ...]:
        """Rules that no input can show: for this node they are no fault."""
        return tuple(rule for rule in self.seen if not rule.possible)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``check --json`` prints it."""
        return {
            "noticed": self.noticed,
            "rules": self.rules,
            **{key: getattr(self, key) for key in ("neurons", "size", "samples", "steps", "states")},
            "seen": [rule.to_json() for rule in self.seen],
        }


def adequacy_table(adequacy: Mapping[str, NodeAdequacy]) -> Table:
    """Wrong rules noticed, node by node, and those that were not."""
    rows = [
        (
            name,
            f"{node.noticed} of {node.rules}",
            f"{node.neurons} of {node.size}",
            "outputs and states" if node.states else "outputs",
            ", ".join(map(str, node.blind)),
        )
        for name, node in adequacy.items()
    ]
    columns = ("node", ">noticed", ">neurons", "by", "blind to")
    return said(Table("wrong rules that this check would have noticed", columns, rows))
