"""Options that several verbs share are written once, and read alike in every verb."""

from dataclasses import dataclass, fields
from typing import Annotated

import pytest
import typer

from neurodeploy.cli import options
from neurodeploy.cli.blocks import with_blocks
from tests.cli.support import call


@dataclass(frozen=True)
class Engine:
    """Options of a test."""

    fuel: Annotated[str, typer.Option(metavar="KIND", help="What it burns.")] = "hydrogen"
    stages: Annotated[int, typer.Option("--stages", "-s", help="How many.")] = 2


def test_a_block_becomes_its_options_and_the_verb_gets_the_block() -> None:
    app = typer.Typer()
    calls: list[tuple[str, Engine]] = []

    @app.command()
    @with_blocks
    def launch(name: Annotated[str, typer.Argument()], *, engine: Engine) -> None:
        calls.append((name, engine))

    app(["moon", "--fuel", "kerosene", "-s", "3"], standalone_mode=False)
    app(["mars"], standalone_mode=False)
    assert calls == [("moon", Engine("kerosene", 3)), ("mars", Engine())]


def lines(verb: str, option: str) -> str:
    """What the help of a verb says of one option."""
    page = call(verb, "--help").out.partition("Options:")[2]
    entry = page.partition(f"--{option} ")[2]
    return " ".join(entry.split("\n  -")[0].split())


@pytest.mark.parametrize("field", [field.name for field in fields(options.Loading)])
def test_the_options_of_a_source_read_alike_in_all_six_verbs(field: str) -> None:
    option = field.replace("_", "-")
    told = {verb: lines(verb, option) for verb in ("export", "run", "check", "inspect", "lint", "convert")}
    assert len(set(told.values())) == 1 and all(told.values())


@pytest.mark.parametrize("block", [options.Making, options.Framing])
def test_the_options_of_a_stimulus_read_alike_in_run_and_check(block: type) -> None:
    for field in fields(block):
        option = field.name.replace("_", "-")
        assert lines("run", option) == lines("check", option) != ""
