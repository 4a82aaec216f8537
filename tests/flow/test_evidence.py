"""What agreement means: a target that ran the reference's own code is never said to agree with it."""

import importlib
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from neurodeploy.engine import compiler
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.flow import check, export
from neurodeploy.trace import Trace
from tests.cli.support import Result, call, small_network

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")
PLUG_IN = """
from neurodeploy.capabilities import Capabilities
from neurodeploy.evidence import Evidence
from neurodeploy.numerics import LOIHI2
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import Artifact, Target

def lower(program, options):
    return Artifact(program)

def run(artifact, stimulus, *, states=False, drive=None):
    return run_program(artifact.program, stimulus, states, drive)

PARROT = Target("parrot", "claims to be a chip", LOIHI2, Capabilities(), lower, run,
                evidence=Evidence(True, "a chip of its own, it says"))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a stimulus that makes both populations fire."""
    monkeypatch.chdir(tmp_path)
    np.savez("s.npz", input=(np.random.default_rng(1).random((60, 3)) < 0.5).astype(float))
    return tmp_path


@pytest.fixture
def no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``CC`` names none, nothing else is on the path, and the package ziglang is not installed."""
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)


@pytest.fixture
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed target that calls the reference and declares that it does not."""
    about = tmp_path / "site" / "parrot-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[neurodeploy.targets]\nparrot = parrot_chip:PARROT\n")
    (tmp_path / "site" / "parrot_chip.py").write_text(PLUG_IN)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("parrot_chip", None)


@pytest.fixture(params=["missing compiler", "engine=reference", "plug-in"])
def bundle(request: pytest.FixtureRequest) -> Path:
    """A bundle whose target runs the reference's own code, for each reason that there is."""
    if request.param == "plug-in":
        request.getfixturevalue("parrot")
        return export(small_network(), "parrot", "b").path
    if request.param == "missing compiler":
        request.getfixturevalue("no_compiler")
        return export(small_network(), "fixed", "b").path
    return export(small_network(), "fixed", "b", {"engine": "reference"}).path


def checked(bundle: Path, *more: str) -> Result:
    return call("check", bundle, "--input", "s.npz", *more)


def test_the_console_says_same_code_and_why_and_never_exact(bundle: Path) -> None:
    result = checked(bundle)
    assert result.code == 5
    text = " ".join(result.out.split())
    assert "same code" in text and "the reference runner itself ran" in text
    assert "verdict: inconclusive" in text and "--allow-same-code" in text
    assert "exact" not in text


def test_the_plain_data_says_the_same(bundle: Path) -> None:
    result = checked(bundle, "--json")
    assert result.code == 5
    assert (result.data["verdict"], result.data["rungs"][-1]["verdict"]) == ("inconclusive", "same code")
    assert result.data["rungs"][-1]["evidence"]["independent"] is False
    assert "exact" not in json.dumps(result.data["rungs"][-1])


def test_page_and_notebook_say_the_same(bundle: Path) -> None:
    assert checked(bundle, "--html", "report.html").code == 5
    report = check(bundle, "s.npz")
    for page in (Path("report.html").read_text().partition('id="glossary-title"')[0], report._repr_html_()):
        assert "inconclusive" in page and "same code" in page and "exact" not in page


def test_junit_xml_fails_where_the_exit_code_does_and_skips_where_it_is_accepted(bundle: Path) -> None:
    assert checked(bundle, "--junit", "report.xml").code == 5
    refused = ElementTree.parse("report.xml").getroot()
    assert [failure.get("type") for failure in refused.iter("failure")] == ["same code"]
    assert "exact" not in Path("report.xml").read_text()
    assert checked(bundle, "--junit", "report.xml", "--allow-same-code").code == 0
    accepted = ElementTree.parse("report.xml").getroot()
    assert not list(accepted.iter("failure")) and len(list(accepted.iter("skipped"))) == 1


def test_it_can_be_accepted_but_still_reads_same_code(bundle: Path) -> None:
    result = checked(bundle, "--allow-same-code")
    assert result.code == 0
    assert "verdict: agree" in result.out and "same code" in result.out and "exact" not in result.out
    report = check(bundle, "s.npz", allow_same_code=True)
    assert (report.verdict, report.rungs[-1].verdict) == ("agree", "same code")


def test_accepting_it_does_not_accept_a_divergence_elsewhere() -> None:
    network, reference = small_network(drive=0.337), {"engine": "reference", "weight-bits": "2"}
    report = check(network, "s.npz", targets=["fixed"], options=reference, budget=1.0, allow_same_code=True)
    assert (report.verdict, report.rungs[-1].verdict) == ("diverged", "same code")


@needs_compiler
def test_one_independent_target_is_enough(parrot: None) -> None:
    report = check(small_network(), "s.npz", targets=["parrot", "fixed"])
    assert {rung.target: rung.verdict for rung in report.rungs[1:]} == {"parrot": "same code", "fixed": "agree"}
    assert report.verdict == "agree"


@needs_compiler
@pytest.mark.parametrize("target", ["fixed", "c"])
def test_compiled_code_agrees_exactly(target: str) -> None:
    result = checked(export(small_network(), target, "b").path)
    assert result.code == 0
    assert f"program → {target} agree exact" in " ".join(result.out.split())


def test_a_saved_trace_remembers_what_ran(bundle: Path) -> None:
    assert call("run", bundle, "--input", "s.npz", "-o", "t.npz").code == 0
    evidence = Trace.load(Path("t.npz")).evidence
    assert evidence is not None and not evidence.independent
    assert "the reference runner itself ran" in call("inspect", "t.npz").out
