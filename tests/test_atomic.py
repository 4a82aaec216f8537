"""Files and folders appear whole or not at all."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neurodeploy.atomic import SEALED, OutputWarning, new_folder, write_file, write_files
from neurodeploy.errors import EnvironmentFailureError, InputError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(handle):
        handle.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(EnvironmentFailureError, match="No space left"):
        write_file(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_get_the_permissions_the_user_asks_for(tmp_path):
    mask = os.umask(0o022)
    try:
        write_file(tmp_path / "deep" / "file", lambda handle: handle.write(b"x"))
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "deep" / "file").stat().st_mode) == 0o644


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    place = tmp_path / "bundle"
    place.mkdir()
    (place / "old").touch()
    with new_folder(place) as folder:
        (folder / "new").touch()
        assert (place / "old").exists()
    assert [each.name for each in place.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [place]


def test_a_failed_block_leaves_the_old_folder(tmp_path):
    place = tmp_path / "bundle"
    place.mkdir()
    (place / "old").touch()
    with pytest.raises(KeyboardInterrupt), new_folder(place) as folder:
        (folder / "new").touch()
        raise KeyboardInterrupt
    assert [each.name for each in place.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    with new_folder(link) as folder:
        (folder / "new").touch()
    assert link.is_symlink()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "real"]
    assert (real / "new").exists()


def test_a_file_in_the_place_of_a_folder_is_kept(tmp_path):
    place = tmp_path / "bundle"
    place.write_text("mine")
    with pytest.raises(EnvironmentFailureError, match="a file stands"), new_folder(place):
        pass
    assert place.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/full")])
def test_a_device_or_fifo_is_never_replaced(tmp_path: Path, make) -> None:
    make(tmp_path / "x")
    with pytest.raises(InputError, match="is a device, a FIFO or a socket"):
        write_file(tmp_path / "x", lambda handle: handle.write(b"x"))
    assert not (tmp_path / "x").is_file()
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_an_old_file_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    (tmp_path / "x").chmod(0o640)
    write_file(tmp_path / "x", lambda handle: handle.write(b"new"))
    assert (stat.S_IMODE((tmp_path / "x").stat().st_mode), (tmp_path / "x").read_bytes()) == (0o640, b"new")


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    (tmp_path / "x").chmod(0o444)
    with pytest.raises(EnvironmentFailureError, match="marked read-only"):
        write_file(tmp_path / "x", lambda handle: handle.write(b"new"))
    assert (tmp_path / "x").read_bytes() == b"old"


def test_other_names_of_a_file_keep_the_old_content_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    (tmp_path / "y").hardlink_to(tmp_path / "x")
    with pytest.warns(OutputWarning, match="one of 2 names of a file"):
        write_file(tmp_path / "x", lambda handle: handle.write(b"new"))
    assert ((tmp_path / "x").read_bytes(), (tmp_path / "y").read_bytes()) == (b"new", b"old")


def test_a_link_to_a_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", lambda handle: handle.write(b"new"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_is_being_made_is_not(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, pathlib\n"
        "from neurodeploy.atomic import new_folder, write_file\n"
        "place = pathlib.Path(sys.argv[1])\n"
        "die = lambda *given: os.kill(os.getpid(), signal.SIGKILL)\n"
        "if sys.argv[2] == 'file': write_file(place, die)\n"
        "with new_folder(place) as folder: die()\n"
    )
    for kind in ("file", "folder"):
        subprocess.run([sys.executable, "-c", script, tmp_path / "x", kind], check=False)
    left = list(tmp_path.iterdir())
    assert len(left) == 2
    for path in left:
        os.utime(path, (0, 0))
    with new_folder(tmp_path / "x") as folder:
        os.utime(folder, (0, 0))
        write_file(tmp_path / "x", lambda handle: handle.write(b"new"))
        assert folder.is_dir()
        (tmp_path / "x").unlink()
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_no_permission_is_an_environment_failure(tmp_path):
    with pytest.raises(EnvironmentFailureError):
        write_file(tmp_path / "x" / ("n" * 300), lambda handle: None)


def test_a_file_where_a_folder_should_be_is_the_error_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(EnvironmentFailureError):
        write_file(tmp_path / "taken" / "trace.npz", lambda handle: handle.write(b""))
    assert (tmp_path / "taken").read_text() == "a file"


@pytest.mark.parametrize("place", ["program.npz", "target/x.npz", "new/x.npz"])
@pytest.mark.parametrize("make", ["file", "folder"])
def test_nothing_is_written_into_a_bundle(tmp_path: Path, place: str, make: str) -> None:
    for name in SEALED:
        (tmp_path / name).write_text("old")
    with pytest.raises(InputError, match="stands in a bundle"):
        MAKERS[make](tmp_path / place)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(SEALED, "old")


def test_two_outputs_are_never_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("x")
    with pytest.raises(InputError, match="two outputs"):
        write_files({tmp_path / name: lambda file: file.write(b"x") for name in ("x", "link")})
    assert not (tmp_path / "x").exists()


def _fail(_: object) -> None:
    raise ValueError("stop")


def _fail_in_folder(path: Path) -> None:
    with new_folder(path) as folder:
        _fail(folder)


MAKERS: dict[str, Callable[[Path], None]] = {"file": lambda path: write_file(path, _fail), "folder": _fail_in_folder}


@pytest.mark.parametrize("make", MAKERS)
def test_parents_that_were_made_for_nothing_go_again(tmp_path: Path, make: str) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(ValueError, match="stop"):
        MAKERS[make](tmp_path / "there" / "a" / "b" / "c")
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]
