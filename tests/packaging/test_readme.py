"""What the two READMEs tell a stranger to type exists, and the first one's table names the targets there are."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GUIDES = {folder: (folder / "README.md").read_text() for folder in (ROOT, ROOT / "neurodeploy")}


def _typed(text: str) -> list[str]:
    """The commands in a text's blocks, without what a comment says of them."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ").split(" #")[0].rstrip() for line in lines if line.startswith("$ ")]


COMMANDS = _typed(README)
TYPED = [each for text in GUIDES.values() for each in _typed(text)]
INLINE = [each for text in GUIDES.values() for each in re.findall(r"`((?:make|neurodeploy) [^`]+)`", text)]
MAKE = sorted({each for each in [*TYPED, *INLINE] if each.startswith("make ")})
CLI = sorted({each for each in [*TYPED, *INLINE] if each.startswith("neurodeploy ")})
LINKS = [(folder, link) for folder, text in GUIDES.items() for link in re.findall(r"\]\(([^)]+)\)", text)]


def test_it_is_one_screen() -> None:
    assert len(README.splitlines()) <= 60


def test_it_has_commands() -> None:
    assert {"make demo", "make test"} <= set(COMMANDS)
    assert len(CLI) >= 3


def test_every_command_is_one_of_ours() -> None:
    assert {each.split()[0] for each in TYPED} <= {"make", "neurodeploy"}


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


@pytest.mark.parametrize(("folder", "link"), LINKS)
def test_their_links_lead_somewhere(folder: Path, link: str) -> None:
    assert (folder / link).exists()
