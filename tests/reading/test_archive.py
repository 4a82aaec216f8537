"""An archive unpacks to what it declares, and to no more than it may."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.reading import READ_LIMIT, read_npy, read_npz
from tests.reading_support import archive, npy, sparse, zeros_member

BAD: dict[str, bytes] = {
    "empty": b"",
    "noise": b"PK\x05\x06 nothing",
    "no array": archive({"readme.txt": b"hello"}),
    "array and more": archive({"a.npy": npy((1,), "<f8", bytes(8)), "run.py": b"print()"}),
    "declares more": archive({"a.npy": npy((1 << 40,))}),
    "declares less": archive({"a.npy": npy((1,), "<f8", bytes(80))}),
    "overflows": archive({"a.npy": npy((1 << 62, 8))}),
    "negative": archive({"a.npy": npy((-1,), "<f8", bytes(8))}),
    "truth as size": archive({"a.npy": npy((True,), "<f8", bytes(8))}),  # type: ignore[arg-type]
    "no header": archive({"a.npy": b"\x93NUMPY\x01\x00\xff\xff{"}),
    "header of code": archive({"a.npy": b"\x93NUMPY\x01\x00\x10\x00__import__('os')"}),
    "format 3": archive({"a.npy": b"\x93NUMPY\x03\x00" + npy((1,), "<f8", bytes(8))[8:]}),
    "objects": archive({"a.npy": npy((1,), "|O", b"\x80\x04N.")}),
    "struct": archive({"a.npy": npy((1,), "|V8", bytes(8))}),
    "dates": archive({"a.npy": npy((1,), "<M8[s]", bytes(8))}),
    "no kind": archive({"a.npy": npy((1,), "nothing", bytes(8))}),
    "exotic": archive({"a.npy": npy((1,), "<f8", bytes(8))}, zipfile.ZIP_BZIP2),
    "lzma": archive({"a.npy": npy((1,), "<f8", bytes(8))}, zipfile.ZIP_LZMA),
    "bomb": zeros_member("a.npy", 1 << 30),
}


def encrypted(data: bytes) -> bytes:
    """The same archive with its members marked as encrypted."""
    changed = bytearray(data)
    changed[6] |= 1
    changed[changed.index(b"PK\1\2") + 8] |= 1
    return bytes(changed)


BAD["encrypted"] = encrypted(archive({"a.npy": npy((1,), "<f8", bytes(8))}))
BAD["checksum"] = archive({"a.npy": npy((4,), "<u4", b"abcd" * 4)}, zipfile.ZIP_STORED).replace(b"abcd", b"abce", 1)


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_archive_of_arrays_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(BAD[kind])
    with pytest.raises(InputError):
        read_npz(tmp_path / "x.npz", "is no archive", "save it again")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_named_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
        for value in (1, 2):
            file.writestr("a.npy", npy((1,), "<i8", value.to_bytes(8, "little")))
    with pytest.raises(InputError, match="names a member twice"):
        read_npz(tmp_path / "x.npz", "is no archive", "save it again")


def test_what_numpy_writes_comes_back(tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(12).reshape(3, 4),
        "b/c": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "d": np.array("text"),
        "e": np.zeros((0, 3), np.int8),
        "f": np.array(2 + 1j),
        "g": np.array([True]),
        "h": np.arange(3, dtype=">i4"),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", **arrays)
        read = read_npz(tmp_path / "x.npz", "", "")
        assert read.keys() == arrays.keys()
        assert all(np.array_equal(read[key], arrays[key]) and read[key].dtype == arrays[key].dtype for key in arrays)
    for array in arrays.values():
        np.save(tmp_path / "x.npy", array)
        assert np.array_equal(read_npy(tmp_path / "x.npy", "", ""), array)


def test_a_larger_limit_lets_a_large_archive_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros(1 << 20, np.uint8))
    monkeypatch.setenv(READ_LIMIT, "1M")
    with pytest.raises(InputError, match="unpacked it is 1 MiB large"):
        read_npz(tmp_path / "x.npz", "", "")
    monkeypatch.setenv(READ_LIMIT, "2M")
    assert read_npz(tmp_path / "x.npz", "", "")["a"].size == 1 << 20


@pytest.mark.parametrize("data", [npy((1 << 40,)), npy((4,), "<f8", bytes(8)), npy((1,), "|O", b"N."), b"", b"noise"])
def test_what_is_no_array_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(data)
    with pytest.raises(InputError):
        read_npy(tmp_path / "x.npy", "is no array", "save it again")


def test_an_array_with_holes_is_not_as_large_as_it_says(tmp_path: Path) -> None:
    sparse(tmp_path / "x.npy", (3 << 30) + 128, npy((3 << 30,), "|u1"))
    with pytest.raises(InputError, match="MiB are read"):
        read_npy(tmp_path / "x.npy", "is no array", "save it again")
