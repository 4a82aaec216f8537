"""``.nir`` files: those that carry their contract, and others under a stated profile or contract."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.network.assemble import assemble
from neurodeploy.network.file import carries_contract, network_from_graph
from neurodeploy.network.network import Network
from neurodeploy.network.raw import Raw, read_raw
from neurodeploy.profiles import parse_profile, ranked
from neurodeploy.profiles.profile import Reading, read_under
from neurodeploy.rules.stepping import OPEN, who_wrote_it


def load_nir(path: Path, contract: Contract | None = None, profile: str | None = None) -> Network:
    """The Network of a ``.nir`` file. A given contract takes the place of the one it carries.

    Under a ``profile`` the file is read as its producer means it, and what its exporter is known to write wrongly is
    repaired; the Network's findings tell what. Raises InputError for a file that does not say how it is stepped when
    neither is given, with the profiles that would fit: nothing is guessed.
    """
    return load_raw(read_raw(path), str(path), contract, profile)


def load_raw(raw: Raw, where: str, contract: Contract | None = None, profile: str | None = None) -> Network:
    """The same of a file that was read already."""
    if profile is not None:
        return network_of_reading(raw, read_file(raw, profile, where))
    graph = assemble(raw)
    if carries_contract(graph):
        network = network_from_graph(graph, where)
        return network if contract is None else replace(network, contract=contract)
    if contract is None:
        remedy = f"{who_wrote_it(ranked(raw))}\n    (neurodeploy lint tells all that was found)"
        raise InputError(OPEN, where, remedy)
    return Network(graph, contract)


def read_file(raw: Raw, profile: str, where: str) -> Reading:
    """A file's graph under ``NAME[,key=value...]``. Raises InputError for one that carries its contract."""
    chosen, options = parse_profile(profile)
    if carries_contract(raw):
        what = "says itself how it is stepped, and a profile is for files that do not"
        raise InputError(what, where, "leave out --profile, or change single terms with --contract FILE.json")
    return read_under(chosen, raw, options)


def network_of_reading(raw: Raw, reading: Reading) -> Network:
    """The Network of what a profile made of ``raw``. Raises RefusedError for what its contract cannot say."""
    for each in reading.notices:
        if each.finding.severity == "error":
            raise RefusedError(each.finding.message, f"node {each.finding.node}", each.finding.remedy)
    made = frozenset(reading.raw.nodes.keys() - raw.nodes.keys())
    findings = tuple(each.finding for each in reading.notices)
    return Network(assemble(reading.raw), reading.contract, inserted=made, findings=findings)


def read_contract(path: Path) -> Contract:
    """A contract from a JSON file. Raises InputError."""
    try:
        return Contract.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        remedy = "write it as `neurodeploy inspect --json` shows one"
        raise InputError(f"cannot read the contract: {error}", str(path), remedy) from error


def profile_contract(text: str) -> Contract:
    """The contract of ``NAME[,key=value...]`` for a file that tells nothing itself.

    Raises InputError for an unknown profile, term or value, and where a ``dt`` is missing.
    """
    profile, options = parse_profile(text)
    return read_under(profile, Raw({}, ()), options).contract
