"""Text from outside does nothing to a terminal or a page but show itself."""

import pytest

from neurodeploy.document import line
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.foreign import shown
from neurodeploy.html import html_document
from neurodeploy.report.console import render, stdout
from neurodeploy.table import Table

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x08\x7f\x9b31m\u202eevil\u2066\ud800\r"


def test_what_shows_nothing_is_written_out() -> None:
    assert shown("lif[in] ünï 神経 \\x") == "lif[in] ünï 神経 \\x"
    assert shown("a\x1b[2Jb\n\u202e") == "a\\x1b[2Jb\\n\\u202e"
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
