"""Damaged and hostile ``.nir`` files are read or refused: no traceback, no hang, no gigabyte of memory."""

from __future__ import annotations

import io
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
from numpy.random import Generator

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.frontends.nir_file import load_raw
from neurodeploy.network.file import network_bytes
from neurodeploy.network.network import Network
from neurodeploy.network.raw import read_raw
from neurodeploy.network.rules.check import check_graph, repaired
from tests.proof.case import Counts, ProofCase

SECONDS, KILOBYTES = 60.0, 1 << 20


def count(seeds: range) -> Counts:
    """Damage, read, lint and load every seed's file; a seed fails by any other end than a network or InputError."""
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            path = Path(folder) / "damaged.nir"
            kind = damage(seed, path)
            started, before = time.monotonic(), memory(fresh=True)
            outcome = judged(path)
            slow = time.monotonic() - started > SECONDS
            large = memory() - before > KILOBYTES
            tallies[f"{kind} {outcome}"] += 1
            if slow or large or outcome not in ("loaded", "refused"):
                failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


def memory(fresh: bool = False) -> int:
    """Kilobytes this process held at most; ``fresh``: from now on, whatever came before."""
    if fresh:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def judged(path: Path) -> str:
    """``loaded``, ``refused``, or the error that should not have been."""
    try:
        raw = read_raw(path)
        check_graph(raw)
        repaired(raw)
        load_raw(raw, str(path), Contract())
        return "loaded"
    except InputError:
        return "refused"
    except Exception as error:
        return f"{type(error).__name__}"


def damage(seed: int, path: Path) -> str:
    """Write the damaged file of a seed and tell in one word how it was damaged."""
    rng = np.random.default_rng(seed)
    data = bytearray(whole(bool(rng.integers(2))))
    kinds = (_cut, _flip, _flip_head, _noise, _wrong_type, _huge, _deep, _cycle, _edges, _metadata)
    chosen = kinds[seed % len(kinds)]
    path.write_bytes(chosen(rng, data))
    return chosen.__name__.strip("_").replace("_", "-")


@cache
def whole(contract: bool) -> bytes:
    """A sound file with every kind of node, a subgraph in the one that does not carry its contract."""
    one = np.ones(3)
    nodes: dict[str, Any] = {
        "input": nir.Input({"input": np.array([1, 6, 6])}),
        "conv": nir.Conv2d((6, 6), np.ones((2, 1, 3, 3)), 1, "same", 1, 1, np.ones(2)),
        "if": nir.IF(np.ones((2, 6, 6)), np.ones((2, 6, 6))),
        "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "flat": nir.Flatten({"input": np.array([2, 3, 3])}, 0, -1),
        "fc": nir.Affine(np.ones((3, 18)), one),
        "lif": nir.LIF(one * 1e-2, one, 0 * one, one),
        "rec": nir.Linear(np.eye(3)),
        "wait": nir.Delay(one * 2e-3),
        "cuba": nir.CubaLIF(one * 1e-2, one * 2e-2, one, 0 * one, one),
        "scale": nir.Scale(one),
        "gate": nir.Threshold(one),
        "li": nir.LI(one * 1e-2, one, 0 * one),
        "output": nir.Output({"output": np.array([3])}),
    }
    names = [name for name in nodes if name != "rec"]
    edges = [*pairwise(names), ("lif", "rec"), ("rec", "lif")]
    graph = nir.NIRGraph(nodes, edges, type_check=False)
    if contract:
        return network_bytes(Network(graph, Contract()))
    inner = nir.NIRGraph({k: nodes.pop(k) for k in ("cuba", "scale")} | _ports(), _inner_edges(), type_check=False)
    outer = [(a, b) for a, b in edges if not {a, b} & {"cuba", "scale"}] + [("wait", "sub"), ("sub", "gate")]
    file: Any = io.BytesIO()
    nir.write(file, nir.NIRGraph({**nodes, "sub": inner}, outer, type_check=False))
    return file.getvalue()


def _ports() -> dict[str, Any]:
    return {"in": nir.Input({"input": np.array([3])}), "out": nir.Output({"output": np.array([3])})}


def _inner_edges() -> list[tuple[str, str]]:
    return [("in", "cuba"), ("cuba", "scale"), ("scale", "out")]


def _cut(rng: Generator, data: bytearray) -> bytes:
    return bytes(data[: int(rng.integers(len(data)))])


def _flip(rng: Generator, data: bytearray) -> bytes:
    for _ in range(int(rng.integers(1, 8))):
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _flip_head(rng: Generator, data: bytearray) -> bytes:
    for _ in range(int(rng.integers(1, 4))):
        data[int(rng.integers(min(4096, len(data))))] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _noise(rng: Generator, data: bytearray) -> bytes:
    at, size = int(rng.integers(len(data))), int(rng.integers(1, 64))
    data[at : at + size] = rng.bytes(min(size, len(data) - at))
    return bytes(data)


def _edited(data: bytearray, edit: Callable[[h5py.File], None]) -> bytes:
    file = io.BytesIO(bytes(data))
    with h5py.File(file, "a") as opened:
        edit(opened)
    return file.getvalue()


def _datasets(file: h5py.File) -> list[str]:
    names: list[str] = []

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            names.append(name)

    file.visititems(note)
    return sorted(names)


