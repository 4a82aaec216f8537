"""Text from outside does nothing to a terminal or a page but show itself."""

import csv
import html
import io
import json
from collections.abc import Callable
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.document import line
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.flow import check, lower
from neurodeploy.foreign import in_cell, in_source, shown
from neurodeploy.html import html_document
from neurodeploy.network import NetworkBuilder
from neurodeploy.report.console import render, stdout
from neurodeploy.report.junit import junit_xml
from neurodeploy.stimulus import Stimulus
from neurodeploy.sweeps.result import Sweep
from neurodeploy.table import Table, csv_text

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x08\x7f\x9b31m\u202eevil\u2066\ud800\r"


def test_what_shows_nothing_is_written_out() -> None:
    assert shown("lif[in] ünï 神経 \\x") == "lif[in] ünï 神経 \\x"
    assert shown("a\x1b[2Jb\n\u202e") == "a\\x1b[2Jb\\x0a\\u202e"
    assert shown("a\nb", lines=True) == "a\nb"


@pytest.mark.parametrize(
    "text", [str(InputError(HOSTILE, HOSTILE, HOSTILE)), str(Finding("x", "error", HOSTILE, HOSTILE))]
)
def test_messages_hold_no_control_characters(text: str) -> None:
    assert all(character.isprintable() or character == "\n" for character in text)


def test_names_look_like_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("lif[in]", "[/x]", "[bold red]", "[link=http://x]y", HOSTILE)
    stdout().print(render([Table("[/t]", ("name", "[/c]"), [(name, "x") for name in names]), line(*names)]))
    told = capsys.readouterr().out
    assert all(shown(name) in told.replace("\n", "") for name in ("lif[in]", "[/x]", "[bold red]", "[/t]", "[/c]"))
    assert "\x1b]" not in told
    assert "\x1b" not in html_document([line(HOSTILE)])


TRICKY = ("a\x1b", "a\\x1b", "a\\\\x1b", "a\\\x1b", "a*", "a?\x3f", "a\n", "a\\x0a", "ä", "\\xe4", "C:\\new")

NAMES = TRICKY[:6]


@pytest.mark.parametrize("show", [shown, in_source, in_cell])
def test_different_texts_are_shown_differently(show: Callable[[str], str]) -> None:
    words = [
        "".join(letters) for count in (1, 2, 3, 4) for letters in product(("\\", "\x1b", "x1b", "é"), repeat=count)
    ]
    words += [sign + text for sign in FORMULAS for text in ("", "x", "1x", "=x")]
    assert len({show(text) for text in (*words, *TRICKY)}) == len({*words, *TRICKY})
    assert show("C:\\new") == "C:\\new"


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\t=", " =", "\uff1d", "'=", "''=", "'")


@pytest.mark.parametrize("start", FORMULAS[:-1])
def test_no_text_is_a_formula_to_a_spreadsheet_and_numbers_stay_numbers(start: str) -> None:
    text = start + 'HYPERLINK("http://x";"y")'
    row = {"target": text, "worst_layer": text, "error": text, "worst_jaccard": -0.5, "seed": "-3"}
    cells = next(csv.DictReader(io.StringIO(Sweep((row,), ("target", "seed"), 0.9).to_csv())))
    assert {cells[name] for name in ("target", "worst_layer", "error")} == {shown("'" + text)}
    assert (cells["worst_jaccard"], cells["seed"], cells["accuracy_target"]) == ("-0.5", "-3", "")
    assert (
        csv_text([text], [[-1, +2.5, None, "-1e-3", "neurodeploy -x"]]).splitlines()[1]
        == "-1,2.5,,-1e-3,neurodeploy -x"
    )


def test_nodes_of_like_names_stay_apart_wherever_they_are_named() -> None:
    """In C, in the memory report, in JUnit and on pages; a compiler takes the source."""
    build = NetworkBuilder(Terms(dt=1e-3))
    at = build.input("input", (2,))
    for name in NAMES:
        at = build.integrate(name, build.linear(f"fc {name}", at, 1.5 * np.eye(2)), 1.0)
    build.output("output", at)
    network = build.build()
    files = lower(network, "c").artifact.files
    lines = files["memory.txt"].decode().splitlines()
    assert {in_source(name) for name in NAMES} <= {line[:40].rstrip() for line in lines}
    assert len(json.loads(files["memory.json"])["nodes"]) == len(network.populations) + 1
    report = check(network, Stimulus({"input": np.ones((1, 9, 2))}), targets=["c"], causes=False)
    assert report.verdict == "agree"
    page, xml = html.unescape(report.to_html()), junit_xml(report).decode()
    ElementTree.fromstring(xml)
    assert all(shown(name) in page for name in NAMES)
