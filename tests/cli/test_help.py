"""Help and version come at once, without the heavy packages."""

import subprocess
import sys

import pytest

import neurodeploy
from tests.cli.support import call, process

VERBS = (
    ("export",),
    ("run",),
    ("check",),
    ("inspect",),
    ("lint",),
    ("convert",),
    ("cost",),
    ("place",),
    ("reduce",),
    ("encode",),
    ("decode",),
    ("events", "info"),
    ("targets",),
    ("targets", "install"),
    ("models",),
    ("models", "build"),
)


@pytest.mark.parametrize("verb", ((), *VERBS), ids=" ".join)
def test_every_verb_has_help_that_fits_a_terminal(verb: tuple[str, ...]) -> None:
    result = call(*verb, "--help")
    assert result.code == 0
    assert result.err == ""
    assert result.out.startswith(" ".join(("Usage:", "neurodeploy", *verb, "[OPTIONS]")))
    assert max(map(len, result.out.splitlines())) <= 80
    assert call(*verb, "-h").out == result.out


def test_the_list_of_verbs_says_each_in_one_whole_sentence() -> None:
    listed = call("--help").out.partition("Commands:")[2]
    lines = [line for line in listed.splitlines() if line.strip()]
    verbs = ["export", "run", "check", "reduce", "inspect", "lint", "convert", "cost", "place"]
    verbs += ["sweep", "finetune", "encode", "decode", "schema", "events", "targets", "models"]
    assert [line.split()[0] for line in lines] == verbs
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


def test_help_names_every_exit_code() -> None:
    told = call("--help").out
    assert [line.split()[0] for line in told.splitlines() if line.strip()[:1].isdigit()] == [*"0123456", "70"]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_can_be_quiet_and_speak_json(verb: tuple[str, ...]) -> None:
    told = call(*verb, "--help").out
    assert "--json" in told
    assert "-q, --quiet" in told


def test_help_and_the_package_import_nothing_heavy() -> None:
    code = (
        "import sys, neurodeploy, neurodeploy.cli.app as a\n"
        "code = a.run_verb(['check', '--help'])\n"
        "heavy = sorted({'numpy', 'torch', 'norse', 'h5py', 'nir', 'scipy', 'sklearn'} & sys.modules.keys())\n"
        "print(code, heavy, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.strip() == "0 []"


def test_version() -> None:
    done = process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"neurodeploy {neurodeploy.__version__}\n", "")


def test_without_a_verb_it_shows_the_help() -> None:
    result = call()
    assert result.code == 2
    assert "Commands:" in result.out + result.err


@pytest.mark.parametrize(
    "arguments",
    [("fly",), ("export",), ("export", "a.pt"), ("check", "a.nir", "--nonsense"), ("run", "a.nir", "--steps", "0")],
)
def test_wrong_usage_exits_with_2_and_points_to_the_help(arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "--help" in result.err
