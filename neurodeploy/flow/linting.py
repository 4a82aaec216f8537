"""Everything that can be said of a source before it is run, and a file in which it is repaired."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neurodeploy.atomic import write_file
from neurodeploy.contract import Contract
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.finding import Finding, errors_first
from neurodeploy.flow.loading import load, stated_contract
from neurodeploy.frontends.nir_file import read_file
from neurodeploy.network.assembly import assemble
from neurodeploy.network.file import carries_contract, contract_of, network_bytes
from neurodeploy.network.network import Network
from neurodeploy.network.raw import Raw, raw_of, read_raw
from neurodeploy.network.rules.check import check_graph, repaired
from neurodeploy.profiles import Fit, ranked
from neurodeploy.profiles.suggestions import no_contract
from neurodeploy.reference.network_runner import check_supported

AS_TRAINED = "none here: the network runs as its producer runs it"


@dataclass(frozen=True, eq=False)
class Linted:
    """What lint found: findings, errors first; profiles that would fit; the graph; the contract where it is known."""

    findings: tuple[Finding, ...]
    fits: tuple[Fit, ...]
    raw: Raw
    contract: Contract | None

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)


def lint(
    source: str | Path, *, profile: str | None = None, contract: str | Path | Contract | None = None, **how: Any
) -> Linted:
    """Every finding about a source. ``how``: as ``load`` takes it.

    Raises InputError only for what is no model at all, and for options.
    """
    path = Path(source)
    if path.suffix != ".nir":
        network = load(path, profile=profile, contract=contract, **how)
        read = tuple(replace(finding, effect=finding.effect or AS_TRAINED) for finding in network.findings)
        return _judged(raw_of(network.graph), network.contract, read, ())
    raw, stated = read_raw(path), stated_contract(profile, contract)
    if profile is not None:
        reading = read_file(raw, profile, str(path))
        return _judged(reading.raw, reading.contract, reading.findings, ())
    own, told = _own_contract(raw, str(path))
    if stated is None and own is None and not told:
        return _judged(raw, None, (no_contract(raw),), ranked(raw))
    return _judged(raw, stated or own, told, ())


def fix(found: Linted) -> tuple[Linted, Network | None]:
    """What was found, repaired: what remains, and the Network where one can be built."""
    raw, _ = repaired(found.raw)
    kept = tuple(finding for finding in found.findings if finding.slug in ("no-contract", "bad-metadata"))
    after = _judged(raw, found.contract, kept, found.fits)
    try:
        network = Network(assemble(raw), found.contract or Contract())
    except InputError:
        return after, None
    return after, network


def write_fixed(network: Network, found: Linted, out: Path) -> None:
    """Write a repaired network: with its contract where it is known, else as plain NIR."""
    data = network_bytes(network, found.contract is not None)
    write_file(out, lambda handle: handle.write(data))


def _own_contract(raw: Raw, where: str) -> tuple[Contract | None, tuple[Finding, ...]]:
    """The contract a file carries, or what is wrong with it."""
    if not carries_contract(raw):
        return None, ()
    try:
        return contract_of(raw, where), ()
    except InputError as error:
        effect = "none: nothing says how it is stepped"
        return None, (Finding("bad-metadata", "error", "graph", error.what, error.remedy, effect),)


def _judged(raw: Raw, contract: Contract | None, known: tuple[Finding, ...], fits: tuple[Fit, ...]) -> Linted:
    findings = errors_first([*known, *check_graph(raw)])
    linted = Linted(findings, fits, raw, contract)
    if any(finding.severity == "error" and finding.slug != "no-contract" for finding in findings):
        return linted
    try:
        check_supported(Network(assemble(raw), contract or Contract()))
    except (InputError, RefusedError) as error:
        refused = Finding("refused", "error", error.where or "graph", error.what, error.remedy, "none: it is refused")
        return replace(linted, findings=(refused, *findings))
    return linted
