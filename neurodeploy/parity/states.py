"""What a rung says of each of its nodes, in a word: the colors of a network's graph."""

from __future__ import annotations

from typing import Literal

from neurodeploy.parity.rung import NodeResult, Rung

NodeState = Literal["equal", "within", "differs", "inherited", "silent"]
"""``within`` the budget; ``inherited``: it differs, but not when it is fed what it should have received."""


def node_states(rung: Rung) -> dict[str, NodeState]:
    """The state of every node of a rung."""
    return {name: _state(rung, name, node) for name, node in rung.nodes.items()}


def _state(rung: Rung, name: str, node: NodeResult) -> NodeState:
    if not node.graded and not node.expected_spikes and not node.mismatches:
        return "silent"
    if rung.policy == "budget":
        if rung.losses is not None and name in rung.losses.strangers:
            return "differs"
        below = any(reason.startswith(f"{name}: ") for reason in rung.reasons)
        return "differs" if below and rung.verdict == "diverged" else "within" if node.mismatches else "equal"
    if not node.mismatches and not node.state_mismatches:
        return "equal"
    alone = node.local_mismatches if node.isolated_mismatches is None else node.isolated_mismatches
    return "inherited" if alone == 0 else "differs"
