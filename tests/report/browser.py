"""A headless Chromium that opens a page from the disk."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

WIDTH, HEIGHT, PHONE, NARROW = 1100, 900, 390, 360


def missing() -> str:
    """Why no browser can be driven here; empty where one can."""
    if find_spec("selenium") is None:
        return "selenium is not installed (extra: dev)"
    absent = [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]
    return f"{' and '.join(absent)} not found (make system installs chromium and chromium-driver)" if absent else ""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; it ends with the block."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(shutil.which("chromium"))
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-extensions"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        yield browser
    finally:
        browser.quit()


def resize(browser: Any, width: int) -> None:
    """Give the page that width, in pixels of a screen of ordinary density."""
    size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width <= PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def prefer(browser: Any, scheme: str) -> None:
    """Let the reader prefer ``light`` or ``dark``."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def wait_until(page: Any, holds: Callable[[Any], bool], seconds: float = 10.0) -> None:
    """Wait for what a page does by itself. Raises TimeoutException where it does not."""
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(page, seconds).until(holds)
