"""What README.md tells a stranger to type exists, and its table names the targets there are."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
COMMANDS = [line.removeprefix("$ ") for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
INLINE = re.findall(r"`((?:make|neurodeploy) [^`]+)`", README)
MAKE = sorted({each for each in [*COMMANDS, *INLINE] if each.startswith("make ")})
CLI = sorted({each for each in [*COMMANDS, *INLINE] if each.startswith("neurodeploy ")})


def test_it_is_one_screen() -> None:
    assert len(README.splitlines()) <= 60


def test_it_has_commands() -> None:
    assert {"make demo", "make test"} <= set(COMMANDS)
    assert len(CLI) >= 3


def test_every_command_is_one_of_ours() -> None:
    assert {each.split()[0] for each in COMMANDS} <= {"make", "neurodeploy"}


@pytest.mark.parametrize("command", MAKE)
def test_make_knows_its_targets(command: str) -> None:
    done = subprocess.run(["make", "-n", command.split()[1]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", CLI)
def test_neurodeploy_knows_its_verbs_and_options(command: str) -> None:
    words = shlex.split(command)[1:]
    verb = [words[0], *words[1:2]] if words[0] in ("models", "targets") and len(words) > 1 else words[:1]
    program = Path(sys.executable).parent / "neurodeploy"
    done = subprocess.run([program, *verb, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    missing = [word for word in words if word.startswith("-") and word not in done.stdout]
    assert missing == []


def test_the_demo_does_what_the_readme_shows() -> None:
    """The recipe of `make demo` holds the README's commands by hand, word for word."""
    recipe = (ROOT / "Makefile").read_text().split("\ndemo:", 1)[1].split("\n\n", 1)[0]
    ran = re.findall(r"\$\(BIN\)/(neurodeploy .*)", recipe)
    assert [each for each in COMMANDS if each.startswith("neurodeploy ")] == ran


def test_its_table_names_every_target() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"^\| `([\w-]+)` \|", README, re.MULTILINE)
    assert sorted(named) == sorted(project["entry-points"]["neurodeploy.targets"])


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", README))
def test_its_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
