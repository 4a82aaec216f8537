"""A Network as a ``.nir`` file: plain NIR, with the contract and the host side in the graph's metadata."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import nir
import numpy as np

from neurodeploy.atomic import write_file
from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.host import Head, Host, HostEncoder
from neurodeploy.network.assembly import assemble
from neurodeploy.network.canonical import canonical_edges, canonical_nodes
from neurodeploy.network.network import InputRange, Network
from neurodeploy.network.raw import Raw, read_raw, read_raw_bytes

KEY = "neurodeploy"
FORMAT = 1


def write_network(network: Network, path: Path) -> None:
    """Write ``path`` atomically; the same network gives the same bytes."""
    data = network_bytes(network)
    write_file(path, lambda handle: handle.write(data))


def network_bytes(network: Network, contract: bool = True) -> bytes:
    """The file's content; without ``contract`` plain NIR, which does not say how it is stepped."""
    nodes, edges = canonical_nodes(network), canonical_edges(network)
    metadata = {KEY: _metadata(network)} if contract else {}
    graph = nir.NIRGraph(nodes, edges, metadata=metadata, type_check=False)
    file: Any = io.BytesIO()  # never a file on disk: HDF5 crashes the process when the disk is full
    nir.write(file, graph)
    return file.getvalue()


def read_graph(path: Path) -> nir.NIRGraph:
    """Read any ``.nir``, subgraphs written out. Raises InputError for what is no NIR file, truncated or unknown."""
    return _assembled(read_raw(path), str(path))


def network_of_bytes(data: bytes, where: str) -> Network:
    """The Network of a ``.nir`` in memory that carries its contract, named ``where``. Raises InputError as above."""
    return network_from_graph(_assembled(read_raw_bytes(data, where), where), where)


def _assembled(raw: Raw, where: str) -> nir.NIRGraph:
    try:
        return assemble(raw)
    except InputError as error:
        raise InputError(error.what, f"{where}: {error.where}", error.remedy) from error


def carries_contract(graph: nir.NIRGraph | Raw) -> bool:
    """Whether the file says how it is stepped."""
    return KEY in (graph.metadata or {})


def contract_of(graph: nir.NIRGraph | Raw, where: str) -> Contract:
    """The contract a graph carries. Raises InputError where its metadata is damaged or too new."""
    try:
        meta = graph.metadata[KEY]
        if int(meta["format"]) > FORMAT:
            raise InputError(f"its format {int(meta['format'])} is newer than {FORMAT}", where, "update neurodeploy")
        return Contract.from_json(json.loads(_text(meta["contract"])))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise damaged(error, where) from error


def damaged(error: Exception, where: str) -> InputError:
    """The error of metadata that cannot be read."""
    return InputError(f"its {KEY} metadata is damaged: {error}", where, "export the network again")


def network_from_graph(graph: nir.NIRGraph, where: str) -> Network:
    """The Network of a graph that carries its contract. Raises InputError where its metadata is damaged."""
    try:
        meta, contract = graph.metadata[KEY], contract_of(graph, where)
        ranges = {name: InputRange(**value) for name, value in json.loads(_text(meta["inputs"])).items()}
        inserted = frozenset(json.loads(_text(meta["inserted"])))
        host = _host(meta)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise damaged(error, where) from error
    plain = nir.NIRGraph(graph.nodes, graph.edges, type_check=False)
    return Network(plain, contract, ranges, host, inserted)


def _metadata(network: Network) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "format": FORMAT,
        "contract": json.dumps(network.contract.to_json(), sort_keys=True),
        "inputs": json.dumps({name: _range(r) for name, r in sorted(network.inputs.items())}, sort_keys=True),
        "inserted": json.dumps(sorted(network.inserted)),
    }
    if network.host.post is not None:
        meta["post"] = json.dumps(network.host.post.to_json(), sort_keys=True)
        meta["post_weights"] = {key: np.asarray(value) for key, value in network.host.post.weights.items()}
    if network.host.pre is not None:
        meta["pre"] = json.dumps(network.host.pre.to_json(), sort_keys=True)
    return meta


def _range(values: InputRange) -> dict[str, Any]:
    """A range as plain data; files say that values are rounded only where they are."""
    return {key: value for key, value in vars(values).items() if key != "rounded" or value}


def _host(meta: Any) -> Host:
    pre = json.loads(_text(meta["pre"])) if "pre" in meta else None
    encoder = None if pre is None else HostEncoder.of(pre)
    if "post" not in meta:
        return Host(pre=encoder)
    return Host(Head.of(json.loads(_text(meta["post"])), meta.get("post_weights") or {}), encoder)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
