"""The finding about a file that does not say how it is stepped, with the profiles that would fit it."""

from __future__ import annotations

from neurodeploy.finding import Finding
from neurodeploy.network.raw import Raw
from neurodeploy.profiles import Fit, ranked

OPEN = "does not say how it is stepped: time step, reset, ties, integration and gains are open"


def no_contract(raw: Raw) -> Finding:
    """The finding about a file without contract."""
    effect = "the same file gives different spikes in every framework"
    return Finding("no-contract", "error", "graph", OPEN, who_wrote_it(ranked(raw)), effect)


def who_wrote_it(fits: tuple[Fit, ...]) -> str:
    """The profiles that would fit, the likeliest first, and why."""
    profiles = [f"--profile {_usable(fit.profile)} ({'; '.join(fit.reasons)})" for fit in fits]
    return "\n    ".join(("name who wrote it, e.g.", *profiles, "or give --contract FILE.json"))


def _usable(profile: str) -> str:
    return "nir,dt=1e-3" if profile == "nir" else profile
