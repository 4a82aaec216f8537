"""The small network as a file and as a bundle; every test works in a folder of its own."""

from pathlib import Path

import pytest

from neurodeploy.flow import export
from neurodeploy.network.file import write_network
from tests.cli.support import small_network


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(folder: Path) -> Path:
    write_network(small_network(), folder / "small.nir")
    return Path("small.nir")


@pytest.fixture
def bundle(folder: Path) -> Path:
    return export(small_network(), "fixed", folder / "small.fixed").path.relative_to(folder)
