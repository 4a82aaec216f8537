"""How the network is stepped: what a file leaves open, and who may have written it."""

from __future__ import annotations

import numpy as np

from neurodeploy.network.raw import Raw
from neurodeploy.profiles import Fit, ranked
from neurodeploy.profiles.notice import Notice, notice

OPEN = "does not say how it is stepped: time step, reset, ties, integration and gains are open"


def check_stepping(raw: Raw) -> list[Notice]:
    """A file without contract."""
    effect = "the same file gives different spikes in every framework"
    return [notice("no-contract", "error", "graph", OPEN, effect, who_wrote_it(ranked(raw)))]


def who_wrote_it(fits: tuple[Fit, ...]) -> str:
    """The profiles that would fit, the likeliest first, and why."""
    told = [f"--profile {_usable(fit.profile)} ({'; '.join(fit.reasons)})" for fit in fits]
    return "\n    ".join(("name who wrote it, e.g.", *told, "or give --contract FILE.json"))


def _usable(profile: str) -> str:
    return "nir,dt=1e-3" if profile == "nir" else profile


def check_loops(raw: Raw) -> list[Notice]:
    """Feedback through a layer with a bias, whose first step NIR leaves open."""
    found: list[Notice] = []
    for a, b in raw.edges:
        node = raw.nodes.get(a)
        bias = node.number("bias") if node is not None else None
        if bias is not None and np.any(bias) and _leads_to(raw, b, a):
            what = f"it closes a loop into {b} with a bias, which NIR does not say is there before the first message"
            effect = "spikes differ from the first steps on"
            remedy = "set recurrent_bias_at_start for it"
            found.append(notice("recurrent-bias", "info", a, what, effect, remedy))
    return found


def _leads_to(raw: Raw, start: str, goal: str) -> bool:
    seen, waiting = {start}, [start]
    following: dict[str, list[str]] = {}
    for a, b in raw.edges:
        following.setdefault(a, []).append(b)
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        new = [each for each in following.get(name, ()) if each not in seen]
        seen.update(new)
        waiting += new
    return False
