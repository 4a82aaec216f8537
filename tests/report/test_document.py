"""Lines and tables: the same content as plain text, on a terminal and as HTML."""

from io import StringIO

from rich.console import Console

from neurodeploy.document import Span, line, plain_text, quiet
from neurodeploy.html import html_document
from neurodeploy.report.console import render
from neurodeploy.table import Table

BLOCKS = [
    line("first ", Span("good", "good"), heading=True),
    Table("", ("name", ">count"), [("a", 1), ("longer", 23)]),
    quiet("a <note>", indent=2),
    line("second", heading=True),
]
TEXT = """\
first good
name    count
a           1
longer     23
  a <note>

second"""


def test_plain_text_aligns_columns_and_parts_sections() -> None:
    assert plain_text(BLOCKS) == TEXT


def test_a_terminal_shows_the_same_words() -> None:
    out = StringIO()
    Console(file=out, width=40).print(render(BLOCKS))
    assert [text.rstrip() for text in out.getvalue().splitlines()] == TEXT.splitlines()


def test_html_escapes_the_text_and_marks_its_tone() -> None:
    html = html_document(BLOCKS)
    assert '<h3>first <span class="good">good</span></h3>' in html
    assert '<p><span class="quiet">a &lt;note&gt;</span></p>' in html
    assert '<td>longer</td><td class="r">23</td>' in html
