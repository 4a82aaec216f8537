"""The chip of the page on bringing one: the suite finds its bug in the decay, and passes it mended."""

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.flow import conform
from tests.cli.support import call
from tests.plugins.conftest import HERE, ROOT

pytestmark = [pytest.mark.xdist_group("plugins"), pytest.mark.usefixtures("importable")]
PAGE = (ROOT / "docs/bring-your-chip.md").read_text()


def test_the_suite_finds_the_planted_bug_and_its_smallest_program(tmp_path: Path) -> None:
    result = call("targets", "conform", "minichip", "-n", "1", "-o", tmp_path / "smallest", "--json")
    assert result.code == 1
    failed = [case for case in result.data["cases"] if case["status"] == "failed"]
    assert {case["attribute"] for case in failed} == {"membrane decay", "current decay", "network"}
    smallest = result.data["smallest"]
    assert (smallest["samples"], smallest["steps"]) == (1, 2)
    assert "455" in " ".join(smallest["program"])
    assert smallest["first"]["expected"] - smallest["first"]["actual"] == 1
    assert call("targets", "conform", "minichip", "--again", tmp_path / "smallest").code == 1


def test_mended_it_passes_all_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    minichip: Any = importlib.import_module("minichip")
    monkeypatch.setattr(minichip, "decayed", lambda v, decay: np.sign(v) * (np.abs(v) * (4096 - decay) >> 12))
    report = conform("minichip", 1)
    assert report.verdict == "agree"
    assert report.count("passed") > 55
    assert report.count("unsupported") > 60


def test_the_page_shows_the_package_as_it_is() -> None:
    blocks = re.findall(r"^```(?:python|toml)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    package = HERE / "minichip"
    files = package / "pyproject.toml", package / "src/minichip/__init__.py"
    assert blocks == [path.read_text() for path in files]
    simulator = files[1].read_text().split("def saturated")[1].split("TARGET =")[0]
    assert len([line for line in simulator.splitlines() if line.strip()]) < 50
