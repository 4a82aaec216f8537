"""Any HDF5 file, damaged ones included, as plain data: tables of arrays and texts."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.reading import hdf5
from neurodeploy.reading.door import MEBI, allowance, check_regular, too_large

Tree = dict[str, Any]
LARGEST = 384 * MEBI


def read_tree(path: Path, kind: str = "NIR") -> Tree:
    """The file's groups as dicts, numbers as arrays, texts as ``str`` or arrays of them.

    Anything else is None. ``kind``: what errors call the file. Raises InputError for what is no regular file, no HDF5
    file, damaged, nested too deeply or too large, and for one whose content stands in other files.
    """
    status = check_regular(path)
    limit = allowance(status, LARGEST)
    if status.st_size > limit:
        raise too_large(status.st_size, limit, str(path))
    return _tree_of({"path": str(path.resolve())}, b"", min(status.st_size, limit), limit, str(path), kind)


def read_tree_bytes(data: bytes, where: str, kind: str = "NIR") -> Tree:
    """The same of a file in memory, named ``where`` in errors."""
    return _tree_of({"length": len(data)}, data, len(data), max(LARGEST, 4 * len(data)), where, kind)


def _tree_of(request: dict[str, Any], data: bytes, size: int, limit: int, where: str, kind: str) -> Tree:
    try:
        header, arrays = hdf5.ask(request, size, limit, data)
    except hdf5.RefusedFileError as error:
        raise unreadable(where, str(error), kind) from error
    return _tree(header["tree"], arrays)


def unreadable(where: object, reason: str, kind: str = "NIR") -> InputError:
    """The error for a file that is not of its kind."""
    return InputError(f"not a readable {kind} file: {reason}", str(where), "export the network again")


def _tree(item: Tree, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """A group's table, or a value."""
    tree: Tree = {}
    for name, child in item.items():
        if "group" in child:
            tree[name] = _tree(child["group"], arrays)
        elif "array" in child:
            tree[name] = arrays[child["array"]].reshape(child["shape"])
        elif "texts" in child:
            shape = tuple(child["shape"])
            texts = np.array(child["texts"], dtype=object).reshape(shape) if prod(shape) else np.empty(shape, object)
            tree[name] = texts.item() if not shape else texts
        else:
            tree[name] = None
    return tree
