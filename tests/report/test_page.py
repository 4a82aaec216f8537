"""The page of a report in a browser: it opens from the disk, shows what differs, and follows mouse and keyboard."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report import accessibility, faulty
from tests.report import browser as session

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(bool(session.missing()), reason=session.missing() or "there is one"),
]

COLORED = """
    const canvas = document.getElementById("raster"), copy = document.createElement("canvas");
    Object.assign(copy, { width: canvas.width, height: canvas.height });
    const pen = copy.getContext("2d", { willReadFrequently: true });
    pen.drawImage(canvas, 0, 0);
    const wanted = ["expected", "actual"].map((name) => { pen.fillStyle = color(name); return pen.fillStyle; });
    const bytes = pen.getImageData(0, 40, canvas.width, canvas.height - 40).data, counts = [0, 0];
    const hex = (i) => "#" + [0, 1, 2].map((k) => bytes[i + k].toString(16).padStart(2, "0")).join("");
    for (let i = 0; i < bytes.length; i += 4) { const at = wanted.indexOf(hex(i)); if (at >= 0) counts[at]++; }
    return counts;
"""
"""Pixels of the raster in the colors of spikes that only one of both rungs sent."""


@pytest.fixture(scope="module")
def report() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        yield faulty.check(patch)


@pytest.fixture(scope="module")
def browser(report: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report.to_html(), encoding="utf-8")
    with session.chromium() as opened:
        opened.address = path.as_uri()
        yield opened


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """The page, freshly opened; when the test is over, nothing has been complained of."""
    session.resize(browser, session.WIDTH)
    session.prefer(browser, "light")
    browser.get(browser.address)
    end = time.monotonic() + 10
    while browser.execute_script("return document.documentElement.dataset.ready") != "yes":
        assert time.monotonic() < end, browser.get_log("browser")
        time.sleep(0.02)
    yield browser
    assert browser.get_log("browser") == []


def text(page: Any, name: str) -> str:
    return page.find_element("id", name).text


def press(page: Any, keys: str) -> None:
    page.find_element("id", "raster").send_keys(keys)


def test_it_opens_at_the_first_divergence_with_the_verdict_above(page: Any, report: Any) -> None:
    first = report.first_divergence
    assert report.verdict == "diverged" and first.node == faulty.WRONG
    assert page.title == "Parity report: diverged"
    assert "diverged" in page.find_element("css selector", ".verdict").text
    assert f"Step {first.step}, neuron ({first.neuron[0]}): program sent 1, chip sent 0" in text(page, "cursor")
    assert "accuracy" in page.find_element("css selector", "main").text
    chosen = page.find_element("css selector", "#graph .chosen")
    assert "differs" in chosen.get_attribute("aria-label") and chosen.get_attribute("class").startswith("box differs")


def test_a_click_on_a_node_and_on_a_neuron_shows_both_membranes(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    node = page.find_element("css selector", "#graph [role=button][aria-label^='out']")
    ActionChains(page).click(node).perform()
    assert text(page, "raster-words").startswith("out (3)") and "Choose a neuron" in text(page, "membrane-words")
    raster = page.find_element("id", "raster")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", raster)
    ActionChains(page).move_to_element(raster).click().perform()
    drawn = {
        side: page.find_element("css selector", f"#membrane path.{side}").get_attribute("d")
        for side in ("expected", "actual")
    }
    assert all(path.count("L") == 59 for path in drawn.values()) and drawn["expected"] != drawn["actual"]
    assert "Neuron out (1)" in text(page, "membrane-words") and "threshold 1" in text(page, "membrane-words")
    rows = [row.text.split()[0] for row in page.find_elements("css selector", "#values tbody tr")]
    assert rows == ["network", "program", "fixed", "chip"]


def test_what_differs_is_seen_at_every_zoom(page: Any) -> None:
    whole = page.execute_script(COLORED)
    assert min(whole) > 100
    for _ in range(5):
        press(page, "+")
    press(page, "n")
    near = page.execute_script(COLORED)
    assert max(near) > 100
    span = "return [view.x1 - view.x0, view.y1 - view.y0]"
    assert page.execute_script(span) == [pytest.approx(60 * 0.6**5, 0.3), pytest.approx(4, 0.3)]
    press(page, "0")
    assert page.execute_script(span) == [60, 40]


def test_the_keyboard_does_what_the_mouse_does(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    before = text(page, "cursor")
    press(page, "n")
    after = text(page, "cursor")
    assert after != before and "program sent" in after
    press(page, "p")
    assert text(page, "cursor") == before
    press(page, Keys.ARROW_RIGHT)
    assert text(page, "cursor") != before
    page.find_element("css selector", "#graph [role=button][aria-label^='out']").send_keys(Keys.ENTER)
    assert text(page, "raster-words").startswith("out")
    press(page, Keys.ARROW_DOWN + Keys.ENTER)
    assert page.find_elements("css selector", "#membrane path.actual")


def test_another_pair_of_rungs_is_laid_over_each_other(page: Any) -> None:
    button = next(b for b in page.find_elements("css selector", "#ladder button") if "fixed" in b.text)
    page.execute_script("arguments[0].click()", button)
    assert "0 shown cells differ" in text(page, "raster-words")
    assert page.execute_script(COLORED) == [0, 0]


def test_every_picture_and_control_says_what_it_is(page: Any) -> None:
    unnamed = """
        const text = (e) => e?.textContent.trim();
        const name = (e) => e.getAttribute("aria-label") || text(e) || text(e.closest("label"));
        return [...document.querySelectorAll("[role=img], button, select, [role=button], [role=region]")]
            .filter((e) => !name(e)).map((e) => e.outerHTML.slice(0, 80));
    """
    assert page.execute_script(unnamed) == []
    assert "40 neurons" in page.find_element("id", "raster").get_attribute("aria-label")


@pytest.mark.skipif(bool(accessibility.missing()), reason=accessibility.missing() or "there is one")
@pytest.mark.parametrize(("scheme", "width"), [("light", session.WIDTH), ("dark", session.NARROW)])
def test_no_rule_of_accessibility_is_broken_badly(page: Any, scheme: str, width: int) -> None:
    session.prefer(page, scheme)
    session.resize(page, width)
    assert accessibility.violations(page) == []


def test_it_is_dark_where_the_reader_prefers_it(page: Any) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    light, red = page.execute_script(ground), page.execute_script(COLORED)
    session.prefer(page, "dark")
    assert page.execute_script(ground) != light
    # Drawn again in the colors of the dark: the browser tells the page some time after it has changed the ground.
    session.wait_until(page, lambda shown: min(shown.execute_script(COLORED)) > 0.5 * min(red))


def test_a_phone_scrolls_in_one_direction_only(page: Any) -> None:
    session.resize(page, session.PHONE)
    assert page.execute_script("return document.documentElement.scrollWidth") <= session.PHONE
    assert page.execute_script("return document.getElementById('raster').clientWidth") > 300


def test_on_a_narrow_phone_only_what_scrolls_by_itself_is_wider_than_the_screen(page: Any) -> None:
    session.resize(page, session.NARROW)
    cut = """
        const scrolls = (e) => e && (getComputedStyle(e).overflowX === "auto" || scrolls(e.parentElement));
        const all = [...document.body.querySelectorAll("*")];
        const wide = all.filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
        return wide.filter((e) => !scrolls(e.parentElement) && getComputedStyle(e).overflowX !== "auto")
            .map((e) => e.outerHTML.slice(0, 80));
    """
    assert page.execute_script(cut) == []
    assert page.execute_script("return document.documentElement.scrollWidth") <= session.NARROW
    unreached = "(e) => e.scrollWidth > e.clientWidth && e.tabIndex < 0"  # by keys
    assert page.execute_script(f"return [...document.querySelectorAll('.scroll')].filter({unreached})") == []
