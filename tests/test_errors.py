"""Errors carry what, where and remedy; an unknown name is answered with the closest one."""

import pytest

from neurodeploy import errors
from neurodeploy.errors import CannotRepresentError, NeurodeployError, choices

CODES = {
    "InputError": 2,
    "RefusedError": 2,
    "CannotRepresentError": 3,
    "CapabilityError": 3,
    "UnavailableError": 4,
    "EnvironmentFailureError": 6,
}


def test_the_closest_name_comes_first_and_all_follow() -> None:
    assert choices("fixd", ["c", "fixed"]) == "did you mean fixed? choose one of: c, fixed"
    assert choices("zebra", ["c", "fixed"]) == "choose one of: c, fixed"
    assert choices("zebra", [], "it has") == "it has: none"


def test_an_error_is_plain_data_with_its_numbers() -> None:
    error = CannotRepresentError("too large", "node a", "scale it", value=300.0, limit=127.0)
    assert error.to_json() == {
        "kind": "CannotRepresentError",
        "exit_code": 3,
        "what": "too large",
        "where": "node a",
        "remedy": "scale it",
        "value": 300.0,
        "limit": 127.0,
    }


@pytest.mark.parametrize("name", CODES)
def test_every_error_has_one_base_and_names_its_exit_code(name: str) -> None:
    error = getattr(errors, name)
    assert issubclass(error, NeurodeployError)
    assert error.exit_code == CODES[name]
    assert f"(exit code {CODES[name]})" in (error.__doc__ or "")
