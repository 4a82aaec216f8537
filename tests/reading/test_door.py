"""What is no regular file is refused at once; what is larger than its limit, before any memory is taken for it."""

import os
from pathlib import Path

import pytest

from neurodeploy.errors import InputError
from neurodeploy.reading import READ_LIMIT, is_plain, read_bytes, read_text
from tests.reading_support import IRREGULAR, put, sparse


@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_is_no_regular_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_bytes(put(tmp_path / "x", IRREGULAR[kind]))


def test_a_file_with_holes_is_not_as_large_as_it_says(tmp_path: Path) -> None:
    sparse(tmp_path / "x")
    for growth in (0, 4):
        with pytest.raises(InputError, match=f"set {READ_LIMIT} to more"):
            read_bytes(tmp_path / "x", growth=growth)


def test_a_large_file_may_be_read_that_takes_its_size_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(os.urandom(1 << 16))
    with pytest.raises(InputError, match="at most"):
        read_bytes(tmp_path / "x", usual=1 << 10)
    assert len(read_bytes(tmp_path / "x", usual=1 << 10, growth=4)) == 1 << 16


@pytest.mark.parametrize(("text", "fits"), [("2K", True), ("2048", True), ("1KiB", False), ("2000", False)])
def test_the_limit_is_a_variable(text: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(bytes(2048))
    monkeypatch.setenv(READ_LIMIT, text)
    if fits:
        assert read_bytes(tmp_path / "x") == bytes(2048)
    else:
        with pytest.raises(InputError, match="MiB are read"):
            read_bytes(tmp_path / "x")


@pytest.mark.parametrize("text", ["x", "0", "-1", "1e9", "8Q", "9" * 30])
def test_a_limit_that_is_no_size_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"x")
    monkeypatch.setenv(READ_LIMIT, text)
    with pytest.raises(InputError, match=READ_LIMIT):
        read_bytes(tmp_path / "x")


def test_text_is_utf8(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbf{}")
    assert read_text(tmp_path / "x") == "{}"
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_text(tmp_path / "x")


@pytest.mark.parametrize("name", ["model.c", "a/b-c_1.npz", "target/model_probe.c", "0"])
def test_plain_names(name: str) -> None:
    assert is_plain(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a//b",
        "a/",
        "../a",
        "a/../b",
        "./a",
        ".a",
        "a\\b",
        "a:b",
        "a b",
        "a\n",
        "ä",
        "nul",
        "COM1.c",
        "a.",
        "x" * 300,
    ],
)
def test_names_that_are_not_plain(name: str) -> None:
    assert not is_plain(name)
