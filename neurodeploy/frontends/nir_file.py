"""``.nir`` files: those that carry their contract, and others under a stated profile or contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.network.file import carries_contract, network_from_graph, read_graph
from neurodeploy.network.network import Network


def load_nir(path: Path, contract: Contract | None = None) -> Network:
    """The Network of a ``.nir`` file. A given contract takes the place of the one it carries.

    Raises InputError for a file that does not say how it is stepped when no contract is given: nothing is guessed.
    """
    graph = read_graph(path)
    if carries_contract(graph):
        network = network_from_graph(graph, str(path))
        return network if contract is None else replace(network, contract=contract)
    if contract is None:
        raise InputError(
            "does not say how it is stepped: time step, reset, ties, integration and gains are open",
            str(path),
            "name who wrote it, e.g. --profile nir,dt=1e-3 for NIR's own reading, or give --contract FILE.json",
        )
    return Network(graph, contract)


def read_contract(path: Path) -> Contract:
    """A contract from a JSON file. Raises InputError."""
    try:
        return Contract.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        remedy = "write it as `neurodeploy inspect --json` shows one"
        raise InputError(f"cannot read the contract: {error}", str(path), remedy) from error


def profile_contract(text: str) -> Contract:
    """The contract of ``NAME[,key=value...]``. ``nir``: the specification's own reading, whose ``dt`` must be given.

    Raises InputError for an unknown profile, term or value.
    """
    name, *assignments = text.split(",")
    terms: Mapping[str, str] = dict(_assignment(each) for each in assignments)
    if name != "nir":
        raise InputError(f"unknown profile {name!r}", "--profile", "known: nir (as nir,dt=1e-3[,key=value...])")
    if "dt" not in terms:
        raise InputError("NIR has no time step, so its profile needs one", "--profile nir", "add ,dt=1e-3 (seconds)")
    return Contract().change({"reset": "value", **terms})


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is not key=value", "--profile", "write e.g. nir,dt=1e-3")
    return key, value
