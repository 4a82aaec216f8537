"""The process that opens HDF5 files, so that a damaged one can neither stop nor crash nor fill the process that asks.

The HDF5 library hangs on some damaged files and may crash on others. Started by ``hdf5.py`` as a script: every line on
standard input is one request, every answer is a length, a JSON header, and the bytes of the arrays it names. A request
asks for everything (``tree``), for what stands where without the values (``outline``), or for ``rows`` of datasets.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import struct
import sys
from importlib import import_module
from math import prod
from typing import Any, NamedTuple

import h5py
import numpy as np

try:
    import resource
except ImportError:  # Windows has no such limits; the parent's patience is the only one there
    resource = None  # type: ignore[assignment]

HDF5: Any = h5py
"""The same, where its types are not known."""
EXTERNAL = HDF5.h5l.TYPE_EXTERNAL
ONE_LINK = HDF5.h5p.create(HDF5.h5p.LINK_ACCESS)
ONE_LINK.set_nlinks(1)
DEEPEST, MOST_TEXTS = 24, 2_000_000
FEW, MOST_ATTRIBUTES = 16, 64
"""Values of a dataset or attribute that an outline tells, and attributes of one place."""
PLAIN = "fiub"
READY = b"\x06"


class BadFileError(Exception):
    """The file holds something no file of its kind holds."""


class Answer:
    """Collects a file's tree; ``left`` bytes of arrays and ``objects`` entries may still be read."""

    def __init__(self, left: int, objects: int) -> None:
        self.left = left
        self.objects = objects
        self.arrays: list[Any] = []

    def group(self, group: Any, depth: int) -> dict[str, Any]:
        """Groups become tables, datasets texts or arrays; all by the library's own handles, as a file may hold many."""
        if depth > DEEPEST:
            raise BadFileError(f"its groups are nested deeper than {DEEPEST}")
        return {name: self.item(inside(group, name, kind), depth) for name, kind in entries(group)}

    def item(self, item: Any, depth: int) -> dict[str, Any]:
        """One entry of a group."""
        self.objects -= 1
        if self.objects < 0:
            raise BadFileError("it holds too many entries for its size")
        if isinstance(item, h5py.h5g.GroupID):
            return {"group": self.group(item, depth + 1)}
        if not isinstance(item, h5py.h5d.DatasetID):
            return {"strange": "a type"}
        space = item.get_space()
        if space.get_simple_extent_type() == h5py.h5s.NULL:
            return {"strange": "nothing"}
        return self.dataset(item, space.get_simple_extent_dims())

    def dataset(self, data: Any, shape: tuple[int, ...]) -> dict[str, Any]:
        """A text, a table of texts, or an array. Raises BadFileError before anything too large is read."""
        stored, kind = storage(data), data.dtype
        if stored.elsewhere:
            raise BadFileError(f"the values of {path_of(data)} stand in other files")
        count, texts = prod(shape), kind.kind in "OS" and h5py.check_string_dtype(kind) is not None
        size = max(count, stored.piece) * max(kind.itemsize, 1)
        if size > self.left or (texts and count > MOST_TEXTS):
            raise BadFileError(f"{path_of(data)} is too large: shape {shape}, {size} bytes")
        if not texts and kind.kind not in PLAIN:
            return {"strange": str(kind)}
        values = np.empty(shape, kind)
        if count:
            data.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
        if texts:
            return self.texts(values)
        self.left -= size
        self.arrays.append(values.astype(kind.newbyteorder("="), copy=False))
        return {"array": len(self.arrays) - 1, "shape": list(shape)}

    def texts(self, values: Any) -> dict[str, Any]:
        """Texts, decoded."""
        flat = [text.decode("utf8") if isinstance(text, bytes) else str(text) for text in values.reshape(-1).tolist()]
        self.left -= sum(map(len, flat))
        if self.left < 0:
            raise BadFileError("its texts are too large")
        return {"texts": flat, "shape": list(values.shape)}


