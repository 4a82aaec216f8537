"""What a producer's files mean: its contract, its units and gains, its exporter's defects, and how it is recognized.

A profile turns a file's graph into one that NIR's equations and our contract step exactly as the producer does:
time constants in seconds, gains as ``input_gain`` with a fitting ``r`` and ``w_in``, decays as the producer computes
them in its own precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from neurodeploy.contract import Contract, Terms, Value, check_term
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.network.raw import NEURON_KINDS, Raw, RawNode

Overrides = dict[str, Value]
Translation = tuple[RawNode, Overrides]


@dataclass(frozen=True)
class Defect:
    """Something the exporter writes wrongly: ``find`` gives a message per node, ``repair`` mends the whole graph."""

    slug: str
    find: Callable[[Raw, Terms], Mapping[str, str]]
    repair: Callable[[Raw, Terms], Raw] | None
    spikes: str
    remedy: str


@dataclass(frozen=True)
class Evidence:
    """Something in a file that suggests a producer, the more strongly the higher its weight."""

    tells: str
    weight: int
    holds: Callable[[Raw], bool]


@dataclass(frozen=True, eq=False)
class Profile:
    """How one producer's files are read. ``assumes``: by term, what is assumed where its files say nothing."""

    name: str
    summary: str
    terms: Terms
    translate: Callable[[RawNode, Terms], Translation]
    defects: tuple[Defect, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    assumes: Mapping[str, str] = field(default_factory=dict[str, str])
    dt_of: Callable[[Raw], float | None] = lambda _: None
    needs_dt: bool = False


@dataclass(frozen=True, eq=False)
class Reading:
    """A graph as its producer means it, the contract, and findings about the file."""

    raw: Raw
    contract: Contract
    findings: tuple[Finding, ...]


def read_under(profile: Profile, raw: Raw, options: Mapping[str, str]) -> Reading:
    """Apply a profile. ``options``: terms that differ from it, as ``key`` or ``NODE.key``.

    Raises InputError for unknown terms or values, and where the profile needs a ``dt`` that nothing gives.
    """
    if profile.needs_dt and "dt" not in options:
        fault = "NIR has no time step, so its profile needs one"
        raise InputError(fault, f"--profile {profile.name}", "add ,dt=1e-3 (seconds)")
    defaults = {key: text for key, text in options.items() if "." not in key}
    file_dt = profile.dt_of(raw)
    terms = profile.terms if file_dt is None else replace(profile.terms, dt=file_dt)
    terms = Contract(terms).change(defaults).defaults
    repaired, findings = _repaired(profile, raw, terms)
    nodes, chosen = dict(repaired.nodes), dict[str, Overrides]()
    for name, node in repaired.nodes.items():
        if node.kind in NEURON_KINDS:
            nodes[name], overrides = profile.translate(node, terms)
            different = {key: value for key, value in overrides.items() if key not in defaults}
            different = {key: value for key, value in different.items() if value != getattr(terms, key)}
            chosen |= (
                {name: {key: check_term(key, value, name) for key, value in different.items()}} if different else {}
            )
    contract = Contract(terms, chosen).change({key: text for key, text in options.items() if "." in key})
    return Reading(replace(repaired, nodes=nodes), contract, (*findings, *_assumptions(profile, defaults)))


def _repaired(profile: Profile, raw: Raw, terms: Terms) -> tuple[Raw, list[Finding]]:
    findings: list[Finding] = []
    for defect in profile.defects:
        places = defect.find(raw, terms)
        severity = "error" if defect.repair is None else "warning"
        for node, message in places.items():
            findings.append(Finding(defect.slug, severity, node, message, defect.remedy, defect.spikes))
        raw = defect.repair(raw, terms) if places and defect.repair is not None else raw
    return raw, findings


def _assumptions(profile: Profile, stated: Mapping[str, str]) -> list[Finding]:
    """What the profile takes for terms that its files leave open and nobody ``stated``."""
    framework = profile.name.partition("-")[0]
    return [
        Finding(
            f"{framework}-assumes-{term}".replace("_", "-"),
            "info",
            "contract",
            text,
            f"add ,{term}=... to the profile if it was otherwise",
            "another choice gives other spikes",
        )
        for term, text in profile.assumes.items()
        if term not in stated
    ]
