"""What axe-core, the checker of accessibility, finds on the page that a browser shows."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.report import browser as session

PACKAGE = "axe_playwright_python"
"""It brings axe-core as a file, which any browser can run; the rest of it is not used."""
RUN = """
    const done = arguments[0];
    axe.run(document, { resultTypes: ["violations"] }).then(done, (error) => done({ error: String(error) }));
"""
SEVERE = ("serious", "critical")


def missing() -> str:
    """Why no page can be checked here; empty where one can."""
    absent = "" if find_spec(PACKAGE) else "axe-playwright-python is not installed (make setup installs it)"
    return absent or session.missing()


def violations(browser: Any) -> list[str]:
    """The rules that the page breaks badly, each with the first elements that do and what is wrong with them."""
    spec = find_spec(PACKAGE)
    assert spec is not None and spec.origin is not None
    browser.set_script_timeout(600)
    browser.command_executor.client_config.timeout = 600  # the pages of the Python face are long
    browser.execute_script(Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = browser.execute_async_script(RUN)
    assert "error" not in found, found["error"]
    assert found["violations"] or found["testEngine"]["name"] == "axe-core"
    return [
        f"{rule['id']}: {rule['help']}: "
        + "; ".join(f"{node['html'][:120]} ({node['failureSummary'][:200]})" for node in rule["nodes"][:3])
        for rule in found["violations"]
        if rule["impact"] in SEVERE
    ]
