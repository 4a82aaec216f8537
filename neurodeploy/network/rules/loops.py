"""Feedback, whose first step NIR leaves open."""

from __future__ import annotations

import numpy as np

from neurodeploy.finding import Finding
from neurodeploy.network.raw import Raw


def check_loops(raw: Raw) -> list[Finding]:
    """Layers with a bias that close a loop."""
    findings: list[Finding] = []
    for source, target in raw.edges:
        node = raw.nodes.get(source)
        bias = node.number("bias") if node is not None else None
        if bias is not None and np.any(bias) and _leads_to(raw, target, source):
            findings.append(
                Finding(
                    "recurrent-bias",
                    "info",
                    source,
                    f"it closes a loop into {target} with a bias, "
                    "which NIR does not say is there before the first message",
                    "set recurrent_bias_at_start for it",
                    "spikes differ from the first steps on",
                )
            )
    return findings


def _leads_to(raw: Raw, start: str, goal: str) -> bool:
    """Whether some way along the edges leads from ``start`` to ``goal``."""
    reached, waiting = {start}, [start]
    following: dict[str, list[str]] = {}
    for source, target in raw.edges:
        following.setdefault(source, []).append(target)
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        new = [target for target in following.get(name, ()) if target not in reached]
        reached.update(new)
        waiting += new
    return False
