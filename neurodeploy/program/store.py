"""A Program as ``program.json`` (all but arrays) and ``program.npz`` (arrays), the same bytes for equal programs."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.host import Head, Host, HostEncoder
from neurodeploy.integers import narrowed
from neurodeploy.numerics import NUMERICS, Numerics
from neurodeploy.program.population import OPTIONAL, Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.trace import UNREADABLE

FORMAT = 1
Arrays = dict[str, NDArray[Any]]


def program_files(program: Program) -> dict[str, bytes]:
    """``program.json`` and ``program.npz``."""
    arrays: Arrays = {}
    data: dict[str, Any] = {
        "format": FORMAT,
        "numerics": program.numerics.to_json(),
        "inputs": [_plain(node, f"input/{node.name}", arrays) for node in program.inputs],
        "populations": [_plain(node, f"population/{node.name}", arrays) for node in program.populations],
        "projections": [_plain(node, f"projection/{node.name}", arrays) for node in program.projections],
        "outputs": list(program.outputs),
        "provenance": {name: list(nodes) for name, nodes in sorted(program.provenance.items())},
        "post": _head(program.host.post, arrays),
    }
    if program.host.pre is not None:
        data["pre"] = program.host.pre.to_json()
    text = json.dumps(data, indent=1, sort_keys=True)
    return {"program.json": text.encode(), "program.npz": npz_bytes(arrays)}


def read_program(files: Mapping[str, bytes]) -> Program:
    """The Program of those two files. Raises InputError where they do not hold one."""
    try:
        data = json.loads(files["program.json"])
        arrays = read_npz(files["program.npz"])
        if data["format"] != FORMAT:
            raise InputError(f"program format {data['format']} is not {FORMAT}", "program.json", "export again")
        return Program(
            _numerics(data["numerics"]),
            tuple(_node(Input, node, arrays) for node in data["inputs"]),
            tuple(_node(Population, node, arrays) for node in data["populations"]),
            tuple(_node(Projection, node, arrays) for node in data["projections"]),
            tuple(data["outputs"]),
            Host(_read_head(data["post"], arrays), _read_encoder(data.get("pre"))),
            {name: tuple(nodes) for name, nodes in data["provenance"].items()},
        )
    except UNREADABLE as error:
        raise InputError(f"is not a program: {error}", "program.json", "export the network again") from error


def npz_bytes(arrays: Mapping[str, NDArray[Any]], compress: bool = True) -> bytes:
    """An ``.npz`` whose bytes depend on the arrays alone (no time stamps, sorted names)."""
    buffer = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name in sorted(arrays):
            about = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            about.compress_type = kind
            with archive.open(about, "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asarray(arrays[name], order="C"), allow_pickle=False)
    return buffer.getvalue()


def read_npz(data: bytes) -> Arrays:
    """Arrays of an ``.npz``; pickles are refused."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _plain(node: Any, key: str, arrays: Arrays) -> dict[str, Any]:
    """A dataclass as JSON, its arrays put aside under ``key/field``."""
    plain: dict[str, Any] = {}
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if field.metadata.get(OPTIONAL) and not isinstance(value, np.ndarray) and value == field.default:
            continue
        if isinstance(value, np.ndarray):
            arrays[f"{key}/{field.name}"] = narrowed(value)
            value = {"array": f"{key}/{field.name}"}
        elif isinstance(value, Output):
            value = dataclasses.asdict(value)
        plain[field.name] = list(value) if isinstance(value, tuple) else value
    return plain


def _node(kind: Any, plain: Mapping[str, Any], arrays: Arrays) -> Any:
    values: dict[str, Any] = {}
    for key, value in plain.items():
        if isinstance(value, dict) and "array" in value:
            stored = arrays[value["array"]]
            value = stored.astype(np.float64 if stored.dtype.kind == "f" else np.int64)
        elif key == "output":
            value = Output(**value)
        values[key] = tuple(value) if isinstance(value, list) else value
    return kind(**values)


def _numerics(plain: Mapping[str, Any]) -> Numerics:
    numerics = Numerics(**plain)
    known = NUMERICS.get(numerics.name)
    return numerics if known is None or known != numerics else known


def _head(head: Head | None, arrays: Arrays) -> dict[str, Any] | None:
    if head is None:
        return None
    arrays.update({f"post/{key}": np.asarray(value) for key, value in head.weights.items()})
    return {**head.to_json(), "weights": sorted(head.weights)}


def _read_encoder(plain: Mapping[str, Any] | None) -> HostEncoder | None:
    return None if plain is None else HostEncoder.of(plain)


def _read_head(plain: Mapping[str, Any] | None, arrays: Arrays) -> Head | None:
    if plain is None:
        return None
    return Head.of(plain, {key: arrays[f"post/{key}"] for key in plain["weights"]})
