"""The site of the documentation: built into a folder, and opened in a browser."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.packaging.pages import ROOT
from tests.report import accessibility
from tests.report import browser as session

SCHEMES = ("light", "dark")


def build(folder: Path) -> "subprocess.CompletedProcess[str]":
    """What ``make docs`` does, into another folder."""
    command = [sys.executable, "docs/build.py", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def violations(browser: Any, address: str, scheme: str) -> list[str]:
    """What is badly wrong with a page for people who use it by keyboard or screen reader, or need contrast."""
    session.resize(browser, session.WIDTH)
    session.prefer(browser, scheme)
    browser.get(address)
    browser.execute_script("localStorage.clear()")  # the site keeps the scheme that it first had
    browser.refresh()
    dark = browser.execute_script("return document.body.dataset.mdColorScheme") == "slate"
    wrong = [] if dark == (scheme == "dark") else [f"the page is not {scheme}"]
    return wrong + accessibility.violations(browser)


def judge(site: Path, pages: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """By page and scheme what is badly wrong with it; pages in which nothing is are left out."""
    with session.chromium() as browser:
        found = {(page, scheme): violations(browser, (site / page).as_uri(), scheme) for page, scheme in pages}
    return {page: wrong for page, wrong in found.items() if wrong}
