"""From counts to a verdict: agreement on silence proves nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from neurodeploy.parity.report import NodeResult, Verdict


def rung_verdict(
    nodes: Mapping[str, NodeResult], diverged: bool, allow: Collection[str], reasons: tuple[str, ...] = ()
) -> tuple[Verdict, tuple[str, ...]]:
    """Diverged; or inconclusive where a spiking node never fires in the reference and is not in ``allow``; or agree."""
    if diverged:
        return "diverged", reasons
    spiking = {name: node for name, node in nodes.items() if not node.graded and name not in allow}
    silent = [name for name, node in spiking.items() if not node.expected_spikes]
    if silent:
        return "inconclusive", (*reasons, f"never fires: {', '.join(silent)}")
    return "agree", reasons
