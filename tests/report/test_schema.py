"""The published JSON Schema of a report: it is the one of the code, and real reports are what it says."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

import neurodeploy as nd
from neurodeploy.report.schema import report_schema
from tests.cli.support import call
from tests.report import faulty


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A real report, as JSON has it: of a divergence, with losses, labels and notes."""
    return json.loads(json.dumps(faulty.check(monkeypatch).to_json(), allow_nan=False))


def test_the_published_file_is_what_the_types_give() -> None:
    assert nd.schema() == json.loads(json.dumps(report_schema()))
    Draft202012Validator.check_schema(nd.schema())


def test_a_real_report_is_valid_and_every_field_of_it_is_described(data: dict[str, Any]) -> None:
    schema = nd.schema()
    Draft202012Validator(schema).validate(data)
    types = schema["$defs"]
    first = data["rungs"][-1]["first_divergence"]
    parts = {"Report": data, "Rung": data["rungs"][-1], "Divergence": first, "Arrival": first["arrivals"][0]}
    parts["Node"] = data["rungs"][-1]["nodes"][faulty.WRONG]
    for name, part in parts.items():
        assert part.keys() <= types[name]["properties"].keys(), name


@pytest.mark.parametrize("field", ["verdict", "rungs", "coverage", "task"])
def test_a_report_without_a_field_or_with_another_type_is_not(field: str, data: dict[str, Any]) -> None:
    validator = Draft202012Validator(nd.schema())
    with pytest.raises(ValidationError):
        validator.validate({key: value for key, value in data.items() if key != field})
    with pytest.raises(ValidationError):
        validator.validate({**data, field: 1})


def test_the_command_line_prints_it() -> None:
    assert json.loads(call("schema", "report").out) == nd.schema("report")
    refused = call("schema", "trace")
    assert refused.code == 2 and "there is no schema of 'trace'" in refused.err
