"""Names are completed and misspelled ones told before anything heavy is imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import call, process

WRONG = {
    "unknown verb": (("exprot", "x.nir"), "No such command 'exprot'"),
    "unknown target": (("export", "x.nir", "-t", "fixd"), "unknown target 'fixd'\n  remedy: did you mean fixed?"),
    "one of several targets": (("check", "x.nir", "-t", "c", "-t", "cortex"), "did you mean cortex-m?"),
    "unknown option": (("export", "x.nir", "-t", "c", "-O", "layuot=cmake"), "did you mean layout?"),
}
WRONG_VALUES = {
    "layout of a target": (("export", "x.pt", "-t", "c", "-O", "layout=cmaek"), "did you mean cmake?"),
    "memory of a target": (("export", "x.pt", "-t", "cortex-m", "-O", "flash=big"), "'big' is no size of a memory"),
    "clock of a target": (("export", "x.pt", "-t", "cortex-m", "-O", "clock=fast"), "'fast' is no frequency"),
    "board of a target": (("export", "x.pt", "-t", "cortex-m", "-O", "machine=mps2-an38"), "did you mean mps2-an386?"),
    "neurons of a target": (("export", "x.pt", "-t", "loihi-sim", "-O", "neurons=stok"), "did you mean stock?"),
    "prefix of a target": (("export", "x.pt", "-t", "c", "-O", "prefix=stdio"), "is the name of a header of C"),
    "engine of a target": (("export", "x.pt", "-t", "fixed", "-O", "engine=compild"), "did you mean compiled?"),
    "option of quantization": (("export", "x.pt", "-t", "c", "-O", "weight-bits=99"), "a whole number from 1 to 16"),
    "method": (("encode", "signal.csv", "--method", "step-foward"), "did you mean step-forward?"),
    "profile": (("run", "x.nir", "--profile", "nores-1.1"), "did you mean norse-1.1?"),
    "rung": (("run", "x.pt", "--on", "sorce"), "did you mean source?"),
    "reference network": (("models", "build", "digts"), "did you mean digits?"),
}
HEAVY = """
import json, sys
from neurodeploy.cli.app import run_verb
for arguments in json.loads(sys.argv[1]):
    code = run_verb(arguments)
    print(code, sorted({"torch", "h5py", "neurodeploy.flow", "scipy"} & sys.modules.keys()))
"""


def test_wrong_names_are_told_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    """And wrong values of options before torch is."""
    (tmp_path / "x.pt").write_bytes(b"")
    (tmp_path / "signal.csv").write_text("1\n2\n")
    given = {**WRONG, **WRONG_VALUES}
    words = json.dumps([arguments for arguments, _ in given.values()])
    command = [sys.executable, "-c", HEAVY, words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path)
    told = done.stdout.splitlines()
    assert told[: len(WRONG)] == ["2 []"] * (len(WRONG) - 1) + ["2 ['h5py']"]
    assert not [line for line in told if "torch" in line or not line.startswith("2 ")]
    for _, said in given.values():
        assert said in done.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("ins",), ["inspect"]),
        (("check", "--tar"), ["--target"]),
        (("export", "x.nir", "-t", "c"), ["c", "cortex-m"]),
        (("export", "x.nir", "-t", "c", "-O", "la"), ["layout="]),
        (("export", "x.nir", "-O", "weight-b"), ["weight-bits="]),
    ],
)
def test_verbs_options_targets_and_their_options_are_completed(
    words: tuple[str, ...], offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As bash asks for the last of these words."""
    monkeypatch.setenv("_NEURODEPLOY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", " ".join(("neurodeploy", *words)))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    result = call()
    assert (result.code, result.out.split(), result.err) == (0, offered, "")


def test_the_script_for_a_shell_is_shown() -> None:
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = process("--show-completion", "zsh", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_NEURODEPLOY_COMPLETE" in done.stdout
