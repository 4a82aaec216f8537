"""A missing optional package is named with the command that installs it."""

import sys

import pytest

from neurodeploy.errors import UnavailableError
from neurodeploy.extras import has, install_command, need


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faery", None)
    with pytest.raises(UnavailableError) as error:
        need("faery.events", "events", "a.dat")
    assert (error.value.what, error.value.where) == ("the package faery is not installed", "a.dat")
    assert error.value.remedy == install_command("events") == 'pip install "neurodeploy[events]"'


def test_what_is_installed_is_imported() -> None:
    assert has("json.decoder")
    assert need("json", "none", "") is sys.modules["json"]
    assert not has("no_such_package_at_all")
