"""With ``--json`` a failure is one object on standard output, beside the same message on standard error."""

from pathlib import Path

import pytest

from neurodeploy.cli.app import guarded
from neurodeploy.errors import CapabilityError, InputError
from neurodeploy.finding import Finding
from tests.cli.support import call

FAILING = {
    "unknown target": (("export", "small.nir", "--target", "fixd"), 2, "InputError", "--target", "did you mean fixed?"),
    "missing file": (("check", "gone.nir"), 2, "InputError", "gone.nir", "check the path"),
    "no source module": (("run", "small.nir", "--on", "source"), 2, "InputError", "--on source", "give the checkpoint"),
    "no model": (("inspect", "small.txt"), 2, "InputError", "small.txt", ""),
    "no suffix": (("convert", "small.nir", "-o", "out.onnx"), 2, "InputError", "out.onnx", ".nir or .net"),
    "half an option": (("lint", "small.nir", "--fix"), 2, "InputError", "--out", "--fix -o"),
    "missing signal": (("encode", "gone.csv"), 2, "InputError", "gone.csv", ""),
    "missing recording": (("events", "info", "gone.dat"), 2, "InputError", "gone.dat", ""),
    "unknown reference network": (("models", "build", "digit"), 2, "InputError", "model", "did you mean digits?"),
    "nothing to install": (("targets", "install", "fixed"), 2, "InputError", "targets install", "use it as it is"),
    "unknown option": (("export", "a.nir", "--tarject", "x"), 2, "UsageError", "neurodeploy export", "--help"),
    "unknown verb": (("exprt", "a.nir"), 2, "UsageError", "neurodeploy", "--help"),
    "a folder in the way": (("run", "small.nir", "-o", "small.nir/t.npz"), 6, "EnvironmentFailureError", "", ""),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_is_one_object_with_what_where_remedy_and_exit_code(model: Path, name: str) -> None:
    arguments, code, kind, where, remedy = FAILING[name]
    result = call(*arguments, "--json")
    error = result.data["error"]
    assert error.keys() >= {"what", "where", "remedy", "exit_code", "kind"}
    assert (result.code, error["exit_code"], error["kind"]) == (code, code, kind)
    assert where in error["where"] and remedy in error["remedy"]
    assert error["what"] and error["what"] in result.err
    assert result.out.count("\n") == 1


def test_without_json_nothing_is_on_standard_output(model: Path) -> None:
    result = call("export", model, "--target", "fixd")
    assert (result.code, result.out) == (2, "")


def test_every_violation_of_a_capability_is_an_object_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    findings = (Finding("capability", "error", "fc1", "too wide"), Finding("capability", "error", "fc2", "too deep"))

    def fail() -> None:
        raise CapabilityError("cannot carry this network", "target x", findings=findings)

    assert guarded(fail, as_json=True) == 3
    printed = capsys.readouterr().out
    assert '"node": "fc1"' in printed and '"node": "fc2"' in printed


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (ZeroDivisionError("x"), "InternalError", 70),
        (KeyboardInterrupt(), "Interrupted", 130),
        (InputError("x"), "", 2),
    ],
)
def test_what_nobody_planned_is_an_object_too(
    capsys: pytest.CaptureFixture[str], error: BaseException, kind: str, code: int
) -> None:
    def fail() -> None:
        raise error

    assert guarded(fail, as_json=True) == code
    assert f'"kind": "{kind}' in capsys.readouterr().out
