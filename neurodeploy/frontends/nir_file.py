"""``.nir`` files: those that carry their contract, and others under a stated profile or contract."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.network.assembly import assemble
from neurodeploy.network.file import carries_contract, network_from_graph
from neurodeploy.network.network import Network
from neurodeploy.network.raw import Raw, read_raw
from neurodeploy.profiles import parse_profile, ranked
from neurodeploy.profiles.profile import Reading, read_under
from neurodeploy.profiles.suggestions import OPEN, who_wrote_it
from neurodeploy.reading import allowance, read_json
from neurodeploy.reading.door import too_large

STEP_BYTES = 2 << 30
"""What the nodes of a network may send in one step, in bytes, whatever its file takes: some 250 million values."""


def load_nir(path: Path, contract: Contract | None = None, profile: str | None = None) -> Network:
    """The Network of a ``.nir`` file.

    Args:
        path: the file.
        contract: how the network is stepped; it replaces a contract that the file carries.
        profile: ``NAME[,key=value...]``, the producer of the file. The file is then read as its producer means it, and
            what its exporter is known to write wrongly is repaired; the network's findings list these repairs.

    Raises:
        InputError: for a file that does not say how it is stepped where neither is given; the profiles that would fit
            are named, and none is guessed. Also where the values of one step would take more than ``STEP_BYTES``, or
            four times the file, or what ``NEURODEPLOY_READ_LIMIT`` allows.
    """
    network = load_raw(read_raw(path), str(path), contract, profile)
    _refuse_memory(network, path)
    return network


def load_raw(raw: Raw, where: str, contract: Contract | None = None, profile: str | None = None) -> Network:
    """The Network of a file's content ``raw``, with ``where`` in messages; see :func:`load_nir`."""
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


def _refuse_memory(network: Network, path: Path) -> None:
    """Raises InputError where a file names shapes for which memory would be taken that no honest one needs."""
    needed = 8 * sum(map(prod, network.shapes.values()))
    limit = allowance(path.stat(), STEP_BYTES)
    if needed > limit:
        raise too_large(needed, limit, str(path), "what its nodes send in one step is")


def read_file(raw: Raw, profile: str, where: str) -> Reading:
    """A file's graph under ``NAME[,key=value...]``. Raises InputError for one that carries its contract."""
    chosen, options = parse_profile(profile)
    if carries_contract(raw):
        fault = "says itself how it is stepped, and a profile is for files that do not"
        raise InputError(fault, where, "leave out --profile, or change single terms with --contract FILE.json")
    return read_under(chosen, raw, options)


def network_of_reading(raw: Raw, reading: Reading) -> Network:
    """The Network of ``raw`` as a profile reads it. Raises RefusedError for what no contract can say."""
    findings = reading.findings
    for finding in findings:
        if finding.severity == "error":
            raise RefusedError(finding.message, f"node {finding.node}", finding.remedy)
    inserted = frozenset(reading.raw.nodes.keys() - raw.nodes.keys())
    return Network(assemble(reading.raw), reading.contract, inserted=inserted, findings=findings)


def read_contract(path: Path) -> Contract:
    """A contract from a JSON file. Raises InputError."""
    remedy = "write it as `neurodeploy inspect --json` shows one"
    document = read_json(path, dict[str, Any], "cannot read the contract", remedy)
    try:
        return Contract.from_json(document)
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"cannot read the contract: {error}", str(path), remedy) from error


def profile_contract(text: str) -> Contract:
    """The contract of the profile ``NAME[,key=value...]``, without a file.

    Raises InputError for an unknown profile, term or value, and where a ``dt`` is missing.
    """
    profile, options = parse_profile(text)
    return read_under(profile, Raw({}, ()), options).contract
