"""A Program as ``program.json`` (all but arrays) and ``program.npz`` (arrays), the same bytes for equal programs."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError, NeurodeployError
from neurodeploy.host import Head, Host, HostEncoder
from neurodeploy.integers import narrowed
from neurodeploy.numerics import NUMERICS, Numerics
from neurodeploy.program.population import OPTIONAL, Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.program.validity import refuse
from neurodeploy.program.wire import EncoderFile, HeadFile, OutputFile, ProgramFile, Stored
from neurodeploy.reading import parse_json, read_npz_bytes
from neurodeploy.reading.door import memory_limit, too_large
from neurodeploy.reading.json import as_kind
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


def read_program(files: Mapping[str, bytes], folder: str = "") -> Program:
    """The Program of those two files, which errors name below ``folder``.

    Raises InputError where they do not hold one: all that is wrong with it at once.
    """
    where, remedy = str(PurePath(folder, "program.json")), "export the network again"
    document = parse_json(files["program.json"], dict[str, Any], where, "is not a program", remedy)
    if document.get("format", FORMAT) != FORMAT:
        raise InputError(f"program format {document['format']} is not {FORMAT}", where, "export again")
    file = as_kind(document, ProgramFile, where, "is not a program", remedy)
    arrays = _Arrays(read_npz(files["program.npz"], str(PurePath(folder, "program.npz"))))
    try:
        program = Program(
            _numerics(file.numerics),
            tuple(Input(**_values(node, arrays)) for node in file.inputs),
            tuple(Population(**_values(node, arrays)) for node in file.populations),
            tuple(Projection(**_values(node, arrays)) for node in file.projections),
            file.outputs,
            Host(_read_head(file.post, arrays), _read_encoder(file.pre)),
            dict(file.provenance),
        )
    except NeurodeployError as error:
        raise InputError(f"is not a program: {error}", where, remedy) from error
    except UNREADABLE as error:
        raise InputError(f"is not a program: {error}", where, remedy) from error
    arrays.refuse_others(where)
    refuse(program.violations, where)
    _refuse_memory(program, where)
    return program


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


def read_npz(data: bytes, where: str = "program.npz") -> Arrays:
    """Arrays of an ``.npz``; pickles are refused. Raises InputError for what is damaged or too large."""
    return read_npz_bytes(data, where, "holds no arrays of a program", "export the network again")


class _Arrays:
    """The arrays of ``program.npz``; every one must be used."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._used: set[str] = set()

    def take(self, name: str) -> NDArray[Any]:
        """An array by name. Raises KeyError where it is missing."""
        self._used.add(name)
        return self._arrays[name]

    def refuse_others(self, where: str) -> None:
        """Raises InputError for an array that nothing refers to."""
        strange = sorted(self._arrays.keys() - self._used)
        if strange:
            raise InputError(f"program.npz holds an array {strange[0]!r} of nothing", where, "export the network again")


def _refuse_memory(program: Program, where: str) -> None:
    """Raises InputError where one step of a small file would take more memory than a file may."""
    kept = {node.name: 1 for node in (*program.inputs, *program.populations)}
    for projection in program.projections:
        kept[projection.source] = max(kept[projection.source], projection.delay + 1)
    needed = 8 * sum(kept[node.name] * node.size for node in (*program.inputs, *program.populations))
    limit = memory_limit()
    if needed > limit:
        raise too_large(needed, limit, where, "the state of its neurons is")


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
            value = _plain(value, f"{key}/{field.name}", arrays)
        plain[field.name] = list(value) if isinstance(value, tuple) else value
    return plain


def _values(file: msgspec.Struct, arrays: _Arrays) -> dict[str, Any]:
    """The fields of an input, a population or a projection."""
    values = msgspec.structs.asdict(file)
    for key, value in values.items():
        if isinstance(value, Stored):
            values[key] = _whole(arrays.take(value.array), value.array, key == "unit")
        elif isinstance(value, OutputFile):
            values[key] = Output(**msgspec.structs.asdict(value))
    return values


def _whole(stored: NDArray[Any], name: str, real: bool) -> NDArray[Any]:
    """An array as the Program has it. Raises ValueError for anything but integers, or floats where they are meant."""
    if stored.dtype.kind not in ("f" if real else "iu") or (stored.dtype.itemsize == 8 and stored.dtype.kind == "u"):
        raise ValueError(f"array {name!r} is of type {stored.dtype}")
    return stored.astype(np.float64 if real else np.int64)


def _numerics(plain: Mapping[str, Any]) -> Numerics:
    numerics = Numerics(**plain)
    known = NUMERICS.get(numerics.name)
    return numerics if known is None or known != numerics else known


def _head(head: Head | None, arrays: Arrays) -> dict[str, Any] | None:
    if head is None:
        return None
    arrays.update({f"post/{key}": np.asarray(value) for key, value in head.weights.items()})
    return {**head.to_json(), "weights": sorted(head.weights)}


def _read_encoder(file: EncoderFile | None) -> HostEncoder | None:
    return None if file is None else HostEncoder(file.node, file.features, file.settings)


def _read_head(file: HeadFile | None, arrays: _Arrays) -> Head | None:
    if file is None:
        return None
    return Head.of(msgspec.structs.asdict(file), {key: arrays.take(f"post/{key}") for key in file.weights})
