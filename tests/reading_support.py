"""Files as nobody should send them: each made by one line, for the tests of whatever opens files."""

import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np

Make = Callable[[Path], object]


def npy(shape: tuple[int, ...], kind: str = "<f8", data: bytes = b"") -> bytes:
    """An ``.npy`` whose header declares ``shape`` and ``kind``, with ``data`` behind it."""
    buffer = BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": kind, "fortran_order": False, "shape": shape})
    return buffer.getvalue() + data


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def zeros_member(name: str, size: int) -> bytes:
    """A zip archive of one member that unpacks to ``size`` zeros, made without holding them."""
    packer, checksum, block = zlib.compressobj(9, zlib.DEFLATED, -15), 0, bytes(1 << 20)
    parts = [packer.compress(npy((size,), "|u1"))]
    checksum = zlib.crc32(npy((size,), "|u1"))
    for _ in range(size >> 20):
        parts.append(packer.compress(block))
        checksum = zlib.crc32(block, checksum)
    data = b"".join([*parts, packer.flush()])
    whole, encoded = len(npy((size,), "|u1")) + (size >> 20 << 20), name.encode()
    sizes = struct.pack("<LLL", checksum, len(data), whole)
    local = struct.pack("<4sHHHHH", b"PK\3\4", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", len(encoded), 0) + encoded
    entry = struct.pack("<4sHHHHHH", b"PK\1\2", 20, 20, 0, 8, 0, 33) + sizes
    entry += struct.pack("<HHHHHLL", len(encoded), 0, 0, 0, 0, 0, 0) + encoded
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local) + len(data), 0)
    return local + data + entry + end


def sparse(path: Path, size: int = 3 << 30, start: bytes = b"") -> None:
    """A file that claims ``size`` bytes and takes none on its disk."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)


def link_to_endless(path: Path) -> None:
    """A link to a device without an end."""
    path.symlink_to("/dev/zero")


IRREGULAR: dict[str, Make] = {
    "fifo": os.mkfifo,
    "endless": link_to_endless,
    "folder": Path.mkdir,
    "loop": lambda path: path.symlink_to(path),
    "missing": lambda path: None,
    "dangling": lambda path: path.symlink_to(path.with_name("nowhere")),
}
"""What is no regular file."""


def put(path: Path, make: Make | bytes) -> Path:
    """``path``, with what ``make`` makes there instead of what stood there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    if isinstance(make, bytes):
        path.write_bytes(make)
    else:
        make(path)
    return path
