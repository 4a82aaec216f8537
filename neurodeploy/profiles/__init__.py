"""Producer profiles: how the files of each framework are read, and which profiles fit a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurodeploy.errors import InputError
from neurodeploy.network.raw import Raw
from neurodeploy.plugin import Plugins, find_plugins
from neurodeploy.profiles import lava_dl, nir, norse, rockpool, sinabs, snntorch, spikingjelly, spyx
from neurodeploy.profiles.profile import Profile

_MODULES = (norse, snntorch, spikingjelly, sinabs, rockpool, spyx, lava_dl, nir)
PROFILES: Mapping[str, Profile] = {module.PROFILE.name: module.PROFILE for module in _MODULES}
GROUP = "neurodeploy.profiles"

FEWEST = 2


@dataclass(frozen=True)
class Fit:
    """How well a profile fits a file, and by what evidence."""

    profile: str
    score: int
    reasons: tuple[str, ...]


def installed_profiles() -> Plugins[Profile]:
    """The profiles that come with neurodeploy, followed by those that installed packages register."""
    return find_plugins(GROUP, Profile, PROFILES)


def parse_profile(text: str) -> tuple[Profile, dict[str, str]]:
    """``NAME[,key=value...]`` as a profile and terms that differ.

    Raises InputError for text that is none, UnavailableError for a plug-in that cannot be used.
    """
    name, *assignments = text.split(",")
    profile = installed_profiles().find(name, "--profile", "profile", "; with terms: nir,dt=1e-3[,key=value...]")
    return profile, dict(_assignment(assignment) for assignment in assignments)


def ranked(raw: Raw) -> tuple[Fit, ...]:
    """Profiles that fit a file, the likeliest first; ``nir`` always fits, and weakly."""
    fits = [_fit(profile, raw) for profile in installed_profiles().usable.values()]
    fits = [fit for fit in fits if fit.score >= FEWEST or fit.profile == "nir"]
    return tuple(sorted(fits, key=lambda fit: -fit.score))


def _fit(profile: Profile, raw: Raw) -> Fit:
    holding = [evidence for evidence in profile.evidence if evidence.holds(raw)]
    return Fit(
        profile.name, sum(evidence.weight for evidence in holding), tuple(evidence.tells for evidence in holding)
    )


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is not key=value", "--profile", "write e.g. nir,dt=1e-3")
    return key, value
