"""The process that opens HDF5 files, so that a damaged one can neither stop nor crash nor fill the process that asks.

The HDF5 library hangs on some damaged files and may crash on others. Started by ``hdf5.py`` as a script: every line on
standard input is one request, every answer is a length, a JSON header, and the bytes of the arrays it names.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import struct
import sys
from math import prod
from typing import Any

import h5py
import numpy as np

try:
    import resource
except ImportError:  # Windows has no such limits; the parent's patience is the only one there
    resource = None  # type: ignore[assignment]

DEEPEST, MOST_TEXTS = 24, 2_000_000
PLAIN = "fiub"
READY = b"\x06"


class BadFileError(Exception):
    """The file holds something no NIR file holds."""


class Answer:
    """Collects a file's tree; ``left`` bytes of arrays and ``objects`` entries may still be read."""

    def __init__(self, left: int, objects: int) -> None:
        self.left = left
        self.objects = objects
        self.arrays: list[Any] = []

    def group(self, group: Any, depth: int) -> dict[str, Any]:
        """Groups become tables, datasets texts or arrays."""
        if depth > DEEPEST:
            raise BadFileError(f"its groups are nested deeper than {DEEPEST}")
        return {str(name): self.item(self.inside(group, name), depth) for name in group}

    def inside(self, group: Any, name: str) -> Any:
        """A group's entry. Raises BadFileError for one that stands in another file."""
        if group.id.links.get_info(name.encode()).type == h5py.h5l.TYPE_EXTERNAL:
            raise BadFileError(f"its entry {name!r} stands in another file")
        return group[name]

    def item(self, item: Any, depth: int) -> dict[str, Any]:
        """One entry of a group."""
        self.objects -= 1
        if self.objects < 0:
            raise BadFileError("it holds too many entries for its size")
        if isinstance(item, h5py.Group):
            return {"group": self.group(item, depth + 1)}
        shape = item.shape if isinstance(item, h5py.Dataset) else None
        return {"strange": type(item).__name__} if shape is None else self.dataset(item, shape)

    def dataset(self, data: Any, shape: tuple[int, ...]) -> dict[str, Any]:
        """A text, a table of texts, or an array. Raises BadFileError before anything too large is read."""
        refuse_elsewhere(data)
        kind = data.dtype
        count, texts = prod(shape), h5py.check_string_dtype(kind) is not None
        size = max(count, prod(data.chunks or ())) * max(kind.itemsize, 1)
        if size > self.left or (texts and count > MOST_TEXTS):
            raise BadFileError(f"{data.name} is too large: shape {shape}, {size} bytes")
        if texts:
            return self.texts(data)
        if kind.kind not in PLAIN:
            return {"strange": str(kind)}
        self.left -= size
        self.arrays.append(np.ascontiguousarray(data[()]).astype(kind.newbyteorder("="), copy=False))
        return {"array": len(self.arrays) - 1, "shape": list(shape)}

    def texts(self, data: Any) -> dict[str, Any]:
        """Texts, decoded."""
        values = np.asarray(data[()], dtype=object)
        flat = [text.decode("utf8") if isinstance(text, bytes) else str(text) for text in values.reshape(-1)]
        self.left -= sum(map(len, flat))
        if self.left < 0:
            raise BadFileError("its texts are too large")
        return {"texts": flat, "shape": list(values.shape)}


def refuse_elsewhere(data: Any) -> None:
    """Raises BadFileError for a dataset whose values stand in other files (external or virtual storage)."""
    stored = data.id.get_create_plist()
    if stored.get_external_count() or stored.get_layout() == h5py.h5d.VIRTUAL:
        raise BadFileError(f"the values of {data.name} stand in other files")


def answer(request: dict[str, Any], content: Any) -> tuple[dict[str, Any], list[Any]]:
    """The header and the arrays of one request; every failure is a header with its reason."""
    answer = Answer(int(request["bytes"]), int(request["objects"]))
    try:
        with h5py.File(content, "r") as file:
            tree = answer.group(file, 0)
        arrays = [{"type": array.dtype.str, "size": array.nbytes} for array in answer.arrays]
        return {"tree": tree, "arrays": arrays}, answer.arrays
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


def main() -> None:
    """Answer requests until there are no more."""
    out = sys.stdout.buffer
    out.write(READY)
    out.flush()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        limit(int(request["seconds"]), int(request["memory"]))
        given = io.BytesIO(sys.stdin.buffer.read(int(request["length"]))) if "length" in request else request["path"]
        header, arrays = answer(request, given)
        limit_off()
        data = json.dumps(header).encode()
        out.write(struct.pack("<Q", len(data)) + data)
        for array in arrays:
            out.write(array.tobytes() if array.ndim == 0 else array.reshape(-1).view(np.uint8).data)
        out.flush()
        del header, arrays, data, given


if __name__ == "__main__":
    main()
