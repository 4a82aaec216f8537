"""The README fits a screen, and shows what `make demo` does and which targets there are."""

import re
import tomllib

from tests.packaging.pages import ROOT, TEXTS, commands

README = TEXTS["README.md"]
COMMANDS = commands(README)


def test_it_is_one_screen() -> None:
    assert len(README.splitlines()) <= 60


def test_it_begins_with_make() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]


def test_every_command_is_one_of_ours() -> None:
    assert {command.split()[0] for command in COMMANDS} == {"make", "neurodeploy"}


def test_the_demo_does_what_the_readme_shows() -> None:
    """The recipe of `make demo` holds the README's commands by hand, word for word."""
    recipe = (ROOT / "Makefile").read_text().split("\ndemo:", 1)[1].split("\n\n", 1)[0]
    ran = re.findall(r"\$\(BIN\)/(neurodeploy .*)", recipe)
    assert [command for command in COMMANDS if command.startswith("neurodeploy ")] == ran


def test_its_table_names_every_target() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"^\| `([\w-]+)` \|", README, re.MULTILINE)
    assert sorted(named) == sorted(project["entry-points"]["neurodeploy.targets"])
