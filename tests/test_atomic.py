"""Files and folders appear whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from neurodeploy.atomic import new_folder, write_file
from neurodeploy.errors import EnvironmentFailureError


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


def test_no_permission_is_an_environment_failure(tmp_path):
    with pytest.raises(EnvironmentFailureError):
        write_file(tmp_path / "x" / ("n" * 300), lambda handle: None)


def test_a_file_where_a_folder_should_be_is_the_error_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(EnvironmentFailureError):
        write_file(tmp_path / "taken" / "trace.npz", lambda handle: handle.write(b""))
    assert (tmp_path / "taken").read_text() == "a file"
