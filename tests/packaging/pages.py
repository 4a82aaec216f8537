"""The pages of the documentation as tests see them: their texts, and the commands and links in them."""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


def builder():
    """The module that builds the site."""
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs/build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLACES: dict[str, str] = dict(builder().SOURCES)
"""Every page of the site, with the file it is made from."""
FILES = sorted({name for name in PLACES.values() if name.endswith(".md")})
"""Pages that are written as text; notebooks have tests of their own."""
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}


def commands(text: str) -> list[str]:
    """The commands in a text's blocks, without what a comment says of them."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ").split(" #")[0].rstrip() for line in lines if line.startswith("$ ")]


def prose(text: str) -> str:
    """A text without its code blocks."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


def inline(text: str) -> list[str]:
    """What stands between single backticks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(text))


def links(text: str) -> list[str]:
    """Where a text's links lead, but for other sites and for places on the same page."""
    found = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose(text))
    return [link for link in found if "://" not in link]


def titled(text: str) -> dict[str, str]:
    """Files that a text shows whole: blocks with a title, by that title."""
    return dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', text, re.DOTALL | re.MULTILINE))


@dataclass(frozen=True)
class Shown:
    """A command in a text, the exit code that it says (``# exit code 1``; else 0), and the lines shown below it."""

    command: str
    code: int
    lines: tuple[str, ...]


def shown(text: str) -> list[Shown]:
    """The commands of a text with what it shows of their output; a line of dots stands for lines left out."""
    found: list[Shown] = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *lines = part.splitlines()
            command, _, code = first.partition("  # exit code ")
            output = (line.strip() for line in lines)
            found.append(Shown(command, int(code or 0), tuple(line for line in output if line.strip(". "))))
    return found