def _replace(file: h5py.File, name: str, value: Any, **how: Any) -> None:
    del file[name]
    file.create_dataset(name, data=value, **how)


def _wrong_type(rng: Generator, data: bytearray) -> bytes:
    values: list[Any] = [
        "a text", b"bytes", np.array(["a", "b"], dtype=object), np.empty(0), np.array(3), np.array(-1), 3 * [np.nan],
        np.full((2, 2, 2, 2, 2), 7.5), np.zeros(3, np.complex64), np.array([(1, 2.0)], dtype="i4,f8"), h5py.Empty("f8"),
        np.array([True, False]), np.array(1e300), np.iinfo(np.int64).min, np.array([[2**40, 1]]), "äöü",
    ]  # fmt: skip

    def edit(file: h5py.File) -> None:
        for _ in range(int(rng.integers(1, 4))):
            names = _datasets(file)
            name, value = names[int(rng.integers(len(names)))], values[int(rng.integers(len(values)))]
            dtype = {"dtype": h5py.string_dtype()} if isinstance(value, np.ndarray) and value.dtype == object else {}
            _replace(file, name, value, **dtype)

    return _edited(data, edit)


def _huge(rng: Generator, data: bytearray) -> bytes:
    """Datasets of terabytes that were never written, texts and shapes without end."""

    def edit(file: h5py.File) -> None:
        names = _datasets(file)
        name = names[int(rng.integers(len(names)))]
        shapes = ((1 << 40,), (1 << 20, 1 << 20), (1 << 62,), (3, 1 << 33), (5_000_000,))
        shape = shapes[int(rng.integers(len(shapes)))]
        if rng.random() < 0.3:
            _replace(file, "node/nodes/input/shape", np.array([1 << 30, 1 << 30, 1 << 20]))
            return
        dtype: Any = h5py.string_dtype() if rng.random() < 0.2 else "f8"
        chunks = tuple(min(n, 1024) for n in shape) if rng.random() < 0.7 else tuple(min(n, 8192) for n in shape)
        del file[name]
        file.create_dataset(name, shape, dtype, chunks=chunks, compression="gzip")

    return _edited(data, edit)


def _deep(rng: Generator, data: bytearray) -> bytes:
    """Graphs within graphs."""

    def edit(file: h5py.File) -> None:
        group: Any = file["node/nodes"]
        for _ in range(int(rng.integers(2, 120))):
            inner = group.create_group("deeper")
            inner.create_dataset("type", data="NIRGraph", dtype=h5py.string_dtype())
            inner.create_dataset("edges", data=np.empty((0, 2)))
            group = inner.create_group("nodes")

    return _edited(data, edit)


def _cycle(rng: Generator, data: bytearray) -> bytes:
    """A group that contains itself, or links that lead nowhere."""

    def edit(file: h5py.File) -> None:
        place = ("node/nodes/again", "node/again", "again")[int(rng.integers(3))]
        links = (h5py.SoftLink("/node"), h5py.SoftLink("/nowhere"), h5py.ExternalLink("/etc/hostname", "/x"))
        chosen = int(rng.integers(len(links) + 1))
        file[place] = file["node"] if chosen == len(links) else links[chosen]

    return _edited(data, edit)


def _edges(rng: Generator, data: bytearray) -> bytes:
    """More edges in circles; or edges anywhere, to nowhere, twice, or of another shape."""

    def circles(file: h5py.File) -> None:
        kept: Any = file["node/edges"]
        names = ["lif", "rec", "wait", "gate", "li"]
        more = {(str(a), str(b)) for a, b in rng.choice(names, (int(rng.integers(1, 20)), 2))}
        edges = {(a.decode(), b.decode()) for a, b in kept[()]} | more
        _replace(file, "node/edges", np.array(sorted(edges), dtype=object), dtype=h5py.string_dtype())

    def anywhere(file: h5py.File) -> None:
        nodes: Any = file["node/nodes"]
        names = [*nodes, *(["nowhere", ""] if rng.random() < 0.3 else [])]
        pairs = rng.integers(len(names), size=(int(rng.integers(1, 24)), 2 if rng.random() < 0.9 else 3))
        text = np.array(names, dtype=object)[pairs]
        _replace(file, "node/edges", text, dtype=h5py.string_dtype())

    return _edited(data, circles if rng.random() < 0.5 else anywhere)


def _metadata(rng: Generator, data: bytearray) -> bytes:
    """A contract that is none."""
    texts = ("{", "[" * 100_000, '{"defaults": {"dt": 1e999}}', '{"overrides": {"if": {"reset": []}}}', "null", '"' * 3)

    def edit(file: h5py.File) -> None:
        place = "node/metadata/neurodeploy"
        keys = ("contract", "inputs", "inserted", "post", "format")
        group = file.require_group(place)
        key = keys[int(rng.integers(len(keys)))]
        if key in group:
            del group[key]
        group[key] = texts[int(rng.integers(len(texts)))]

    return _edited(data, edit)


CASES = (
    ProofCase(
        "fuzz-nir",
        "a damaged or hostile .nir file is read or refused with InputError: no other error, hang or gigabyte of memory",
        seeds=10_000,
        batch=250,
        run=count,
    ),
)
