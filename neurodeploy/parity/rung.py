"""The comparison of two neighboring rungs of the ladder, as values, and the verdict that follows from its counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from neurodeploy.causes import Causes
from neurodeploy.evidence import INDEPENDENT, Evidence
from neurodeploy.losses.losses import Losses

Verdict = Literal["agree", "diverged", "inconclusive", "same code"]
"""``same code``: nothing differs, but the reference's own code ran on both sides."""
Policy = Literal["ties", "budget", "exact", "same code"]
"""How a rung is judged; ``same code``: without independent evidence there is nothing to judge."""
Quantity = Literal["output", "membrane", "current"]
NOT_ROUNDING = "not rounding"
"""What stands beside ``diverged`` where integers differ from the network by more than rounding can make."""


@dataclass(frozen=True)
class Scope:
    """What a rung compared, over how many ``samples`` and ``steps``: outputs of all its nodes, states of some.

    ``with_states``, ``without_states``: the populations that have membranes and currents, by whether both sides
    recorded them. ``part``: the part in which the reference computed what was expected, where elsewhere the same
    compiled code ran on both sides.
    """

    samples: int
    steps: int
    with_states: tuple[str, ...] = ()
    without_states: tuple[str, ...] = ()
    part: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing was left out that could be compared."""
        return not self.without_states and not self.part

    def __str__(self) -> str:
        return f"{self._quantities}; against the reference in {self.part}" if self.part else self._quantities

    @property
    def _quantities(self) -> str:
        if not self.with_states:
            return "outputs"
        if not self.without_states:
            return "outputs and states"
        stateful = len(self.with_states) + len(self.without_states)
        return f"outputs, and states of {len(self.with_states)} of {stateful} populations"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "quantities": self._quantities}


@dataclass(frozen=True)
class Arrival:
    """A synapse over which a message reached a neuron in one step, on either side.

    ``source``: the neuron that sent it, of node ``node``; ``weight`` before the projection's shift; ``expected``,
    ``actual``: the message.
    """

    projection: str
    node: str
    source: tuple[int, ...]
    weight: int
    expected: int
    actual: int

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "source": list(self.source)}


@dataclass(frozen=True)
class Divergence:
    """One cell that differs: where, what was expected and what came.

    - ``expected_membrane``, ``actual_membrane``: before the threshold, in last bits of the program's membrane (on
      float rungs in the network's own unit). The actual one is the reference's, for the inputs that really arrived.
    - ``margin_lsb``: expected membrane minus threshold, in the same unit.
    - ``inputs``: by source, how many messages that are not 0 reached the neuron, expected and actual.
    - ``taken``: the branches of the update that should have been taken: a spike, a reset, a clamp.
    - ``arrivals``: the synapses over which messages came, those that differ first, the heaviest before the others.
    """

    node: str
    sample: int
    step: int
    neuron: tuple[int, ...]
    expected: float
    actual: float
    quantity: Quantity = "output"
    expected_membrane: float | None = None
    actual_membrane: float | None = None
    threshold: float | None = None
    margin_lsb: float | None = None
    inputs: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    taken: tuple[str, ...] = ()
    arrivals: tuple[Arrival, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        inputs = {source: list(counts) for source, counts in self.inputs.items()}
        arrivals = [arrival.to_json() for arrival in self.arrivals]
        lists = {"neuron": list(self.neuron), "inputs": inputs, "taken": list(self.taken), "arrivals": arrivals}
        return {**vars(self), **lists}


@dataclass(frozen=True)
class NodeResult:
    """The counts of one node on one rung.

    - ``expected_spikes``, ``actual_spikes``: of spiking nodes; 0 for ``graded`` ones.
    - ``mismatches`` of ``cells`` differ (samples times steps times neurons); ``ties`` are excused.
    - ``jaccard`` of spiking nodes, ``relative_rms`` of graded ones.
    - ``state_mismatches``: cells whose membrane or current differs, where both sides recorded them.
    - ``isolated_mismatches``: on target rungs, cells that differ when the target runs again and every node is fed the
      expected inputs, so that a node which is wrong itself is told from one that only received something wrong.
    - ``local_mismatches``: on target rungs, cells that differ from what the reference does with the inputs that really
      arrived; it needs no second run of the target.
    - ``isolated_jaccard``, ``isolated_rms``: on the quantization rung, the measure of the node when it is fed the float
      network's outputs.
    """

    expected_spikes: int
    actual_spikes: int
    mismatches: int
    cells: int
    jaccard: float | None
    first: Divergence | None
    graded: bool = False
    relative_rms: float | None = None
    ties: int = 0
    state_mismatches: int | None = None
    isolated_mismatches: int | None = None
    local_mismatches: int | None = None
    isolated_jaccard: float | None = None
    isolated_rms: float | None = None
    inserted: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "first": None if self.first is None else self.first.to_json()}


@dataclass(frozen=True)
class Rung:
    """The comparison of two neighboring rungs under one policy.

    - ``reasons`` say why the verdict is what it is, ``notes`` what the target noted about its artifact and its run.
    - ``evidence``: of a target's rung, what ran there; None between float and integers.
    - ``scope``: what was compared; it is part of the verdict.
    - ``losses``: on the quantization rung, what rounding cost every population, and what no rounding made.
    - ``causes``: on a target's rung that diverged, which nodes are wrong themselves, and by which term.
    """

    source: str
    target: str
    policy: Policy
    verdict: Verdict
    nodes: Mapping[str, NodeResult]
    first_divergence: Divergence | None
    latency: Mapping[str, int] = field(default_factory=dict[str, int])
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: Evidence | None = None
    scope: Scope | None = None
    losses: Losses | None = None
    causes: Causes | None = None

    @property
    def verdict_words(self) -> str:
        """The verdict, with what it holds for or why: ``agree (outputs)``, ``diverged: not rounding``."""
        if self.verdict == "diverged" and self.losses is not None and self.losses.strangers:
            return f"diverged: {NOT_ROUNDING}"
        if self.verdict == "agree" and self.scope is not None and not self.scope.complete:
            return f"agree ({self.scope})"
        return self.verdict

    @property
    def claim(self) -> str:
        """What stands beside the verdict: how it was judged, where the verdict does not say that itself."""
        return "" if self.policy == self.verdict or self.verdict_words != self.verdict else self.policy

    @property
    def remarks(self) -> tuple[str, ...]:
        """Notes, and what the target's independent evidence consists of where it says more than that."""
        if self.evidence is None or not self.evidence.independent or self.evidence == INDEPENDENT:
            return self.notes
        return (*self.notes, self.evidence.reason)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``check --json`` prints it."""
        return {
            "from": self.source,
            "to": self.target,
            "policy": self.policy,
            "verdict": self.verdict,
            "latency": dict(self.latency),
            "nodes": {name: node.to_json() for name, node in self.nodes.items()},
            "first_divergence": None if self.first_divergence is None else self.first_divergence.to_json(),
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "evidence": None if self.evidence is None else self.evidence.to_json(),
            "compared": None if self.scope is None else self.scope.to_json(),
            "losses": None if self.losses is None else self.losses.to_json(),
            "causes": None if self.causes is None else self.causes.to_json(),
        }


def judge(
    nodes: Mapping[str, NodeResult],
    diverged: bool,
    allow_silent: Collection[str],
    reasons: tuple[str, ...] = (),
    evidence: Evidence | None = None,
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict of a rung from its counts, with the reasons for it.

    Diverged; or same code, where the ``evidence`` is not independent; or inconclusive, where a spiking node that is
    neither inserted nor in ``allow_silent`` never fires in the reference, because agreement on silence proves nothing;
    or agree.
    """
    repeated = evidence is not None and not evidence.independent
    if evidence is not None and repeated:
        reasons = (evidence.reason, *reasons)
    if diverged:
        return "diverged", reasons
    asked = {name: node for name, node in nodes.items() if name not in allow_silent and not node.inserted}
    spiking = {name: node for name, node in asked.items() if not node.graded}
    silent = [name for name, node in spiking.items() if not node.expected_spikes]
    if silent:
        reasons = (*reasons, f"never fires: {', '.join(silent)}")
    if repeated:
        return "same code", reasons
    return "inconclusive" if silent else "agree", reasons


def below_budget(nodes: Mapping[str, NodeResult], budget: float) -> tuple[str, ...]:
    """A sentence for every spiking node, but those inserted, whose Jaccard is below the budget."""
    named = {name: node for name, node in nodes.items() if not node.inserted}
    jaccards = {name: node.jaccard for name, node in named.items() if node.jaccard is not None}
    return tuple(
        f"{name}: Jaccard {jaccard:.4f} is below the budget {budget:g}"
        for name, jaccard in jaccards.items()
        if jaccard < budget
    )
