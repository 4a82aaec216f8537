"""Names are completed and misspelled ones told before anything heavy is imported."""

import json
import os
import subprocess
import sys

import pytest

from tests.cli.support import call, process

WRONG = {
    "unknown verb": (("exprot", "x.nir"), "No such command 'exprot'"),
    "unknown target": (("export", "x.nir", "-t", "fixd"), "unknown target 'fixd'\n  remedy: did you mean fixed?"),
    "one of several targets": (("check", "x.nir", "-t", "c", "-t", "cortex"), "did you mean cortex-m?"),
    "unknown option": (("export", "x.nir", "-t", "c", "-O", "layuot=cmake"), "did you mean layout?"),
}
HEAVY = """
import json, sys
from neurodeploy.cli.app import run_verb
for arguments in json.loads(sys.argv[1]):
    code = run_verb(arguments)
    print(code, sorted({"torch", "h5py", "neurodeploy.flow", "scipy"} & sys.modules.keys()))
"""


def test_wrong_names_are_told_before_anything_heavy_is_imported() -> None:
    words = json.dumps([arguments for arguments, _ in WRONG.values()])
    done = subprocess.run([sys.executable, "-c", HEAVY, words], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["2 []"] * (len(WRONG) - 1) + ["2 ['h5py']"]
    for _, told in WRONG.values():
        assert told in done.stderr


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
