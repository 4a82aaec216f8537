"""Producer profiles: how the files of each framework are read, and which of them a file speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurodeploy.errors import InputError
from neurodeploy.network.raw import Raw
from neurodeploy.profiles import lava_dl, nir, norse, rockpool, sinabs, snntorch, spikingjelly, spyx
from neurodeploy.profiles.profile import Profile

_MODULES = (norse, snntorch, spikingjelly, sinabs, rockpool, spyx, lava_dl, nir)
PROFILES: Mapping[str, Profile] = {module.PROFILE.name: module.PROFILE for module in _MODULES}


FEWEST = 2


@dataclass(frozen=True)
class Fit:
    """How strongly a file speaks for a profile, and by what."""

    profile: str
    score: int
    reasons: tuple[str, ...]


def parse_profile(text: str) -> tuple[Profile, dict[str, str]]:
    """``NAME[,key=value...]`` as a profile and terms that differ. Raises InputError."""
    name, *assignments = text.split(",")
    if name not in PROFILES:
        remedy = f"known: {', '.join(PROFILES)}; with terms: nir,dt=1e-3[,key=value...]"
        raise InputError(f"unknown profile {name!r}", "--profile", remedy)
    return PROFILES[name], dict(_assignment(each) for each in assignments)


def ranked(raw: Raw) -> tuple[Fit, ...]:
    """Profiles that a file speaks for, the likeliest first; ``nir`` always fits, and weakly."""
    fits = [_fit(profile, raw) for profile in PROFILES.values()]
    fits = [fit for fit in fits if fit.score >= FEWEST or fit.profile == "nir"]
    return tuple(sorted(fits, key=lambda fit: -fit.score))


def _fit(profile: Profile, raw: Raw) -> Fit:
    found = [each for each in profile.evidence if each.holds(raw)]
    return Fit(profile.name, sum(each.weight for each in found), tuple(each.tells for each in found))


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is not key=value", "--profile", "write e.g. nir,dt=1e-3")
    return key, value
