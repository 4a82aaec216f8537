"""The documentation: it builds without a warning, what it names exists, and every command in it does what it says."""

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import neurodeploy as nd
from neurodeploy.passes.pipeline import STAGES
from tests.cli.support import call
from tests.packaging import site, workplace
from tests.packaging.pages import FILES, PLACES, ROOT, TEXTS, commands, inline, links
from tests.report import accessibility

TYPED = {name: typed for name in FILES if not name.startswith("docs/howto/") and (typed := commands(TEXTS[name]))}
"""How-tos have a test of their own, which reads what they show too."""
INLINE = sorted({word for text in TEXTS.values() for word in inline(text) if re.match(r"(make|neurodeploy) \w", word)})
SETUP = {
    "neurodeploy/README.md": (workplace.module, workplace.signal(2), workplace.recording),
    "neurodeploy/encoding/DEPLOYMENT.md": (workplace.signal(4),),
    "docs/bring-your-chip.md": (workplace.chip,),
}
"""What the commands of a page need beside ``model.pt``, stimuli and ``theirs.nir``."""
FINDINGS = ("lint", "targets")
"""Verbs that may end with exit code 1 in the documentation: they find what they are shown for."""
LONG = re.compile(r"check demo/digits\.pt --target loihi-sim")
"""Hundreds of images on Lava: a few of them are enough here."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with the files that the documentation speaks of, and a reference network small enough."""
    workplace.register(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    place = tmp_path / "work"
    place.mkdir()
    (place / "demo").mkdir()
    monkeypatch.chdir(place)
    monkeypatch.syspath_prepend(str(place))
    for write in (workplace.model, workplace.stimuli, workplace.file_without_contract):
        write(place)
    yield place
    for name in [name for name in sys.modules if name.partition(".")[0] in ("package", "minichip")]:
        del sys.modules[name]


@pytest.mark.parametrize("page", TYPED)
def test_the_commands_of_a_page_work_in_their_order(page: str, folder: Path) -> None:
    if "recording.aedat4" in TEXTS[page] and find_spec("faery") is None:
        pytest.skip("faery is not installed (extra: events)")
    for write in SETUP.get(page, ()):
        write(folder)
    for command in TYPED[page]:
        run(command, folder)


def run(command: str, folder: Path) -> None:
    """One command: a verb in this process, a program in its own; long ones only as far as they can be asked."""
    first, *words = shlex.split(command)
    if first == "neurodeploy":
        verb(command, words)
    elif first == "python":
        assert_module(words)
    elif first == "pip":
        workplace.install(folder / words[1])
    elif first == "make" and words[0] != "-C":
        done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    else:
        assert first in ("make", "sed") or (folder / first).is_file(), f"{first} is no program that the page made"
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def verb(command: str, words: list[str]) -> None:
    result = call(*words, *(("--samples", "5") if LONG.search(command) else ()))
    if result.code == 4 and "apt-get install" in result.err:
        pytest.skip(f"{command}: {' '.join(result.err.split())}")
    assert result.code in ((0, 1) if words[0] in FINDINGS else (0,)), (command, result.out, result.err)


def assert_module(words: list[str]) -> None:
    """``python -m``: the module is there, and knows the options."""
    assert words[0] == "-m"
    assert find_spec(words[1]) is not None
    options = [word for word in words[2:] if word.startswith("-")]
    if options:
        command = [sys.executable, "-m", words[1], "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert [option for option in options if option not in done.stdout] == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """The folder of the site, and how its build ended."""
    folder = tmp_path_factory.mktemp("documentation") / "site"
    return folder, site.build(folder)


def test_the_site_builds_without_a_warning(built: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    folder, done = built
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stderr
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert pages >= {place.removesuffix(".md") + ".html" for place in PLACES}


@pytest.mark.skipif(bool(accessibility.missing()), reason=accessibility.missing() or "there is one")
def test_a_page_of_each_kind_is_accessible(built: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    """Text and wide code in the light, a notebook in the dark; ``make proof`` judges every page in both."""
    assert site.judge(built[0], [("howto/silent.html", "light"), ("notebooks/02.html", "dark")]) == {}


@pytest.mark.parametrize("command", INLINE)
def test_a_command_within_a_sentence_has_its_verb_and_options(command: str) -> None:
    words = shlex.split(command)[1:]
    if command.startswith("make "):
        run(command, ROOT)
        return
    verb = words[:2] if words[0] in ("models", "targets", "events") and len(words) > 1 else words[:1]
    help_text = call(*verb, "--help").out
    assert [word for word in words if word.startswith("-") and word not in help_text] == []


@pytest.mark.parametrize("name", FILES)
def test_links_lead_to_files_of_this_repository(name: str) -> None:
    places = [os.path.normpath(Path(name).parent / link) for link in links(TEXTS[name])]
    assert [place for place in places if not (ROOT / place).exists()] == []


PATH = re.compile(r"(?:\.?[\w-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|txt)")


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_the_places_it_names_exist(name: str) -> None:
    named = [word for word in inline(TEXTS[name]) if PATH.fullmatch(word)]
    assert len(named) > 20
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_every_public_name_has_its_place_on_a_page_of_the_python_face() -> None:
    shown = {
        name
        for text in TEXTS.values()
        for name in re.findall(r"^::: neurodeploy\.(\w+)(?:\.\w+)?$", text, re.MULTILINE)
    }
    assert set(nd.__all__) - {"__version__"} <= shown


def test_the_page_of_environment_variables_is_complete() -> None:
    """Every variable of ours that a source names, and every other one that the package reads."""
    sources = [ROOT / name for name in (".ci/run", "Makefile")]
    sources += [path for part in ("neurodeploy", "targets", "models", "benchmarks", "tests") for path in python(part)]
    ours = {name for path in sources for name in re.findall(r"\bNEURODEPLOY_[A-Z_]+[A-Z]\b", path.read_text("utf-8"))}
    reading = r"(?:environ\.get\(|environ\[|getenv\()\s*\"([A-Z_]+)\""
    others = {
        name
        for part in ("neurodeploy", "targets", "models")
        for path in python(part)
        for name in re.findall(reading, path.read_text("utf-8"))
    }
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", TEXTS["docs/environment.md"], re.MULTILINE))
    assert ours | others <= listed
    assert {name for name in listed if name.startswith("NEURODEPLOY")} <= ours


def python(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py"))


def test_the_page_of_quantization_has_every_stage_in_its_order() -> None:
    listed = re.findall(r"^\| `([a-z]+)` \|", TEXTS["docs/quantization.md"], re.MULTILINE)
    assert listed == [stage.name for stage in STAGES]


def test_the_glossary_is_in_order_and_explains_about_forty_words() -> None:
    words = re.findall(r"^- \*\*(.+?)\*\*: \w", TEXTS["GLOSSARY.md"], re.MULTILINE)
    assert words == sorted(words, key=str.lower)
    assert 35 <= len(words) <= 60
    assert len(TEXTS["GLOSSARY.md"].splitlines()) < 200


def test_the_glossary_has_every_rung_policy_and_form() -> None:
    words = set(re.findall(r"\*\*(.+?)\*\*", TEXTS["GLOSSARY.md"]))
    needed = {"network", "program", "population", "projection", "message", "scale", "grid", "tie", "held", "isolated"}
    more = {
        "latency",
        "teacher forcing",
        "evidence",
        "same code",
        "budget",
        "Jaccard index",
        "relay",
        "graded",
        "drive",
    }
    assert {*needed, *more, "rung", "trace", "target", "bundle", "contract", "profile", "numerics"} <= words
