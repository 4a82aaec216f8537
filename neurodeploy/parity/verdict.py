"""From counts to a verdict: agreement on silence proves nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from neurodeploy.evidence import Evidence
from neurodeploy.parity.report import NodeResult, RungVerdict


def rung_verdict(
    nodes: Mapping[str, NodeResult],
    diverged: bool,
    allow: Collection[str],
    reasons: tuple[str, ...] = (),
    evidence: Evidence | None = None,
) -> tuple[RungVerdict, tuple[str, ...]]:
    """A rung's verdict with its reasons.

    Diverged; or same code without independent ``evidence``; or inconclusive where a spiking node never fires in the
    reference and is not in ``allow``; or agree.
    """
    repeated = evidence is not None and not evidence.independent
    if evidence is not None and not evidence.independent:
        reasons = (evidence.reason, *reasons)
    if diverged:
        return "diverged", reasons
    spiking = {name: node for name, node in nodes.items() if not node.graded and name not in allow}
    silent = [name for name, node in spiking.items() if not node.expected_spikes]
    if silent:
        reasons = (*reasons, f"never fires: {', '.join(silent)}")
    if repeated:
        return "same code", reasons
    return "inconclusive" if silent else "agree", reasons