class Outline(Answer):
    """Collects what stands in a file: shapes, types and attributes, and the values of the smallest datasets."""

    def group(self, group: Any, depth: int) -> dict[str, Any]:
        """As the file's tree, where an entry that stands in another file is named alone."""
        if depth > DEEPEST:
            raise BadFileError(f"its groups are nested deeper than {DEEPEST}")
        return {name: self.entry(group, name, kind, depth) for name, kind in entries(group)}

    def entry(self, group: Any, name: str, kind: int, depth: int) -> dict[str, Any]:
        """One entry, with its attributes."""
        try:
            item = inside(group, name, kind)
            return {**self.item(item, depth), "attributes": attributes_of(item)}
        except BadFileError:
            if self.objects < 0 or depth >= DEEPEST:
                raise
            return {"elsewhere": True}
        except (KeyError, TypeError):  # a link to nothing, a type that numpy lacks
            return {"strange": "unreadable"}

    def dataset(self, data: Any, shape: tuple[int, ...]) -> dict[str, Any]:
        """A dataset without its values."""
        stored, kind = data.get_create_plist(), data.dtype
        filters = [stored.get_filter(number) for number in range(stored.get_nfilters())]
        missing = [[code, name.decode("latin-1")] for code, _, _, name in filters if not h5py.h5z.filter_avail(code)]
        about = {
            "shape": list(shape),
            "fields": list(kind.names or ()),
            "missing": missing,
            "elsewhere": storage(data).elsewhere,
        }
        small = prod(shape) <= FEW and kind.kind in PLAIN and not about["elsewhere"] and not missing
        values = np.asarray(h5py.Dataset(data)[()]).reshape(-1).tolist() if small else None
        return about if values is None else {**about, "values": values}


def entries(group: Any) -> list[tuple[str, int]]:
    """Names of a group's entries, and what kinds of links lead to them."""
    found: list[tuple[str, int]] = []

    def note(name: bytes, about: Any) -> None:
        found.append((name.decode("utf8"), about.type))

    group.links.iterate(note, info=True)
    return found


def inside(group: Any, name: str, kind: int) -> Any:
    """A group's entry. Raises BadFileError for one that stands in another file, KeyError for a link that leads on.

    A soft link may lead through a link into another file: the library follows one link here, and no second one.
    """
    if kind == EXTERNAL:
        raise BadFileError(f"its entry {name!r} stands in another file")
    return HDF5.h5o.open(group, name.encode(), ONE_LINK)


class Storage(NamedTuple):
    """Whether a dataset's values stand in other files, and how many are read at once, at least."""

    elsewhere: bool
    piece: int


def storage(data: Any) -> Storage:
    """How a dataset is stored."""
    if data.get_offset() is not None:  # in one piece of this file
        return Storage(False, 1)
    stored = data.get_create_plist()
    layout = stored.get_layout()
    external = layout == h5py.h5d.VIRTUAL or (layout == h5py.h5d.CONTIGUOUS and stored.get_external_count() > 0)
    return Storage(external, prod(stored.get_chunk()) if layout == h5py.h5d.CHUNKED else 1)


def path_of(item: Any) -> str:
    """Where an entry stands in its file."""
    return (HDF5.h5i.get_name(item) or b"an entry").decode("utf8", "replace")


def attributes_of(item: Any) -> dict[str, Any]:
    """The short attributes: texts, and lists of numbers."""
    attributes: Any = h5py.HLObject(item).attrs
    held: dict[str, Any] = {}
    for name in list(attributes)[:MOST_ATTRIBUTES]:
        identity = attributes.get_id(name)
        if prod(identity.shape or ()) > FEW:
            continue
        with contextlib.suppress(Exception):  # of a type that h5py does not read
            value = attributes[name]
            if isinstance(value, str | bytes):
                held[str(name)] = value if isinstance(value, str) else value.decode("utf8", "replace")
            elif np.asarray(value).dtype.kind in PLAIN:
                held[str(name)] = np.asarray(value).reshape(-1).tolist()
    return held


def found_at(file: Any, path: str) -> Any:
    """The dataset at a path. Raises BadFileError where it, or its values, stand in another file."""
    item = file.id
    for step in path.strip("/").split("/"):
        item = inside(item, step, item.links.get_info(step.encode()).type)
    if storage(item).elsewhere:
        raise BadFileError(f"the values of {path} stand in other files")
    return h5py.Dataset(item)


def rows_of(file: Any, request: dict[str, Any]) -> list[Any]:
    """Rows ``first`` to ``last`` of the datasets ``names``, or of the ``fields`` of one table."""
    parts = slice(int(request["first"]), int(request["last"]))
    fields, arrays = request["fields"], []
    reader = Answer(int(request["bytes"]), MOST_TEXTS)
    for name in request["names"]:
        data = found_at(file, name)
        if max(parts.stop - parts.start, prod(data.chunks or ())) * data.dtype.itemsize > reader.left:
            raise BadFileError(f"{data.name} is stored in pieces that are too large")
        lying = data.ndim == 2 and data.shape[0] == 1
        values = np.asarray(data[0, parts] if lying else data[parts])
        arrays += [values[field] for field in fields] if fields else [values]
    if any(array.dtype.kind not in PLAIN for array in arrays):
        raise BadFileError("its columns are no numbers")
    return [np.ascontiguousarray(a.reshape(-1)).astype(a.dtype.newbyteorder("="), copy=False) for a in arrays]


class Opened:
    """The file that rows are read from: it stays open, as its next rows are asked for soon."""

    def __init__(self) -> None:
        self.path, self.file = "", None

    def at(self, path: str) -> Any:
        """The open file at a path."""
        if self.file is None or path != self.path:
            self.close()
            self.path, self.file = path, h5py.File(path, "r")
        return self.file

    def close(self) -> None:
        """Let it go."""
        file, self.file = self.file, None
        if file is not None:
            file.close()


def header_of(request: dict[str, Any], content: Any, opened: Opened) -> tuple[dict[str, Any], list[Any]]:
    """The header and the arrays of one request that does not fail."""
    if request.get("ask") == "rows":
        arrays = rows_of(opened.at(content), request)
        return {"arrays": described(arrays)}, arrays
    opened.close()
    outline = request.get("ask") == "outline"
    answer = (Outline if outline else Answer)(int(request["bytes"]), int(request["objects"]))
    if outline:
        with contextlib.suppress(ImportError):
            import_module("hdf5plugin")
    with h5py.File(content, "r") as file:
        tree = answer.group(file.id, 0)
        own = attributes_of(file.id) if outline else {}
    return {"tree": tree, "attributes": own, "arrays": described(answer.arrays)}, answer.arrays


def described(arrays: list[Any]) -> list[dict[str, Any]]:
    """Type and size of every array."""
    return [{"type": array.dtype.str, "size": array.nbytes} for array in arrays]


def answer(request: dict[str, Any], content: Any, opened: Opened) -> tuple[dict[str, Any], list[Any]]:
    """The header and the arrays of one request; every failure is a header with its reason."""
    try:
        return header_of(request, content, opened)
    except BadFileError as error:
        return {"error": str(error)}, []
    except MemoryError:
        return {"error": "it needs too much memory"}, []
    except Exception as error:  # h5py fails in many undocumented ways on damaged files
        message = (str(error).splitlines() or [""])[0]
        return {"error": message or type(error).__name__}, []


def limit(seconds: int, memory: int) -> None:
    """Limit this process to that many more seconds of processor time and bytes of memory."""
    if resource is None:
        return
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    for kind, most in ((resource.RLIMIT_CPU, int(used) + 1 + seconds), (resource.RLIMIT_AS, memory)):
        hard = resource.getrlimit(kind)[1]
        with contextlib.suppress(ValueError, OSError):  # some systems have no limit of memory
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, 2.0 * seconds + 3)  # a disk that never answers takes no processor time


def limit_off() -> None:
    """The clock stops for who waits for the next request."""
    if resource is not None:
        signal.setitimer(signal.ITIMER_REAL, 0)


def end_with_asker() -> None:
    """Start what ends this process when nobody holds the other end of its standard input any more.

    The HDF5 library may be deep in a file then, so another process watches. A signal on the parent's death would come
    when the thread ends that started this process.
    """
    if not hasattr(os, "fork") or os.fork():
        return
    os.close(1)  # whoever waits for an answer sees its end when the other process is gone
    watcher = select.poll()
    watcher.register(0, 0)
    watcher.poll()
    os.kill(os.getppid(), signal.SIGKILL)
    os._exit(0)


def main() -> None:
    """Answer requests until there are no more."""
    end_with_asker()
    out, opened = sys.stdout.buffer, Opened()
    out.write(READY)
    out.flush()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        limit(int(request["seconds"]), int(request["memory"]))
        given = io.BytesIO(sys.stdin.buffer.read(int(request["length"]))) if "length" in request else request["path"]
        header, arrays = answer(request, given, opened)
        limit_off()
        data = json.dumps(header).encode()
        out.write(struct.pack("<Q", len(data)) + data)
        for array in arrays:
            out.write(array.tobytes() if array.ndim == 0 else array.reshape(-1).view(np.uint8).data)
        out.flush()
        del header, arrays, data, given


if __name__ == "__main__":
    main()
